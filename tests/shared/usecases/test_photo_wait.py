"""How long a wish waits for a photo: from its first deferral, whatever is delivered meanwhile."""

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
