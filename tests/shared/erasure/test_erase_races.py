"""What an erasure must wait for, and what must not be lost to it, where times are close or odd."""

import pytest

from tests.support.erasing import LATE, SOON, wait
from tests.support.tryons import close_erasure, open_erasure, refusing_bus, submitted
from tests.support.world import SHOPPER, World
from tryon_worker.aws.buckets import Bucket, result_prefix
from tryon_worker.erasure.in_flight import IN_FLIGHT_SECONDS
from tryon_worker.housekeeping import RoundIncomplete


def sweep(world: World) -> None:
    key = world.container.pseudonymizer.shopper_key(SHOPPER)
    world.container.erase.resume(key, world.container.pseudonymizer.request_key("e-1"))


def test_a_photo_that_came_across_the_moment_of_the_request_leaves_nothing(world: World) -> None:
    """S3 dates the object before the request and its event after it."""
    arrival = world.photo(taken_at=world.clock.now() + 2)
    open_erasure(world)
    world.clock.advance(2)
    sweep(world)
    assert [said["type"] for said in world.events()] == ["CustomerErased"]
    world.container.receive_photo(arrival)
    assert world.events() == []
    assert SHOPPER not in str(world.rows())


def test_a_newer_photo_under_the_same_key_keeps_its_row(world: World) -> None:
    """It is held while the erasure is open; the sweep saw the row of the older one."""
    world.ready_photo()
    seen = world.container.photos.of_shopper(world.container.pseudonymizer.shopper_key(SHOPPER))
    open_erasure(world)
    world.clock.advance(SOON)
    world.container.receive_photo(world.photo())
    for photo in seen:
        world.container.photos.forget(photo, now=int(world.clock.now()))
    close_erasure(world)
    world.clock.advance(61)
    world.housekeeping_round()
    assert len(world.events("PhotoReady")) == 1


def test_a_photo_that_waited_for_genlook_is_not_asked_for_until_a_sweep_comes_by(
    world: World,
) -> None:
    world.genlook.control.refuse("upload", 503)
    world.container.receive_photo(world.photo())
    world.clock.advance(2)
    open_erasure(world)
    shopper_key = world.container.pseudonymizer.shopper_key(SHOPPER)
    (photo,) = world.container.photos.of_shopper(shopper_key)
    world.container.receive_photo.upload_again(shopper_key, photo.photo_id)
    assert world.container.photos.of_shopper(shopper_key) == []
    assert world.objects(world.photo_bucket) == []


def test_who_fails_to_delete_an_overtaken_photo_is_followed_by_somebody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is what brings them: it goes last."""
    world.genlook.control.refuse("upload", 503)
    world.container.receive_photo(world.photo())
    world.clock.advance(2)
    open_erasure(world)
    shopper_key = world.container.pseudonymizer.shopper_key(SHOPPER)
    (photo,) = world.container.photos.of_shopper(shopper_key)
    with monkeypatch.context() as down:
        down.setattr(Bucket, "delete", _unreachable)
        with pytest.raises(ConnectionError):
            world.container.receive_photo.upload_again(shopper_key, photo.photo_id)
    assert world.objects(world.photo_bucket) == [photo.key]
    world.container.receive_photo.upload_again(shopper_key, photo.photo_id)
    assert world.objects(world.photo_bucket) == []


def _unreachable(*_: object) -> None:
    raise ConnectionError


def test_a_look_at_a_long_overdue_try_on_is_waited_for(world: World) -> None:
    """An open circuit breaker lets deadlines stand still: nobody has seen its generation end."""
    try_on_id = submitted(world)
    world.clock.advance(2 * 86_400)
    open_erasure(world)
    world.clock.advance(2)
    sweep(world)
    assert [said["type"] for said in world.events()] == ["TryOnFailed"]
    late = result_prefix(world.try_on(try_on_id).shopper_key, try_on_id) + "late.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=late, Body=b"picture")
    wait(world, LATE + IN_FLIGHT_SECONDS)
    assert [said["type"] for said in world.events()] == ["CustomerErased"]
    assert world.objects(world.result_bucket) == []


def test_a_second_request_is_not_done_before_the_first(world: World) -> None:
    """The first one's sweep took the traces of the running generation away."""
    submitted(world)
    world.clock.advance(2)
    world.container.erase(SHOPPER, "one")
    world.clock.advance(2)
    world.container.erase(SHOPPER, "two")
    assert [said["type"] for said in world.events()] == ["TryOnFailed"]
    world.clock.advance(600 + 3600)
    world.housekeeping_round()
    closed = {said["requestId"] for said in world.events("CustomerErased")}
    assert closed == {"one", "two"}


def test_an_outcome_that_another_worker_is_publishing_is_waited_for(world: World) -> None:
    world.accepted()
    world.run()
    bus = refusing_bus(world, refusals=1)
    world.clock.advance(86_400)
    with pytest.raises(RoundIncomplete):
        world.housekeeping_round()
    assert bus.refusals == 0
    world.container.erase(SHOPPER, "one")
    assert world.events("CustomerErased") == []
    world.clock.advance(310)
    world.housekeeping_round()
    assert len(world.events("CustomerErased")) == 1
