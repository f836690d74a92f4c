"""How long a wish waits for a photo: from its first deferral, whatever is delivered meanwhile."""

import pytest

from tests.support.scythe import Killed, MortalWorld
from tests.support.world import World


def test_a_step_delivered_again_does_not_put_off_the_end_of_the_wait_for_a_photo(
    world: World,
) -> None:
    world.options["photo_wait_seconds"] = 100
    try_on_id = world.accepted()
    for _ in range(11):
        world.step(try_on_id)
        world.clock.advance(10)
    world.step(try_on_id)  # after the end of the wait, and before housekeeping comes
    world.housekeep()
    assert [event["reason"] for event in world.events("TryOnFailed")] == ["PHOTO_MISSING"]


def test_a_deferral_that_is_announced_again_says_the_very_same(mortal: MortalWorld) -> None:
    """The worker died after the bus took the event, and before it was marked."""
    try_on_id = mortal.accepted()
    mortal.messages("tryon")
    mortal.wiring = mortal.new_process()
    mortal.scythe.arm_at("events.PutEvents")
    with pytest.raises(Killed):
        mortal.step(try_on_id)
    mortal.clock.advance(60)
    mortal.wiring = mortal.new_process()
    mortal.step(try_on_id)
    first, again = mortal.events("TryOnDeferred")
    assert first == again
    mortal.step(try_on_id)
    assert mortal.events() == []
