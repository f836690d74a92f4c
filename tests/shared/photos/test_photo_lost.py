"""A photo that Genlook has lost is uploaded again, or waited for anew."""

import pytest

from tests.support.photos import the_photo, uploads
from tests.support.world import World


@pytest.mark.promise("Photos", "refused-image-is-uploaded-again")
def test_an_image_id_that_genlook_lost_is_uploaded_again_also_at_once(world: World) -> None:
    world.container.receive_photo(world.photo())
    (first,) = world.events("PhotoReady")
    world.container.photos.mark_stale(the_photo(world))
    try_on_id = world.accepted(photo={"imageId": first["imageId"]})
    world.run()
    assert uploads(world) == 2
    (second,) = world.events("PhotoReady")
    assert second["imageId"] != first["imageId"]
    # The request named the first id; the photo is the same one.
    assert try_on_id in world.state_machine.started


def test_two_who_miss_a_photo_upload_it_once(world: World) -> None:
    world.ready_photo()
    world.container.photos.mark_stale(the_photo(world))
    photo = the_photo(world)
    world.container.receive_photo.upload_again(photo.shopper_key, photo.photo_id)
    world.container.receive_photo.upload_again(photo.shopper_key, photo.photo_id)
    assert uploads(world) == 2


@pytest.mark.promise("Photos", "refused-image-is-uploaded-again")
@pytest.mark.parametrize("named", [True, False])
def test_without_the_object_the_try_on_waits_for_a_new_photo(world: World, named: bool) -> None:
    arrival = world.ready_photo()
    world.s3.delete_object(Bucket=world.photo_bucket, Key=arrival.key)
    world.container.photos.mark_stale(the_photo(world))
    try_on_id = world.accepted(photo={"key": arrival.key} if named else None)
    world.run()
    assert world.events("TryOnFailed") == []
    assert world.paid_calls() == 0
    world.clock.advance(60)
    world.container.receive_photo(world.photo(sequencer="FF"))
    world.run()
    assert try_on_id in world.state_machine.started
