"""What comes in on the bus: accepted and written down, or refused in the field's own words."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.world import PRODUCT_URL, SHOPPER, World
from tryon_worker.clock import DAY, iso
from tryon_worker.incoming import MAX_DETAIL_BYTES, Incoming
from tryon_worker.store.entry import State
from tryon_worker.usecases.show_to import MOST_SHOPPERS
from tryon_worker.wishes import MAX_ITEMS

TEE = {"externalId": "tee-1"}
UPSERTED = {"externalId": "tee-1", "updatedAt": "2026-01-01T00:00:00Z"}
NOT_OURS = {"bucket": "not-ours", "key": "tee.png"}


def pictured(*images: dict[str, Any]) -> dict[str, Any]:
    return {"product": {"images": list(images)}}


def order(*products: str, **changes: Any) -> dict[str, Any]:
    items = [{"productExternalId": product} for product in products]
    return {"orderId": "o-1", "externalUserId": SHOPPER, "items": items, **changes}


def refusals(world: World) -> list[tuple[str, str]]:
    return [(said["reason"], said["field"]) for said in world.events("RequestRefused")]


def messages(world: World) -> list[str]:
    return [body["tryOnId"] for body in world.messages("tryon")]


# --- refused in the field's words

WRONG_WISHES: list[tuple[str, dict[str, Any]]] = [
    ("externalUserId", {"externalUserId": "guest"}),
    ("externalUserId", {"externalUserId": None}),
    ("externalUserId", {"externalUserId": 7}),
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
    event = world.event("TryOnRequested", world.wish(**change))
    world.wiring.take_in(event)
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
    world.wiring.take_in(world.event(detail_type, detail, source="tryon.operator"))
    (said,) = world.events()
    assert (said["type"], said["field"]) == ("RequestRefused", field)
    assert world.rows() == []


def test_a_review_from_a_source_that_is_not_trusted_is_refused(world: World) -> None:
    world.wiring.take_in(world.event("TryOnReviewed", {"tryOnId": "t", "action": "close"}))
    assert refusals(world) == [("SOURCE_NOT_TRUSTED", "source")]


# --- tryOnId: the same wish is the same try-on


def test_a_request_delivered_again_is_the_same_try_on(world: World) -> None:
    try_on_id = world.accepted()
    assert messages(world) == [try_on_id]
    changed = world.wish(
        context={"cart": 2}, product={"externalId": "tee-1", "title": "Another title"}
    )
    world.wiring.take_in(world.event("TryOnRequested", changed))
    assert world.try_on_ids() == [try_on_id]
    assert refusals(world) == []
    # Its first delivery might have died before its message.
    assert messages(world) == [try_on_id]


def test_a_repeat_of_what_is_under_way_asks_for_no_step(world: World) -> None:
    world.ready_photo()
    world.accepted()
    world.run()
    world.wiring.take_in(world.event("TryOnRequested", world.wish()))
    assert messages(world) == []


@pytest.mark.parametrize(
    "change",
    [
        {"product": {"externalId": "tee-2"}},
        {"product": {"images": [{"url": PRODUCT_URL}]}},
        {"photo": {"imageId": "another"}},
        {"output": {"watermark": False}},
        {"output": {"keepForDays": 1}},
    ],
    ids=str,
)
def test_the_same_request_with_another_payload_is_refused(
    world: World, change: dict[str, Any]
) -> None:
    world.accepted()
    world.wiring.take_in(world.event("TryOnRequested", world.wish(**change)))
    assert refusals(world) == [("CONFLICTING_REPEAT", "requestId")]
    assert len(world.try_on_ids()) == 1


@pytest.mark.parametrize(
    "change", [{"photo": None}, {"output": {}}, {"output": {"watermark": None}}]
)
def test_saying_nothing_is_no_other_payload(world: World, change: dict[str, Any]) -> None:
    world.accepted()
    detail = {**world.wish(), **change}
    world.wiring.take_in(world.event("TryOnRequested", detail))
    assert refusals(world) == []


def test_a_product_without_an_id_is_known_by_its_pictures(world: World) -> None:
    pictures = [{"url": PRODUCT_URL}]
    world.accepted(product={"title": "Tee", "images": pictures})
    for title, images in (("Shirt", pictures), ("Tee", [{"url": f"{PRODUCT_URL}?v=2"}])):
        detail = world.wish(product={"title": title, "images": images})
        world.wiring.take_in(world.event("TryOnRequested", detail))
    assert refusals(world) == [("CONFLICTING_REPEAT", "requestId")]


def test_the_same_request_id_of_another_shopper_is_another_wish(world: World) -> None:
    first = world.accepted()
    assert world.accepted(externalUserId="shopper-8") != first


def test_an_event_without_a_request_id_is_a_wish_of_its_own(world: World) -> None:
    for event_id in ("e-1", "e-2", "e-1"):
        world.wiring.take_in(world.event("TryOnRequested", world.wish(requestId=None), id=event_id))
    assert len(world.try_on_ids()) == 2


def test_an_order_is_a_try_on_an_item_and_a_reorder_is_new(world: World) -> None:
    detail = order("tee-1", "hat-1", "tee-1")
    detail["items"][2]["variantId"] = "blue"
    for _ in range(2):
        world.wiring.take_in(world.event("OrderPlaced", detail))
    assert len(world.try_on_ids()) == 3
    world.wiring.take_in(world.event("OrderPlaced", {**detail, "orderId": "o-2"}))
    assert len(world.try_on_ids()) == 6
    assert refusals(world) == []


@pytest.mark.parametrize(("items", "bulk"), [(10, False), (11, True)])
def test_a_large_order_is_bulk(world: World, items: int, bulk: bool) -> None:
    world.wiring.take_in(world.event("OrderPlaced", order(*(f"p{n}" for n in range(items)))))
    assert {world.entry(one).bulk for one in world.try_on_ids()} == {bulk}


def test_the_four_forms_never_meet(world: World) -> None:
    """Shopper, order and request ids are the shop's own and may well be equal."""
    moment = iso(world.clock.now())
    world.wiring.take_in(world.event("TryOnRequested", world.wish("x", externalUserId="x")))
    world.wiring.take_in(world.event("OrderPlaced", order("x", externalUserId="x", orderId="x")))
    upserted = {"externalId": "x", "updatedAt": moment, "tryOnFor": ["x"]}
    world.wiring.take_in(world.event("ProductUpserted", upserted))
    no_id = world.wish(requestId=None, externalUserId="x")
    world.wiring.take_in(world.event("TryOnRequested", no_id, id="x"))
    assert len(set(world.try_on_ids())) == 4


# --- an order of which not all can be had


def test_one_refused_line_takes_no_other_with_it(world: World) -> None:
    detail = order("tee-1", "hat-1", "sock-1")
    detail["items"][1]["images"] = [{"s3": {"bucket": "not-ours", "key": "hat.png"}}]
    world.wiring.take_in(world.event("OrderPlaced", detail))
    assert len(world.try_on_ids()) == 2
    assert len(messages(world)) == 2
    assert refusals(world) == [("BUCKET_NOT_ALLOWED", "items.1.images.0.s3.bucket")]


def test_an_order_that_was_cut_short_is_finished_by_its_repeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = world.new_process()
    writes = iter([dying.table.transact, dying.table.transact])

    def transact(given: Any) -> None:
        next(writes)(given)

    monkeypatch.setattr(dying.table, "transact", transact)
    event = world.event("OrderPlaced", order("tee-1", "hat-1", "sock-1"))
    with pytest.raises(StopIteration):
        dying.take_in(event)
    assert messages(world) == []
    world.wiring.take_in(event)
    assert sorted(messages(world)) == sorted(world.try_on_ids())
    assert len(world.try_on_ids()) == 3


def test_an_order_of_an_erased_shopper_is_refused_once(world: World) -> None:
    event = world.event("OrderPlaced", order("tee-1", "hat-1"))
    world.wiring.erase(SHOPPER, "forget-me")
    world.events()
    world.wiring.take_in(event)
    assert refusals(world) == [("CUSTOMER_ERASED", "externalUserId")]
    assert world.try_on_ids() == []


def test_of_many_shoppers_the_erased_one_alone_is_refused(world: World) -> None:
    detail = {
        "externalId": "tee-1",
        "updatedAt": iso(world.clock.now()),
        "tryOnFor": ["shopper-1", SHOPPER, "shopper-2"],
    }
    event = world.event("ProductUpserted", detail)
    world.wiring.erase(SHOPPER, "forget-me")
    world.events()
    world.wiring.take_in(event)
    assert refusals(world) == [("CUSTOMER_ERASED", "tryOnFor.1")]
    assert len(world.try_on_ids()) == 2


def test_the_largest_order_is_taken_whole(world: World) -> None:
    products = [f"p{number}" for number in range(MAX_ITEMS)]
    event = world.event("OrderPlaced", order(*products))
    world.wiring.take_in(event)
    assert len(world.try_on_ids()) == MAX_ITEMS


# --- time


def test_a_wish_of_thirty_days_ago_is_taken_and_an_older_one_refused(world: World) -> None:
    event = world.event("TryOnRequested", world.wish())
    world.wiring.take_in(replace(event, time=event.time - 30 * DAY - 1))
    assert refusals(world) == [("TOO_OLD", "time")]
    world.wiring.take_in(replace(event, time=event.time - 30 * DAY))
    assert len(world.try_on_ids()) == 1


def test_an_old_order_is_refused_once_not_line_by_line(world: World) -> None:
    event = world.event("OrderPlaced", order("tee-1", "hat-1"))
    world.wiring.take_in(replace(event, time=event.time - 31 * DAY))
    assert refusals(world) == [("TOO_OLD", "time")]


def test_an_event_of_the_future_counts_as_of_now(world: World) -> None:
    """Its producer sets its time; else it would pass every tombstone to come."""
    event = world.event("TryOnRequested", world.wish())
    world.wiring.take_in(replace(event, time=event.time + 365 * DAY))
    (try_on_id,) = world.try_on_ids()
    assert world.entry(try_on_id).wished_at == int(world.clock.now())


# --- whatever comes

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
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_is_accepted_or_refused_by_a_field(
    world: World, asked: tuple[str, dict[str, Any]]
) -> None:
    detail_type, detail = asked
    before = len(world.try_on_ids())
    world.clock.advance(1)
    event = world.event(detail_type, detail, source="tryon.operator")
    world.wiring.take_in(event)
    refused = world.events("RequestRefused")
    assert all(said["field"] and said["eventId"] == event.id for said in refused)
    if detail_type in ("TryOnRequested", "OrderPlaced"):
        known = {row["tryOnId"] for row in world.rows() if row["sk"] == "LEDGER"}
        assert refused or set(messages(world)) <= known
        assert refused or len(known) >= before


def test_a_message_straight_on_the_queue_is_taken_as_the_event(world: World) -> None:
    message = world.message(world.wish("r-9"))
    world.wiring.take_in(Incoming.straight(message, "TryOnRequested"))
    (try_on_id,) = world.try_on_ids()
    assert world.entry(try_on_id).state is State.ACCEPTED
