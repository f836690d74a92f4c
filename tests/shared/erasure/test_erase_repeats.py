"""An erasure that is asked for more than once: again, at once, or by another request."""

import pytest

from tests.support.erasing import (
    LATE,
    SOON,
    assert_nothing_is_left,
    closed,
    deletions,
    erase,
    finish,
    wait,
)
from tests.support.shopify import webhook
from tests.support.world import SHOPPER, World
from tryon_worker.erasure.store import CLOCK_SECONDS
from tryon_worker.events.envelope import InboundEvent


def asked(world: World, request_id: str = "forget-1") -> InboundEvent:
    detail = {"externalUserId": SHOPPER, "requestId": request_id}
    return world.event("ErasureRequested", detail, source="shop.privacy")


def come_back(world: World) -> None:
    """After an erasure is closed the shopper has a photo again."""
    wait(world, LATE)
    assert [event["type"] for event in world.events()] == ["CustomerErased"]
    world.ready_photo()
    world.clock.advance(3600)


@pytest.mark.promise("Erasure", "tombstone-is-set-once")
@pytest.mark.promise("Erasure", "reused-request-id-is-a-new-request")
def test_a_repeat_of_a_closed_request_does_nothing(world: World) -> None:
    event = asked(world)
    world.container.route_privacy_request(event)
    come_back(world)
    before, asked_of_genlook = world.rows(), deletions(world)
    world.container.route_privacy_request(event)
    wait(world, LATE)
    assert world.events() == []
    assert [row for row in world.rows() if row in before] == before
    assert deletions(world) == asked_of_genlook
    assert world.objects(world.photo_bucket)


@pytest.mark.promise("Erasure", "reused-request-id-is-a-new-request")
def test_an_id_that_is_used_again_later_is_another_request(world: World) -> None:
    """A shop may take the shopper's own id for it; each is known by its time, too."""
    erase(world, SHOPPER)
    come_back(world)
    again = asked(world, SHOPPER)
    for _ in range(2):
        world.container.route_privacy_request(again)
        wait(world, LATE)
    (said,) = world.events()
    assert (said["type"], said["requestId"]) == ("CustomerErased", SHOPPER)
    assert said["erased"]["photos"] == 1
    assert_nothing_is_left(world)


def test_so_it_is_while_the_first_is_open(world: World) -> None:
    """What the shopper did since then was to stay, and now goes."""
    world.ready_photo()
    world.accepted()
    world.run()
    world.clock.advance(2)
    erase(world)
    world.clock.advance(60)
    world.container.receive_photo(world.photo("after.jpg"))
    world.clock.advance(60)
    erase(world)
    wait(world, 2 * LATE)
    assert len(closed(world)) == 2
    assert_nothing_is_left(world)


def test_a_request_that_a_slow_clock_takes_is_one(world: World) -> None:
    behind = world.new_process()
    object.__setattr__(behind.erase, "clock", lambda: world.clock.now() - 30)
    event = asked(world)
    behind.route_privacy_request(event)
    world.clock.advance(LATE)
    world.container.route_privacy_request(event)
    wait(world, LATE)
    assert len(closed(world)) == 1


@pytest.mark.promise("Erasure", "reused-request-id-is-a-new-request")
def test_a_webhook_that_comes_again_hours_later_is_the_same_request(world: World) -> None:
    """Its id is Shopify's and unique; a server that forwards it gives it another time."""
    webhook(world, "customers/redact", customer={"id": 7})
    wait(world, LATE)
    assert len(closed(world)) == 1
    world.ready_photo(shopper="7")
    world.clock.advance(3600)
    webhook(world, "customers/redact", customer={"id": 7})
    wait(world, LATE)
    assert closed(world) == []
    assert world.objects(world.photo_bucket)


def test_twice_at_once_is_one_sweep_and_one_word(world: World) -> None:
    world.ready_photo()
    world.clock.advance(1)
    other = world.new_process()
    detail = {"externalUserId": SHOPPER, "requestId": "forget-1"}
    event = world.event("ErasureRequested", detail, source="shop.privacy")
    twice = iter([lambda: other.route_privacy_request(event)])

    def meanwhile(_seconds: float) -> None:
        next(twice, lambda: None)()

    object.__setattr__(world.container.unbilled_call, "sleep", meanwhile)
    world.container.route_privacy_request(event)
    assert deletions(world) == 1
    finish(world)
    assert len(closed(world)) == 1
    assert deletions(world) == 2


def test_another_request_is_another_erasure(world: World) -> None:
    erase(world)
    world.clock.advance(SOON)
    world.container.receive_photo(world.photo())
    world.clock.advance(1)
    erase(world, "forget-2")
    finish(world)
    said = closed(world)
    assert [event["requestId"] for event in said] == ["forget-1", "forget-2"]
    assert said[1]["erased"]["photos"] == 1


def test_the_tombstone_never_moves_back(world: World) -> None:
    erase(world)
    behind = world.new_process()
    before = world.clock.now()
    behind.erase.__dict__["clock"] = lambda: before - 30
    behind.erase(SHOPPER, "forget-2")
    key = world.container.pseudonymizer.shopper_key(SHOPPER)
    assert world.container.shoppers.get(key).erased_at == int(before) + CLOCK_SECONDS
