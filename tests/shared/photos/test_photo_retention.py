"""How long a photo is kept, and what else its metadata may ask for."""

from typing import Any

import pytest

from tests.support.photos import the_photo
from tests.support.world import SHOPPER, World
from tryon_worker.clock import DAY


@pytest.mark.promise("One retention", "genlook-is-told-keep-for-days")
@pytest.mark.promise("One retention", "lifecycle-of-both-buckets")
@pytest.mark.promise("One retention", "time-to-live-of-rows")
@pytest.mark.parametrize(
    ("stack", "asked", "kept"), [(7, None, 7), (7, "1", 1), (7, "3", 3), (3, "7", 3), (1, "3", 1)]
)
def test_a_photo_may_be_kept_shorter_never_longer(
    make_world: Any, stack: int, asked: str | None, kept: int
) -> None:
    world: World = make_world(keep_for_days=stack)
    arrival = world.photo(metadata={"keep-for-days": asked} if asked else {})
    world.container.receive_photo(arrival)
    (call,) = world.genlook.control.calls("upload")
    assert call["request"]["keepForDays"] == str(kept)
    tags = world.s3.get_object_tagging(Bucket=world.photo_bucket, Key=arrival.key)["TagSet"]
    assert tags == [{"Key": "keep-for-days", "Value": str(kept)}]
    assert the_photo(world).usable_until == arrival.taken_at + kept * DAY
    (row,) = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    assert row["ttl"] == arrival.taken_at + (kept + 2) * DAY


@pytest.mark.parametrize(("asked", "sent"), [("true", "true"), ("false", "false"), (None, None)])
def test_the_crop_is_as_the_metadata_asks(
    world: World, asked: str | None, sent: str | None
) -> None:
    world.container.receive_photo(world.photo(metadata={"crop": asked} if asked else {}))
    (call,) = world.genlook.control.calls("upload")
    assert call["request"].get("crop") == sent
    assert call["externalUserId"] == SHOPPER


@pytest.mark.promise("One retention", "genlook-is-told-keep-for-days")
def test_genlook_keeps_a_photo_that_is_uploaded_again_only_for_what_is_left(world: World) -> None:
    world.ready_photo()
    photo = the_photo(world)
    world.clock.advance(5 * DAY)
    world.container.photos.mark_stale(photo)
    world.container.receive_photo.upload_again(photo.shopper_key, photo.photo_id)
    assert [call["request"]["keepForDays"] for call in world.genlook.control.calls("upload")] == [
        "7",
        "3",
    ]
    assert the_photo(world).usable_until == photo.usable_until
