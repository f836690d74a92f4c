"""The same request is the same try-on, and another one never is."""

from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.support.intake import messages, order, refusal_publisher
from tests.support.submitting import SMALL_PHOTO
from tests.support.world import PRODUCT_URL, SHOPPER, World
from tryon_worker.aws.table import delete
from tryon_worker.clock import DAY, iso


@pytest.mark.promise("P1", "repeated-request-is-one-try-on")
def test_a_request_delivered_again_is_the_same_try_on(world: World) -> None:
    try_on_id = world.accepted()
    assert messages(world) == [try_on_id]
    changed = world.request(
        context={"cart": 2}, product={"externalId": "tee-1", "title": "Another title"}
    )
    world.container.route_event(world.event("TryOnRequested", changed))
    assert world.try_on_ids() == [try_on_id]
    assert refusal_publisher(world) == []
    # Its first delivery might have died before its message.
    assert messages(world) == [try_on_id]


def test_a_repeat_of_what_is_under_way_asks_for_no_step(world: World) -> None:
    world.ready_photo()
    world.accepted()
    world.run()
    world.container.route_event(world.event("TryOnRequested", world.request()))
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
    world.container.route_event(world.event("TryOnRequested", world.request(**change)))
    assert refusal_publisher(world) == [("CONFLICTING_REPEAT", "requestId")]
    assert len(world.try_on_ids()) == 1


@pytest.mark.parametrize(
    "change", [{"photo": None}, {"output": {}}, {"output": {"watermark": None}}]
)
def test_saying_nothing_is_no_other_payload(world: World, change: dict[str, Any]) -> None:
    world.accepted()
    detail = {**world.request(), **change}
    world.container.route_event(world.event("TryOnRequested", detail))
    assert refusal_publisher(world) == []


def test_a_product_without_an_id_is_known_by_its_pictures(world: World) -> None:
    pictures = [{"url": PRODUCT_URL}]
    world.accepted(product={"title": "Tee", "images": pictures})
    for title, images in (("Shirt", pictures), ("Tee", [{"url": f"{PRODUCT_URL}?v=2"}])):
        detail = world.request(product={"title": title, "images": images})
        world.container.route_event(world.event("TryOnRequested", detail))
    assert refusal_publisher(world) == [("CONFLICTING_REPEAT", "requestId")]


def test_the_same_request_id_of_another_shopper_is_another_wish(world: World) -> None:
    first = world.accepted()
    assert world.accepted(externalUserId="shopper-8") != first


def test_an_event_without_a_request_id_is_a_wish_of_its_own(world: World) -> None:
    for event_id in ("e-1", "e-2", "e-1"):
        world.container.route_event(
            world.event("TryOnRequested", world.request(requestId=None), id=event_id)
        )
    assert len(world.try_on_ids()) == 2


@pytest.mark.promise("Variants", "events-name-the-variant")
def test_an_order_is_a_try_on_an_item_and_a_reorder_is_new(world: World) -> None:
    detail = order("tee-1", "hat-1", "tee-1")
    detail["items"][2]["variantId"] = "blue"
    for _ in range(2):
        world.container.route_event(world.event("OrderPlaced", detail))
    assert len(world.try_on_ids()) == 3
    world.container.route_event(world.event("OrderPlaced", {**detail, "orderId": "o-2"}))
    assert len(world.try_on_ids()) == 6
    assert refusal_publisher(world) == []


@pytest.mark.promise("Variants", "events-name-the-variant")
def test_the_variants_of_one_product_are_told_apart_by_what_is_said_of_each(world: World) -> None:
    detail = order("tee-1", "tee-1", "tee-1")
    detail["items"][0]["variantId"] = "red"
    detail["items"][1]["variantId"] = "blue"
    world.container.route_event(world.event("OrderPlaced", detail))
    world.run()
    said = world.events("TryOnDeferred")
    assert sorted(event.get("variantId", "") for event in said) == ["", "blue", "red"]


def test_the_four_forms_never_meet(world: World) -> None:
    """Shopper, order and request ids are the shop's own and may well be equal."""
    moment = iso(world.clock.now())
    world.container.route_event(
        world.event("TryOnRequested", world.request("x", externalUserId="x"))
    )
    world.container.route_event(
        world.event("OrderPlaced", order("x", externalUserId="x", orderId="x"))
    )
    upserted = {"externalId": "x", "updatedAt": moment, "tryOnFor": ["x"]}
    world.container.route_event(world.event("ProductUpserted", upserted))
    no_id = world.request(requestId=None, externalUserId="x")
    world.container.route_event(world.event("TryOnRequested", no_id, id="x"))
    assert len(set(world.try_on_ids())) == 4


def catalogue(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "externalId": "tee-9",
        "title": "Tee",
        "images": [{"url": PRODUCT_URL}],
        "updatedAt": iso(world.clock.now() - 3600),
        "tryOnFor": [SHOPPER],
        **changes,
    }


def forget_what_is_past_its_time(world: World) -> None:
    """What DynamoDB's time to live removes."""
    for row in world.rows():
        if row.get("ttl", world.clock.now()) < world.clock.now():
            world.container.table.write(delete((row["pk"], row["sk"])))
    world.state_machine.started.clear()


@pytest.mark.parametrize("days", [1, 89, 90, 101, 1000])
def test_a_catalogue_that_is_sent_again_is_paid_for_once(world: World, days: int) -> None:
    """The very same product, date and shopper, as a new event: the ledger may have forgotten."""
    detail = catalogue(world)
    for _ in range(2):
        world.ready_photo(data=SMALL_PHOTO)
        world.genlook.control.decide(Fate(seconds=5))
        world.container.route_event(world.event("ProductUpserted", detail))
        world.clock.advance(1)
        world.housekeeping_round()
        for try_on_id in world.state_machine.started:
            world.watch(try_on_id)
        world.clock.advance(days * DAY)
        forget_what_is_past_its_time(world)
    assert world.genlook.control.charges() == 1
    assert refusal_publisher(world) == ([] if days < 90 else [("TOO_OLD", "updatedAt")])


def test_a_product_of_an_old_date_is_kept_all_the_same(world: World) -> None:
    long_ago = iso(world.clock.now() - 1000 * DAY)
    world.container.route_event(
        world.event("ProductUpserted", catalogue(world, updatedAt=long_ago))
    )
    assert refusal_publisher(world) == [("TOO_OLD", "updatedAt")]
    kept = world.container.products.get("tee-9")
    assert kept is not None
    assert kept.product.title == "Tee"
    without = catalogue(world, updatedAt=long_ago, tryOnFor=[])
    world.container.route_event(world.event("ProductUpserted", without))
    assert refusal_publisher(world) == []


def test_many_shoppers_of_an_old_date_are_refused_once(world: World) -> None:
    detail = catalogue(
        world,
        updatedAt=iso(world.clock.now() - 1000 * DAY),
        tryOnFor=[f"s-{number}" for number in range(200)],
    )
    world.container.route_event(world.event("ProductUpserted", detail))
    assert refusal_publisher(world) == [("TOO_OLD", "updatedAt")]
    assert world.messages("intake") == []
