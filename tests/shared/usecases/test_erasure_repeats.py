"""An erasure that is asked for more than once: again, at once, or by another request."""

from tests.support.erasing import closed, deletions, erase
from tests.support.world import SHOPPER, World


def test_a_repeat_of_a_closed_request_does_nothing(world: World) -> None:
    erase(world)
    world.events()
    world.clock.advance(10)
    world.ready_photo()
    before = world.rows()
    erase(world)
    assert world.events() == []
    assert world.rows() == before
    assert deletions(world) == 1
    assert world.objects(world.photo_bucket)


def test_twice_at_once_is_one_sweep_and_one_word(world: World) -> None:
    world.ready_photo()
    world.clock.advance(1)
    other = world.new_process()
    detail = {"externalUserId": SHOPPER, "requestId": "forget-1"}
    event = world.event("ErasureRequested", detail, source="shop.privacy")
    twice = iter([lambda: other.take_privacy_request(event)])

    def meanwhile(_seconds: float) -> None:
        next(twice, lambda: None)()

    object.__setattr__(world.wiring.free_call, "sleep", meanwhile)
    world.wiring.take_privacy_request(event)
    assert len(closed(world)) == 1
    assert deletions(world) == 1


def test_another_request_is_another_erasure(world: World) -> None:
    erase(world)
    world.clock.advance(10)
    world.wiring.receive_photo(world.photo())
    world.clock.advance(1)
    erase(world, "forget-2")
    world.housekeep()
    said = closed(world)
    assert [event["requestId"] for event in said] == ["forget-1", "forget-2"]
    assert said[1]["erased"]["photos"] == 1


def test_the_tombstone_never_moves_back(world: World) -> None:
    erase(world)
    behind = world.new_process()
    before = world.clock.now()
    behind.erase.__dict__["clock"] = lambda: before - 30
    behind.erase(SHOPPER, "forget-2")
    key = world.wiring.identities.shopper_key(SHOPPER)
    assert world.wiring.shoppers.get(key).erased_at == int(before)
