"""A photo that is put again under its key while an erasure deletes the one from before."""

from typing import Any

import pytest

from tests.support.concurrent import ConcurrentWorld
from tests.support.erasing import SOON, assert_nothing_is_left, erase, wait
from tests.support.submitting import SMALL_PHOTO
from tests.support.tryons import PHOTO, close_erasure, open_erasure
from tests.support.world import SHOPPER, World
from tryon_worker.aws.buckets import DeletionIncomplete

NAMES = ["me.jpg", "me\x01.jpg"]


def erase_while(busy: ConcurrentWorld, name: str, data: bytes) -> Any:
    """Erases, and puts a photo after the sweep has listed and before it deletes."""
    busy.clock.advance(10)
    busy.container = busy.new_process()
    arrivals: list[Any] = []

    def put() -> None:
        busy.clock.advance(SOON)
        arrivals.append(busy.photo(name=name, data=data))

    call = "s3.DeleteObject" if "\x01" in name else "s3.DeleteObjects"
    busy.kill_switch.interrupt_before(call, put)
    erase(busy)
    (arrival,) = arrivals
    return arrival


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_with_other_bytes_stays_and_becomes_ready(busy: ConcurrentWorld, name: str) -> None:
    busy.ready_photo(name=name, data=SMALL_PHOTO)
    arrival = erase_while(busy, name, PHOTO)
    assert busy.objects(busy.photo_bucket) == [arrival.key]
    busy.container.receive_photo(arrival)
    wait(busy, 7200)
    kinds = [said["type"] for said in busy.events()]
    assert sorted(kinds) == ["CustomerErased", "PhotoReady"]
    assert busy.objects(busy.photo_bucket) == [arrival.key]


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_with_the_same_bytes_goes_and_that_is_said(
    busy: ConcurrentWorld, name: str
) -> None:
    """S3 cannot tell the two apart: their ETag is the same."""
    busy.ready_photo(name=name, data=SMALL_PHOTO)
    arrival = erase_while(busy, name, SMALL_PHOTO)
    assert busy.objects(busy.photo_bucket) == []
    busy.container.receive_photo(arrival)
    wait(busy, 7200)
    said = {one["type"]: one for one in busy.events()}
    assert sorted(said) == ["CustomerErased", "PhotoRejected"]
    rejected = said["PhotoRejected"]
    assert (rejected["reason"], rejected["key"]) == ("GONE", arrival.key)
    assert_nothing_is_left(busy)


def test_a_photo_that_overtaken_work_looks_at_is_deleted_only_as_it_was_seen(
    busy: ConcurrentWorld,
) -> None:
    busy.genlook.control.refuse("upload", 503)
    busy.container.receive_photo(busy.photo(data=SMALL_PHOTO))
    busy.clock.advance(10)
    open_erasure(busy)
    shopper_key = busy.container.pseudonymizer.shopper_key(SHOPPER)
    (photo,) = busy.container.photos.of_shopper(shopper_key)
    busy.clock.advance(SOON)
    busy.container = busy.new_process()

    def put() -> None:
        busy.photo(data=PHOTO)

    busy.kill_switch.interrupt_before("s3.DeleteObjects", put)
    with pytest.raises(DeletionIncomplete):
        busy.container.receive_photo.upload_again(shopper_key, photo.photo_id)
    assert busy.objects(busy.photo_bucket) == [photo.key]


def test_a_photo_of_one_who_came_back_is_answered_though_it_is_gone(world: World) -> None:
    open_erasure(world)
    close_erasure(world)
    world.clock.advance(86_400)
    arrival = world.photo()
    world.s3.delete_object(Bucket=world.photo_bucket, Key=arrival.key)
    world.container.receive_photo(arrival)
    (said,) = world.events("PhotoRejected")
    assert said["reason"] == "GONE"
    assert SHOPPER not in str(world.rows())
