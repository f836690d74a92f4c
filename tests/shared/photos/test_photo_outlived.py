"""A photo whose time is over is no photo, though DynamoDB and S3 still have it for some days."""

import pytest

from tests.support.world import World
from tryon_worker.clock import DAY
from tryon_worker.tryons.model import State, WaitingFor


@pytest.mark.promise("Photos", "refused-image-is-uploaded-again")
@pytest.mark.promise("One retention", "expired-photo-is-not-used")
def test_what_is_past_its_time_is_not_used_though_row_and_object_are_still_there(
    world: World,
) -> None:
    arrival = world.ready_photo()
    world.clock.advance(7 * DAY)
    assert any(row["sk"].startswith("PHOTO#") for row in world.rows())
    assert world.objects(world.photo_bucket) == [arrival.key]
    try_on_id = world.accepted()
    world.run()
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.waiting_for) == (State.WAITING, WaitingFor.PHOTO)
    assert len(world.genlook.control.calls("upload")) == 1
    world.container.receive_photo(world.photo("new.jpg"))
    world.run()
    assert world.try_on(try_on_id).state is State.SUBMITTED
