"""What is not as it should be is refused: by the schemas, and by the code that reads events."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from pydantic import ValidationError

from tests.events.catalogue import complaints, sample, samples, schema_name
from tryon_worker.events import schemas
from tryon_worker.events.envelope import InvalidEvent, parse
from tryon_worker.events.fields import Model
from tryon_worker.identity import _SHARED_IDS

MODELS: dict[str, type[Model]] = {
    "TryOnRequested": schemas.TryOnRequested,
    "OrderPlaced": schemas.OrderPlaced,
    "ProductUpserted": schemas.ProductUpserted,
    "ProductDeleted": schemas.ProductDeleted,
    "ErasureRequested": schemas.ErasureRequested,
    "TryOnReviewed": schemas.TryOnReviewed,
}


class _Gone(Enum):
    """No field at all. Its name is the same in each process: tests are told apart by it."""

    GONE = "gone"


GONE = _Gone.GONE
Change = tuple[str, str, object]

# (sample, where in the detail, what is put there)
WRONG_DETAILS: list[Change] = [
    ("incoming/TryOnRequested", "externalUserId", GONE),
    ("incoming/TryOnRequested", "externalUserId", ""),
    ("incoming/TryOnRequested", "externalUserId", "  "),
    ("incoming/TryOnRequested", "externalUserId", " padded"),
    ("incoming/TryOnRequested", "externalUserId", "guest"),
    ("incoming/TryOnRequested", "externalUserId", 7.5),
    ("incoming/TryOnRequested", "externalUserId", "x" * 257),
    ("incoming/TryOnRequested", "product", GONE),
    ("incoming/TryOnRequested", "product", {}),
    ("incoming/TryOnRequested", "product", {"images": []}),
    ("incoming/TryOnRequested", "product.externalId", "_anon_1"),
    ("incoming/TryOnRequested", "product.validForDays", 0),
    ("incoming/TryOnRequested", "product.validForDays", 366),
    ("incoming/TryOnRequested", "product.images.0", {}),
    ("incoming/TryOnRequested", "product.images.0.url", "http://cdn.shop.example/a.jpg"),
    ("incoming/TryOnRequested", "product.images.0.url", "https://127.0.0.1/a.jpg"),
    ("incoming/TryOnRequested", "product.images.0.url", "https://user:word@cdn.shop.example/a.jpg"),
    ("incoming/TryOnRequested", "product.images.0.s3", {"bucket": "also", "key": "k"}),
    ("incoming/TryOnRequested", "product.images.1.s3.key", ""),
    ("incoming/TryOnRequested", "photo", {}),
    ("incoming/TryOnRequested", "photo.imageId", "two at once"),
    ("incoming/TryOnRequested", "output.keepForDays", 2),
    ("incoming/TryOnRequested", "output.keepForDays", 30),
    ("incoming/OrderPlaced", "orderId", GONE),
    ("incoming/OrderPlaced", "items", []),
    ("incoming/OrderPlaced", "items.0.productExternalId", GONE),
    ("incoming/OrderPlaced", "externalUserId", "anonymous"),
    ("incoming/ProductUpserted", "externalId", GONE),
    ("incoming/ProductUpserted", "updatedAt", GONE),
    ("incoming/ProductDeleted", "externalId", ""),
    ("incoming/ErasureRequested", "externalUserId", "guest"),
    ("incoming/TryOnReviewed", "action", "approve"),
    ("incoming/TryOnReviewed", "generationId", GONE),
    ("incoming/TryOnReviewed", "action", "retry"),  # with a generationId
    *(("incoming/TryOnRequested", "externalUserId", word) for word in sorted(_SHARED_IDS)),
]
WRONG_ELSEWHERE: list[Change] = [
    ("incoming/ProductUpserted", "tryOnFor.1", "guest"),  # the code refuses that one alone
    ("incoming/ProductUpserted", "updatedAt", "yesterday"),
    ("incoming/ProductUpserted", "updatedAt", "2026-06-01T09:30:00"),
    ("incoming/DataRequested", "externalUserId", GONE),
    ("incoming/shopifyWebhook.customers-redact", "metadata.X-Shopify-Topic", "orders/create"),
    ("incoming/shopifyWebhook.customers-redact", "payload.customer", GONE),
    ("incoming/shopifyWebhook.customers-redact", "payload.customer.id", None),
    ("incoming/shopifyWebhook.customers-data-request", "payload.customer.id", "guest"),
    ("incoming/shopifyWebhook.shop-redact", "payload.shop_domain", GONE),
    ("incoming/TryOnReviewed", "tryOnId", "drawn-at-random"),
    ("incoming/ObjectCreated", "object.size", GONE),
    ("incoming/ObjectCreated", "object.sequencer", GONE),
    ("incoming/ExecutionEnded", "status", "SUCCEEDED"),
    ("outgoing/PhotoReady", "expiresAt", "tomorrow"),
    ("outgoing/TryOnSubmitted", "generationId", GONE),
    ("outgoing/TryOnCompleted", "result", GONE),
    ("outgoing/TryOnCompleted", "result.url", "https://storage.example/signed"),
    ("outgoing/TryOnCompleted", "result.contentType", "text/html"),
    ("outgoing/TryOnCompleted", "result.bytes", 0),
    ("outgoing/TryOnCompleted", "schemaVersion", 2),
    ("outgoing/TryOnCompleted", "occurredAt", GONE),
    ("outgoing/TryOnFailed", "reason", "BAD_LUCK"),
    ("outgoing/TryOnFailed.erased", "externalUserId", "cust_8f14e45f"),
    ("outgoing/TryOnFailed.erased", "context", {"note": "of somebody erased"}),
    ("outgoing/TryOnNeedsReview", "reason", GONE),
    ("outgoing/PhotoRejected", "reason", "UGLY"),
    ("outgoing/RequestRefused", "reason", "cust_8f14e45f sent nonsense"),
    ("outgoing/RequestRefused", "reason", "BAD_LUCK"),
    ("outgoing/RequestRefused", "eventId", GONE),
    ("outgoing/CreditsLow", "creditBalance", -1),
    ("outgoing/SpendCapReached", "cap", "none"),
    ("outgoing/CustomerErased", "shopperHash", "cust_8f14e45f"),
    ("outgoing/CustomerErased", "externalUserId", "cust_8f14e45f"),
    ("outgoing/DataReported", "held", {}),
    ("outgoing/DataReported", "report", GONE),
    ("outgoing/DataReported", "report.key", "results/cust_8f14e45f/reports/r.json"),
    ("outgoing/ShopErased", "shoppers", -1),
]
RIGHT: list[Change] = [
    ("incoming/TryOnRequested", "product.validForDays", None),  # for ever
    ("incoming/TryOnRequested", "orderId", "1001"),
    ("incoming/TryOnRequested", "externalUserId", 42),
    ("incoming/TryOnRequested", "requestId", 2**53 + 1),
    ("incoming/TryOnRequested", "product.images.0", "https://cdn.shop.example/a.jpg"),
    ("incoming/TryOnRequested", "product.images.0", "//cdn.shop.example/a.jpg"),
    ("incoming/TryOnRequested", "product.images.0.url", "//cdn.shop.example/a.jpg"),
    (
        "incoming/TryOnRequested",
        "product.images.0",
        {"source": {"url": "https://cdn.shop.example/a.jpg"}, "classifications": {"view": "front"}},
    ),
    (
        "incoming/TryOnRequested",
        "product.images.0",
        {"source": {"s3": {"bucket": "abc", "key": "tee.png"}}},
    ),
    ("incoming/OrderPlaced", "orderId", 1001),
    ("incoming/OrderPlaced", "items.0.productExternalId", 1001),
    ("incoming/ProductUpserted", "externalId", 1001),
    ("incoming/ErasureRequested", "externalUserId", 42),
    ("incoming/TryOnRequested", "ourOwn", {"what": "is not known is let be"}),
]
ENVELOPES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("incoming/OrderPlaced", lambda event: event.update(source="tryon.worker")),
    ("incoming/OrderPlaced", lambda event: event.pop("id")),
    ("outgoing/TryOnCompleted", lambda event: event.update(source="shop.storefront")),
    ("outgoing/TryOnCompleted", lambda event: event.update({"detail-type": "TryOnFailed"})),
]


def _change(detail: Any, path: str, value: object) -> None:
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in way:
        detail = detail[step]
    if value is GONE:
        del detail[last]
    else:
        detail[last] = value


def _changed(change: Change) -> dict[str, Any]:
    name, path, value = change
    event: dict[str, Any] = sample(name)
    _change(event["detail"], path, value)
    return event


@pytest.mark.parametrize("change", [*WRONG_DETAILS, *WRONG_ELSEWHERE], ids=str)
def test_the_schema_refuses(change: Change) -> None:
    assert complaints(schema_name(change[0]), _changed(change))


@pytest.mark.parametrize("change", WRONG_DETAILS, ids=str)
def test_the_code_refuses_the_same(change: Change) -> None:
    with pytest.raises(ValidationError):
        MODELS[schema_name(change[0])].model_validate(_changed(change)["detail"])


@pytest.mark.parametrize("change", RIGHT, ids=str)
def test_schema_and_code_take(change: Change) -> None:
    event = _changed(change)
    assert complaints(schema_name(change[0]), event) == []
    parse(MODELS[schema_name(change[0])], event["detail"])


@pytest.mark.parametrize("change", WRONG_DETAILS, ids=str)
def test_it_says_what_is_wrong_in_words_of_json(change: Change) -> None:
    with pytest.raises(InvalidEvent) as refused:
        parse(MODELS[schema_name(change[0])], _changed(change)["detail"])
    assert refused.value.field != "detail" or "generationId" in str(refused.value)
    assert re.match(r"(generationId )?(is|must|stands|begins|holds) ", str(refused.value))


@pytest.mark.parametrize(
    ("detail", "field", "message"),
    [
        ({}, "externalUserId", "is missing"),
        ({"externalUserId": 4.2}, "externalUserId", "must be text or a whole number"),
        ({"product": None}, "product", "must be an object"),
        ({"product": "tee-1"}, "product", "must be an object"),
        ({"product": {"images": "https://a.example/b"}}, "product.images", "must be a list"),
        (
            {"product": {"images": [7]}},
            "product.images.0",
            "must be a link, or an object with url or s3",
        ),
        ({"product": {"images": ["b"]}}, "product.images.0.url", "must be an https:// link"),
        (
            {"product": {"externalId": "gid://shopify/ProductVariant/1"}},
            "product.externalId",
            "must be the number, or a gid as gid://shopify/Product/1",
        ),
        ({"product": {"externalId": "a" * 257}}, "product.externalId", "is too long: the most "),
        ({"requestId": ""}, "requestId", "is too short: the least is 1"),
        ({"output": {"watermark": "no"}}, "output.watermark", "must be true or false"),
        ({"output": {"keepForDays": "3"}}, "output.keepForDays", "must be a whole number"),
        ({"output": {"keepForDays": 2}}, "output.keepForDays", "must be 1, 3 or 7"),
        ({"orderId": True}, "orderId", "must be text or a whole number"),
    ],
)
def test_a_mistake_is_named(detail: dict[str, Any], field: str, message: str) -> None:
    sound = {"externalUserId": "s-1", "product": {"externalId": "tee-1"}} if detail else {}
    with pytest.raises(InvalidEvent, match=f"^{message}") as refused:
        parse(schemas.TryOnRequested, {**sound, **detail})
    assert refused.value.field == field


def test_the_codes_own_names_are_none_of_an_event() -> None:
    with pytest.raises(InvalidEvent, match="is missing"):
        parse(schemas.ErasureRequested, {"external_user_id": "s-1"})


@pytest.mark.parametrize("name", [n for n in samples("incoming") if schema_name(n) in MODELS])
def test_the_code_takes_each_sample(name: str) -> None:
    MODELS[schema_name(name)].model_validate(sample(name)["detail"])


@pytest.mark.parametrize(("name", "spoil"), ENVELOPES)
def test_the_envelope_matters(name: str, spoil: Callable[[dict[str, Any]], object]) -> None:
    event = sample(name)
    spoil(event)
    assert complaints(schema_name(name), event)


def test_a_message_without_an_event_needs_a_request_id() -> None:
    message = sample("incoming/TryOnMessage")
    del message["requestId"]
    assert complaints("TryOnMessage", message)
