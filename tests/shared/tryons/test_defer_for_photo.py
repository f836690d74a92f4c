"""How long a request waits for a photo: from its first deferral, whatever comes meanwhile."""

import pytest

from tests.support.concurrent import ConcurrentWorld
from tests.support.kill_switch import Killed, MortalWorld
from tests.support.submitting import SMALL_PHOTO
from tests.support.world import World
from tryon_worker.tryons.model import State


def test_a_step_delivered_again_does_not_put_off_the_end_of_the_wait_for_a_photo(
    world: World,
) -> None:
    world.options["photo_wait_seconds"] = 100
    try_on_id = world.accepted()
    for _ in range(11):
        world.step(try_on_id)
        world.clock.advance(10)
    world.step(try_on_id)  # after the end of the wait, and before housekeeping comes
    world.housekeeping_round()
    assert [event["reason"] for event in world.events("TryOnFailed")] == ["PHOTO_MISSING"]


def test_a_deferral_that_is_announced_again_says_the_very_same(mortal: MortalWorld) -> None:
    """The worker died after the bus took the event, and before it was marked."""
    try_on_id = mortal.accepted()
    mortal.messages("tryon")
    mortal.container = mortal.new_process()
    mortal.kill_switch.arm_at("events.PutEvents")
    with pytest.raises(Killed):
        mortal.step(try_on_id)
    mortal.clock.advance(60)
    mortal.container = mortal.new_process()
    mortal.step(try_on_id)
    first, again = mortal.events("TryOnDeferred")
    assert first == again
    mortal.step(try_on_id)
    assert mortal.events() == []


@pytest.mark.promise("P2", "each-request-ends-in-one-event")
@pytest.mark.parametrize("reads", [1, 2, 3])
def test_a_photo_that_is_ready_before_the_end_is_decided_is_used(
    busy: ConcurrentWorld, reads: int
) -> None:
    """Whichever read of the row, the request and the photos it comes after."""
    try_on_id = busy.accepted()
    busy.run()
    busy.clock.advance(86_400 + 1)
    busy.container = busy.new_process()
    waiting = busy.try_on(try_on_id)
    photo = busy.photo(data=SMALL_PHOTO)
    busy.kill_switch.interrupt(reads, lambda: busy.observer.receive_photo(photo))
    busy.container.recover(waiting)
    busy.run()
    assert busy.events("TryOnFailed") == []
    assert busy.try_on(try_on_id).state is State.SUBMITTED


def test_a_photo_that_takes_the_place_of_a_rejected_one_is_used(busy: ConcurrentWorld) -> None:
    rejected = busy.photo(data=b"no picture")
    busy.container.receive_photo(rejected)
    try_on_id = busy.accepted(photo={"key": rejected.key})
    busy.messages("tryon")
    busy.events()
    busy.container = busy.new_process()
    busy.clock.advance(1)
    photo = busy.photo(data=SMALL_PHOTO)
    busy.kill_switch.interrupt_before(
        "dynamodb.TransactWriteItems", lambda: busy.observer.receive_photo(photo)
    )
    busy.step(try_on_id)
    assert busy.events("TryOnFailed") == []
    assert busy.try_on(try_on_id).state is State.SUBMITTED
