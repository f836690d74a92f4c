"""What comes in on the bus: accepted and written down, or refused in the field's own words."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.intake import messages, order, refusal_publisher
from tests.support.world import PRODUCT_URL, SHOPPER, World
from tryon_worker.clock import DAY
from tryon_worker.events.envelope import MAX_DETAIL_BYTES, InboundEvent
from tryon_worker.events.schemas import MAX_ITEMS
from tryon_worker.tryons.fan_out import MOST_SHOPPERS
from tryon_worker.tryons.model import State

TEE = {"externalId": "tee-1"}
UPSERTED = {"externalId": "tee-1", "updatedAt": "2026-01-01T00:00:00Z"}
NOT_OURS = {"bucket": "not-ours", "key": "tee.png"}


def pictured(*images: dict[str, Any]) -> dict[str, Any]:
    return {"product": {"images": list(images)}}


WRONG_WISHES: list[tuple[str, dict[str, Any]]] = [
    ("externalUserId", {"externalUserId": "guest"}),
    ("externalUserId", {"externalUserId": None}),
    ("externalUserId", {"externalUserId": 7.5}),
    ("externalUserId", {"externalUserId": "gid://shopify/Product/7"}),
    ("requestId", {"requestId": ""}),
    ("requestId", {"requestId": ["r"]}),
    ("product", {"product": None}),
    ("product", {"product": {}}),
    ("product", {"product": {"title": "Tee", "images": []}}),
    ("product.externalId", {"product": {"externalId": "_anon_1"}}),
    ("product.externalId", {"product": {"externalId": ""}}),
    ("product.externalId", {"product": {"externalId": "x" * 257}}),
    ("product.validForDays", {"product": {**TEE, "validForDays": 0}}),
    ("product.validForDays", {"product": {**TEE, "validForDays": 366}}),
    ("product.images.0", {"product": {"images": [{}]}}),
    ("product.images.0", {"product": {"images": [{"url": PRODUCT_URL, "s3": NOT_OURS}]}}),
    ("product.images.1.url", pictured({"url": PRODUCT_URL}, {"url": "http://a.example"})),
    ("product.images.0.url", pictured({"url": f"https://a.example/{'x' * 2048}"})),
    ("product.images.0.s3.key", pictured({"s3": {"bucket": "abc"}})),
    ("product.images.0.s3.bucket", pictured({"s3": NOT_OURS})),
    ("product.metadata", {"product": {**TEE, "metadata": "red"}}),
    ("photo", {"photo": {}}),
    ("photo", {"photo": {"key": f"photos/{SHOPPER}/a", "imageId": "i"}}),
    ("photo.url", {"photo": {"url": "https://10.0.0.1/me.jpg"}}),
    ("photo.key", {"photo": {"key": "photos/somebody-else/a.jpg"}}),
    ("photo.key", {"photo": {"key": f"photos/{SHOPPER}"}}),
    ("photo.key", {"photo": {"key": f"photos/{SHOPPER}8/a.jpg"}}),
    ("output.keepForDays", {"output": {"keepForDays": 2}}),
    ("output.watermark", {"output": {"watermark": "no"}}),
    ("context", {"context": "x" * 65_536}),
    ("detail", {"context": {"note": "\ud800"}}),
    ("detail", {"context": float("nan")}),
    ("detail", {"product": {**TEE, "description": "x" * MAX_DETAIL_BYTES}}),
]


@pytest.mark.parametrize(("field", "change"), WRONG_WISHES, ids=lambda value: str(value)[:60])
def test_a_wish_with_a_wrong_field_is_refused_by_its_name(
    world: World, field: str, change: dict[str, Any]
) -> None:
    event = world.event("TryOnRequested", world.request(**change))
    world.container.route_event(event)
    (said,) = world.events()
    assert (said["type"], said["field"]) == ("RequestRefused", field)
    assert (said["eventId"], said["eventType"]) == (event.id, "TryOnRequested")
    assert said["message"]
    assert SHOPPER not in str(said)
    assert messages(world) == []
    assert world.rows() == []


WRONG_EVENTS: list[tuple[str, str, dict[str, Any]]] = [
    ("OrderPlaced", "items", order()),
    ("OrderPlaced", "items", order(*(f"p{n}" for n in range(MAX_ITEMS + 1)))),
    ("OrderPlaced", "orderId", order("tee-1", orderId="")),
    ("OrderPlaced", "items.0.productExternalId", order("_anon_1")),
    ("OrderPlaced", "externalUserId", order("tee-1", externalUserId="anonymous")),
    ("ProductUpserted", "updatedAt", {"externalId": "tee-1"}),
    ("ProductUpserted", "updatedAt", {"externalId": "tee-1", "updatedAt": "yesterday"}),
    ("ProductUpserted", "updatedAt", {"externalId": "tee-1", "updatedAt": "2026-01-01T00:00:00"}),
    ("ProductUpserted", "updatedAt", {"externalId": "tee-1", "updatedAt": "2999-01-01T00:00:00Z"}),
    ("ProductUpserted", "tryOnFor", {**UPSERTED, "tryOnFor": "a"}),
    ("ProductUpserted", "tryOnFor", {**UPSERTED, "tryOnFor": ["a"] * (MOST_SHOPPERS + 1)}),
    ("ProductUpserted", "images.0.s3.bucket", {**UPSERTED, "images": [{"s3": NOT_OURS}]}),
    ("ProductDeleted", "externalId", {}),
    ("TryOnReviewed", "action", {"tryOnId": "t", "action": "approve"}),
    ("ShopOpened", "detail-type", {}),
    ("DataReported", "detail-type", {}),
]


@pytest.mark.parametrize(("detail_type", "field", "detail"), WRONG_EVENTS)
def test_any_other_event_too(
    world: World, detail_type: str, field: str, detail: dict[str, Any]
) -> None:
    world.container.route_event(world.event(detail_type, detail, source="tryon.operator"))
    (said,) = world.events()
    assert (said["type"], said["field"]) == ("RequestRefused", field)
    assert world.rows() == []


def test_a_review_from_a_source_that_is_not_trusted_is_refused(world: World) -> None:
    world.container.route_event(world.event("TryOnReviewed", {"tryOnId": "t", "action": "close"}))
    assert refusal_publisher(world) == [("SOURCE_NOT_TRUSTED", "source")]


@pytest.mark.promise("Rows that hold no names", "requests-over-30-days-are-refused")
def test_a_wish_of_thirty_days_ago_is_taken_and_an_older_one_refused(world: World) -> None:
    event = world.event("TryOnRequested", world.request())
    world.container.route_event(replace(event, time=event.time - 30 * DAY - 1))
    assert refusal_publisher(world) == [("TOO_OLD", "time")]
    world.container.route_event(replace(event, time=event.time - 30 * DAY))
    assert len(world.try_on_ids()) == 1


def test_an_old_order_is_refused_once_not_line_by_line(world: World) -> None:
    event = world.event("OrderPlaced", order("tee-1", "hat-1"))
    world.container.route_event(replace(event, time=event.time - 31 * DAY))
    assert refusal_publisher(world) == [("TOO_OLD", "time")]


def test_an_event_of_the_future_counts_as_of_now(world: World) -> None:
    """Its producer sets its time; else it would pass every tombstone to come."""
    event = world.event("TryOnRequested", world.request())
    world.container.route_event(replace(event, time=event.time + 365 * DAY))
    (try_on_id,) = world.try_on_ids()
    assert world.try_on(try_on_id).requested_at == int(world.clock.now())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = {
    "TryOnRequested": ["externalUserId", "requestId", "product", "photo", "output", "context"],
    "OrderPlaced": ["externalUserId", "orderId", "items", "context"],
    "ProductUpserted": ["externalId", "title", "images", "validForDays", "updatedAt", "tryOnFor"],
    "ProductDeleted": ["externalId"],
    "TryOnReviewed": ["tryOnId", "action", "generationId"],
}
SOUND = {
    "TryOnRequested": {"externalUserId": "s-1", "product": TEE},
    "OrderPlaced": order("tee-1"),
    "ProductUpserted": UPSERTED,
    "ProductDeleted": {"externalId": "tee-1"},
    "TryOnReviewed": {"tryOnId": "t", "action": "close"},
}


@st.composite
def details(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    detail_type = draw(st.sampled_from(sorted(FIELDS)))
    wrong = draw(st.dictionaries(st.sampled_from(FIELDS[detail_type]), JSON, max_size=3))
    return detail_type, {**SOUND[detail_type], **wrong}


@given(asked=details())
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_comes_is_accepted_or_refused_by_a_field(
    world: World, asked: tuple[str, dict[str, Any]]
) -> None:
    detail_type, detail = asked
    before = len(world.try_on_ids())
    world.clock.advance(1)
    event = world.event(detail_type, detail, source="tryon.operator")
    world.container.route_event(event)
    refused = world.events("RequestRefused")
    assert all(said["field"] and said["eventId"] == event.id for said in refused)
    if detail_type in ("TryOnRequested", "OrderPlaced"):
        known = {row["tryOnId"] for row in world.rows() if row["sk"] == "LEDGER"}
        assert refused or set(messages(world)) <= known
        assert refused or len(known) >= before


def test_a_message_straight_on_the_queue_is_taken_as_the_event(world: World) -> None:
    message = world.message(world.request("r-9"))
    world.container.route_event(InboundEvent.direct(message, "TryOnRequested"))
    (try_on_id,) = world.try_on_ids()
    assert world.try_on(try_on_id).state is State.ACCEPTED
