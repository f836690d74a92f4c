"""What a shopper does after asking for an erasure: it waits for its end, and is not swept."""

from dataclasses import replace

import pytest

from tests.support.erasing import LATE, SOON, closed, erase, finish, wait
from tests.support.tryons import PHOTO
from tests.support.world import SHOPPER, World
from tests.support.worlds import MakeWorld
from tryon_worker.aws.buckets import result_prefix
from tryon_worker.photos.receive import Arrival
from tryon_worker.tryons.model import State


@pytest.mark.promise("Erasure", "new-requests-wait-for-the-close")
def test_photos_and_wishes_of_after_wait_while_it_is_open_and_go_on_when_it_closes(
    world: World,
) -> None:
    world.ready_photo(name="before.jpg")
    world.accepted("before")
    world.run()
    world.clock.advance(2)
    erase(world)
    world.events()
    world.clock.advance(10)
    uploads = len(world.genlook.control.calls("upload"))
    world.container.receive_photo(world.photo("after.jpg"))
    after = world.accepted("after")
    world.run()
    wait(world, 900)
    assert len(world.genlook.control.calls("upload")) == uploads
    assert world.paid_calls() == 1
    assert world.try_on(after).state is State.WAITING
    wait(world, LATE + 600)
    said = [event["type"] for event in world.events()]
    assert said.index("CustomerErased") < said.index("PhotoReady")
    assert after in world.state_machine.started
    assert f"photos/{SHOPPER}/after.jpg" in world.objects(world.photo_bucket)


def test_no_picture_of_a_wish_of_after_is_swept(world: World) -> None:
    world.ready_photo()
    world.accepted("before")
    world.run()
    world.clock.advance(2)
    erase(world)
    world.clock.advance(10)
    after = world.try_on(world.accepted("after"))
    key = result_prefix(after.shopper_key, after.try_on_id) + "picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")
    wait(world, LATE + 600)
    assert closed(world)
    assert world.objects(world.result_bucket) == [key]


def test_a_shopper_can_come_back_after_it(world: World) -> None:
    world.ready_photo()
    world.clock.advance(1)
    erase(world)
    finish(world)
    world.container.receive_photo(world.photo())
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    assert world.events("PhotoReady")
    assert world.try_on(try_on_id).verdict


def test_a_photo_that_replaces_an_erased_one_stays_and_tells_nothing_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took the row, which knows since when there were photos of that name, before a sweep."""
    world.ready_photo()
    world.clock.advance(2)
    with monkeypatch.context() as patch:
        patch.setattr(world.container.erasures, "claim", lambda *_, **__: None)
        erase(world)
    world.clock.advance(10)
    world.container.receive_photo(world.photo())
    replaced = world.clock.now()
    wait(world, LATE + 600)
    said = [event["type"] for event in world.events()]
    assert said == ["CustomerErased", "PhotoReady"]
    (row,) = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    assert row["takenAt"] == row["firstTakenAt"] == int(replaced)


def late_upload(world: World, *, began_at: float) -> Arrival:
    """A photo in one PUT that began at a moment and ends now."""
    key = f"photos/{SHOPPER}/slow.jpg"
    made = world.s3.store(world.photo_bucket, key, PHOTO, began_at=began_at)
    return Arrival(key, made.sequencer, int(world.clock.now()), 1)


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.parametrize("again", [False, True], ids=["first photo", "came back meanwhile"])
@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_an_upload_that_began_before_the_request_leaves_nothing_though_it_ends_after(
    world: World, is_open: bool, again: bool
) -> None:
    """Its event is dated by its end, and no sweep sees an upload that is under way."""
    began = world.clock.now()
    world.clock.advance(1)
    erase(world)
    if not is_open:
        finish(world)
    world.clock.advance(60)
    if again:
        world.container.receive_photo(world.photo())
    world.events()
    arrival = late_upload(world, began_at=began)
    world.container.receive_photo(arrival)
    wait(world, 7200)
    kept = [key for key in world.objects(world.photo_bucket) if key == arrival.key]
    assert kept == []
    assert arrival.key not in str(world.rows())
    assert arrival.key not in str(world.events())
    assert len(world.genlook.control.calls("upload")) == again


def test_an_upload_that_began_after_the_request_is_a_new_consent(world: World) -> None:
    erase(world)
    world.clock.advance(SOON)
    began = world.clock.now()
    world.clock.advance(60)
    world.container.receive_photo(late_upload(world, began_at=began))
    wait(world, 7200)
    assert world.events("PhotoReady")
    (row,) = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    assert row["takenAt"] == int(began)


def test_the_date_of_the_object_decides_where_the_event_has_another(world: World) -> None:
    """S3 dates the two by different clocks. The sweep sees the object's."""
    erase(world)
    world.clock.advance(SOON)
    world.container.receive_photo(world.photo(taken_at=world.clock.now() - SOON))
    finish(world)
    wait(world, 900)
    assert [event["type"] for event in world.events()] == ["CustomerErased", "PhotoReady"]


@pytest.mark.promise("P4", "nothing-left-here")
def test_a_photo_beyond_the_quota_that_a_sweep_took_leaves_no_row(
    make_world: MakeWorld,
) -> None:
    world = make_world(max_photos_per_shopper_per_day=1)
    world.ready_photo()
    began = world.clock.now()
    world.clock.advance(2)
    arrival = late_upload(world, began_at=began)
    erase(world)
    finish(world)
    world.clock.advance(SOON)
    world.container.receive_photo(replace(arrival, taken_at=int(world.clock.now())))
    wait(world, 900)
    (rejected,) = world.events("PhotoRejected")
    assert rejected["reason"] == "GONE"
    assert SHOPPER not in str(world.rows())
