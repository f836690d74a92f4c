"""Erased is erased: whatever there is of a shopper goes, is counted, and does not come back."""

import itertools

import pytest

from tests.support.erasing import (
    LATE,
    SOON,
    assert_nothing_is_left,
    closed,
    completed,
    deletions,
    erase,
    finish,
    wait,
)
from tests.support.world import SHOPPER, World
from tryon_worker.aws import keys
from tryon_worker.aws.table import delete


def test_an_erasure_of_one_who_left_nothing_is_done_at_once(world: World) -> None:
    erase(world)
    (said,) = world.events()
    assert said["type"] == "CustomerErased"
    assert said["requestId"] == "forget-1"
    assert said["erased"] == {"photos": 0, "results": 0, "tryOns": 0}
    assert said["shopperHash"] == world.container.pseudonymizer.shopper_key(SHOPPER)
    assert deletions(world) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("P4", "nothing-left-here")
@pytest.mark.promise("Erasure", "sweep-takes-everything")
def test_photos_results_wishes_and_rows_go_and_are_counted(world: World) -> None:
    world.ready_photo(name="one.jpg")
    world.ready_photo(name="two.jpg")
    world.ready_photo(name="theirs.jpg", shopper="shopper-70")
    completed(world)
    world.clock.advance(1)
    erase(world)
    (said,) = closed(world)
    assert said["erased"] == {"photos": 2, "results": 1, "tryOns": 1}
    rows = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    assert [row["key"] for row in rows] == ["photos/shopper-70/theirs.jpg"]
    assert world.objects(world.photo_bucket) == ["photos/shopper-70/theirs.jpg"]
    assert world.objects(world.result_bucket) == []
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 0
    assert world.genlook.control.customer("shopper-70")["counts"]["photos"] == 1


def test_a_picture_is_found_also_when_its_rows_are_gone(world: World) -> None:
    """S3's lifecycle comes a day or so late, DynamoDB's may come at once."""
    world.ready_photo()
    try_on_id = completed(world)
    key = world.try_on(try_on_id).shopper_key
    world.table.write(delete(keys.request(key, try_on_id)))
    erase(world)
    (said,) = closed(world)
    assert said["erased"]["results"] == 1
    assert_nothing_is_left(world)


def test_both_spellings_of_a_key_are_swept(world: World) -> None:
    shopper = "o'neil (7)"
    for segment in ("o%27neil%20%287%29", "o'neil%20(7)"):
        world.s3.put_object(
            Bucket=world.photo_bucket, Key=f"photos/{segment}/me.jpg", Body=b"\xff\xd8\xff"
        )
    world.clock.advance(1)
    world.container.erase(shopper, "forget-1")
    assert world.objects(world.photo_bucket) == []


@pytest.mark.promise("Erasure", "sweep-takes-everything")
def test_what_waits_is_ended_quietly(world: World) -> None:
    try_on_id = world.accepted()
    world.run()
    world.events()
    erase(world)
    finish(world)
    ended, erased = world.events()
    assert {**ended, "occurredAt": ""} == {
        "type": "TryOnFailed",
        "schemaVersion": 1,
        "occurredAt": "",
        "tryOnId": try_on_id,
        "reason": "CUSTOMER_ERASED",
    }
    assert erased["type"] == "CustomerErased"
    assert_nothing_is_left(world)


@pytest.mark.promise("P4", "late-messages-have-no-effect")
def test_a_message_from_before_the_erasure_does_nothing_after_it(world: World) -> None:
    arrival = world.photo()
    try_on_id = world.accepted()
    event = world.event("TryOnRequested", world.request("r-2"))
    world.clock.advance(1)
    erase(world)
    finish(world)
    world.events()
    world.clock.advance(3600)
    world.container.receive_photo(arrival)
    world.step(try_on_id)
    world.container.route_event(event)
    world.run()
    said = world.events()
    assert [(event["type"], event.get("reason")) for event in said] == [
        ("RequestRefused", "CUSTOMER_ERASED")
    ]
    assert world.genlook.control.calls("upload") == []
    assert world.paid_calls() == 0
    assert_nothing_is_left(world)


def test_a_late_event_is_about_the_object_that_lies_there(world: World) -> None:
    """Under one key: the event is of the photo before the erasure, the object of the one after."""
    late = world.photo()
    world.clock.advance(1)
    erase(world)
    world.s3.put_object(Bucket=world.photo_bucket, Key=late.key, Body=b"came back from a copy")
    world.container.receive_photo(late)
    assert world.objects(world.photo_bucket) == []
    world.clock.advance(SOON)
    world.photo()
    world.container.receive_photo(late)
    assert world.objects(world.photo_bucket) == [late.key]
    assert len(world.genlook.control.calls("upload")) == 1


def test_no_log_line_names_the_shopper(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.genlook.control.refuse("customer_delete", 503)
    arrival = world.ready_photo()
    world.accepted()
    world.run()
    world.clock.advance(2)
    erase(world)
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    lines = "".join(itertools.chain(capsys.readouterr(), caplog.text))
    assert "erasure not done yet" in lines
    for secret in (SHOPPER, arrival.key, "forget-1", "photos/"):
        assert secret not in lines
