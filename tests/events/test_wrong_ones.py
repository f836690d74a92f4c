"""What is not as it should be is refused: by the schemas, and by the code that reads events."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from tryon_worker import wishes

from tests.events.catalogue import complaints, sample, samples, schema_name

MODELS: dict[str, type[BaseModel]] = {
    "TryOnRequested": wishes.TryOnRequested,
    "OrderPlaced": wishes.OrderPlaced,
    "ProductUpserted": wishes.ProductUpserted,
    "ProductDeleted": wishes.ProductDeleted,
    "ErasureRequested": wishes.ErasureRequested,
}
GONE = object()
Change = tuple[str, str, object]

# (sample, where in the detail, what is put there)
WRONG_DETAILS: list[Change] = [
    ("in/TryOnRequested", "externalUserId", GONE),
    ("in/TryOnRequested", "externalUserId", ""),
    ("in/TryOnRequested", "externalUserId", "  "),
    ("in/TryOnRequested", "externalUserId", " padded"),
    ("in/TryOnRequested", "externalUserId", "guest"),
    ("in/TryOnRequested", "externalUserId", 7),
    ("in/TryOnRequested", "externalUserId", "x" * 257),
    ("in/TryOnRequested", "product", GONE),
    ("in/TryOnRequested", "product", {}),
    ("in/TryOnRequested", "product", {"images": []}),
    ("in/TryOnRequested", "product.externalId", "_anon_1"),
    ("in/TryOnRequested", "product.validForDays", 0),
    ("in/TryOnRequested", "product.validForDays", 366),
    ("in/TryOnRequested", "product.images.0", {}),
    ("in/TryOnRequested", "product.images.0.url", "http://cdn.shop.example/a.jpg"),
    ("in/TryOnRequested", "product.images.0.url", "https://127.0.0.1/a.jpg"),
    ("in/TryOnRequested", "product.images.0.url", "https://user:word@cdn.shop.example/a.jpg"),
    ("in/TryOnRequested", "product.images.0.s3", {"bucket": "also", "key": "k"}),
    ("in/TryOnRequested", "product.images.1.s3.key", ""),
    ("in/TryOnRequested", "photo", {}),
    ("in/TryOnRequested", "photo.imageId", "two at once"),
    ("in/TryOnRequested", "output.keepForDays", 2),
    ("in/TryOnRequested", "output.keepForDays", 30),
    ("in/OrderPlaced", "orderId", GONE),
    ("in/OrderPlaced", "items", []),
    ("in/OrderPlaced", "items.0.productExternalId", GONE),
    ("in/OrderPlaced", "externalUserId", "anonymous"),
    ("in/ProductUpserted", "externalId", GONE),
    ("in/ProductUpserted", "updatedAt", GONE),
    ("in/ProductUpserted", "tryOnFor.1", "guest"),
    ("in/ProductDeleted", "externalId", ""),
    ("in/ErasureRequested", "externalUserId", "guest"),
]
WRONG_ELSEWHERE: list[Change] = [
    ("in/DataRequested", "externalUserId", GONE),
    ("in/TryOnReviewed", "action", "approve"),
    ("in/TryOnReviewed", "generationId", GONE),
    ("in/TryOnReviewed", "tryOnId", "drawn-at-random"),
    ("in/ObjectCreated", "object.key", "elsewhere/mirror.jpg"),
    ("in/ObjectCreated", "object.sequencer", GONE),
    ("in/ExecutionEnded", "status", "SUCCEEDED"),
    ("out/PhotoReady", "expiresAt", "tomorrow"),
    ("out/TryOnSubmitted", "generationId", GONE),
    ("out/TryOnCompleted", "result", GONE),
    ("out/TryOnCompleted", "result.url", "https://storage.example/signed"),
    ("out/TryOnCompleted", "result.contentType", "text/html"),
    ("out/TryOnCompleted", "result.bytes", 0),
    ("out/TryOnCompleted", "schemaVersion", 2),
    ("out/TryOnCompleted", "occurredAt", GONE),
    ("out/TryOnFailed", "reason", "BAD_LUCK"),
    ("out/TryOnFailed.erased", "externalUserId", "cust_8f14e45f"),
    ("out/TryOnFailed.erased", "context", {"note": "of somebody erased"}),
    ("out/TryOnNeedsReview", "reason", GONE),
    ("out/RequestRefused", "eventId", GONE),
    ("out/CreditsLow", "creditBalance", -1),
    ("out/SpendCapReached", "cap", "none"),
    ("out/CustomerErased", "shopperKey", "cust_8f14e45f"),
    ("out/CustomerErased", "externalUserId", "cust_8f14e45f"),
    ("out/DataReported", "counts", {}),
]
ENVELOPES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("in/OrderPlaced", lambda event: event.update(source="tryon.worker")),
    ("in/OrderPlaced", lambda event: event.pop("id")),
    ("out/TryOnCompleted", lambda event: event.update(source="shop.storefront")),
    ("out/TryOnCompleted", lambda event: event.update({"detail-type": "TryOnFailed"})),
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


@pytest.mark.parametrize("name", [n for n in samples("in") if schema_name(n) in MODELS])
def test_the_code_takes_each_sample(name: str) -> None:
    MODELS[schema_name(name)].model_validate(sample(name)["detail"])


@pytest.mark.parametrize(("name", "spoil"), ENVELOPES)
def test_the_envelope_matters(name: str, spoil: Callable[[dict[str, Any]], object]) -> None:
    event = sample(name)
    spoil(event)
    assert complaints(schema_name(name), event)


def test_a_message_without_an_event_needs_a_request_id() -> None:
    message = sample("in/TryOnMessage")
    del message["requestId"]
    assert complaints("TryOnMessage", message)
