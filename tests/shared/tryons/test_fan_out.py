"""A product that is shown to very many shoppers: taken in part by part, one refused alone."""

from typing import Any

import pytest

from tests.support.world import World
from tryon_worker.clock import iso
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.tryons.accept import MOST_REFUSALS
from tryon_worker.tryons.fan_out import PART_SECONDS, PART_SHOPPERS


def upserted(world: World, shoppers: list[Any], **fields: Any) -> InboundEvent:
    moment = iso(world.clock.now())
    detail = {"externalId": "tee-1", "title": "Tee", "updatedAt": moment, "tryOnFor": shoppers}
    return world.event("ProductUpserted", {**detail, **fields}, id="e-1")


def many(count: int) -> list[Any]:
    return [f"customer-{number:08}" for number in range(count)]


def refusal_publisher(world: World) -> list[tuple[str, str]]:
    return [(said["reason"], said["field"]) for said in world.events("RequestRefused")]


def parts(world: World) -> list[tuple[float, dict[str, Any]]]:
    return sorted(world.arrivals("intake"), key=lambda arrival: arrival[0])


def test_ten_thousand_shoppers_become_parts_that_leave_room_for_others(world: World) -> None:
    world.container.route_event(upserted(world, many(10_000)))
    sent = parts(world)
    assert world.try_on_ids() == []
    assert [at - world.clock.now() for at, _ in sent] == [
        place * PART_SECONDS for place in range(200)
    ]
    told = [shopper for _, part in sent for shopper in part["detail"]["tryOnFor"]]
    assert told == many(10_000)
    assert all(len(part["detail"]["tryOnFor"]) <= PART_SHOPPERS for _, part in sent)


def test_a_list_of_more_than_an_event_once_could_hold_is_taken(world: World) -> None:
    """EventBridge's own limit has grown to 1 MB; what is kept of an event has its old one."""
    shoppers = [f"customer-{number:030}" for number in range(20_000)]
    world.container.route_event(upserted(world, shoppers))
    assert refusal_publisher(world) == []
    assert len(parts(world)) == 400


def test_the_parts_are_what_the_whole_would_be(world: World) -> None:
    shoppers = many(2 * PART_SHOPPERS + 1)
    event = upserted(world, shoppers)
    world.container.route_event(event)
    for _ in range(3):
        world.clock.advance(1)
        world.run()
    assert len(world.try_on_ids()) == len(shoppers)
    try_ons = [world.try_on(one) for one in world.try_on_ids()]
    assert {try_on.requested_at for try_on in try_ons} == {event.time}
    assert all(try_on.bulk for try_on in try_ons)
    kept = world.container.products.get("tee-1")
    assert kept is not None
    assert kept.product.title == "Tee"
    assert refusal_publisher(world) == []


def test_an_event_that_was_cut_short_and_comes_again_adds_nobody_twice(world: World) -> None:
    event = upserted(world, many(PART_SHOPPERS + 1))
    for _ in range(2):
        world.container.route_event(event)
    sent = parts(world)
    assert len(sent) == 4
    for _, part in sent:
        world.container.route_event(InboundEvent.from_bus(world.message(part)))
    assert len(world.try_on_ids()) == PART_SHOPPERS + 1
    assert refusal_publisher(world) == []


def test_fifty_are_not_divided(world: World) -> None:
    world.container.route_event(upserted(world, many(PART_SHOPPERS)))
    assert (parts(world), len(world.try_on_ids())) == ([], PART_SHOPPERS)


@pytest.mark.parametrize(
    "wrong", ["guest", "", " padded", 7.5, True, None, ["x"], "x" * 257, "\ud800"]
)
def test_one_that_is_no_shopper_refuses_itself_alone(world: World, wrong: Any) -> None:
    world.container.route_event(upserted(world, ["a-1", wrong, "a-2"]))
    assert refusal_publisher(world) == [("INVALID", "tryOnFor.1")]
    assert len(world.try_on_ids()) == 2
    assert world.container.products.get("tee-1") is not None


@pytest.mark.parametrize("wrong", ["\ud800", float("nan"), {"a": [{}]}, "x" * 300_000])
def test_what_no_message_can_hold_does_not_keep_the_others(world: World, wrong: Any) -> None:
    world.container.route_event(upserted(world, [wrong, *many(PART_SHOPPERS)]))
    for _ in range(2):
        world.clock.advance(1)
        world.run()
    assert refusal_publisher(world) == [("INVALID", "tryOnFor.0")]
    assert len(world.try_on_ids()) == PART_SHOPPERS


def test_its_place_is_that_in_the_whole_event(world: World) -> None:
    shoppers = many(PART_SHOPPERS + 10)
    shoppers[PART_SHOPPERS + 3] = "guest"
    world.container.route_event(upserted(world, shoppers))
    for _ in range(2):
        world.clock.advance(1)
        world.run()
    assert refusal_publisher(world) == [("INVALID", f"tryOnFor.{PART_SHOPPERS + 3}")]


def test_of_very_many_refusals_some_are_told_and_the_rest_counted(world: World) -> None:
    shoppers: list[Any] = ["a-1", *(["guest"] * (PART_SHOPPERS - 1))]
    event = upserted(world, shoppers)
    world.container.route_event(event)
    told = world.events("RequestRefused")
    assert len(told) == MOST_REFUSALS + 1
    (more,) = [said for said in told if said["reason"] == "MORE_REFUSED"]
    assert more["field"] == "tryOnFor"
    assert str(PART_SHOPPERS - 1 - MOST_REFUSALS) in more["message"]
    assert more["eventId"] == event.id


def test_a_part_that_comes_after_an_erasure_does_nothing_for_that_shopper(world: World) -> None:
    """Also out of a dead-letter queue, days later."""
    shoppers = many(PART_SHOPPERS + 1)
    world.container.route_event(upserted(world, shoppers))
    sent = parts(world)
    world.clock.advance(10)
    world.container.erase(shoppers[3], "forget-me")
    world.clock.advance(86_400)
    world.events()
    for _, part in sent:
        world.container.route_event(InboundEvent.from_bus(world.message(part)))
    assert refusal_publisher(world) == [("CUSTOMER_ERASED", "tryOnFor.3")]
    assert len(world.try_on_ids()) == PART_SHOPPERS
    assert shoppers[3] not in str(world.rows())


def test_a_part_does_not_take_the_product_back_to_what_it_was(world: World) -> None:
    world.container.route_event(upserted(world, many(PART_SHOPPERS + 1)))
    sent = parts(world)
    world.container.route_event(upserted(world, [], title="Newer tee"))
    for _, part in sent:
        world.container.route_event(InboundEvent.from_bus(world.message(part)))
    kept = world.container.products.get("tee-1")
    assert kept is not None
    assert kept.product.title == "Newer tee"
