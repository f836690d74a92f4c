"""One photo, however often and in whatever order S3 tells of it."""

import pytest

from tests.support.photos import photo_used, the_photo, uploads
from tests.support.world import PHOTOS, SHOPPER, World

PNG = (PHOTOS / "shopper-2.png").read_bytes()


@pytest.mark.promise("Photos", "photo-row-is-the-only-record")
def test_the_same_event_ten_times_is_one_upload_and_one_announcement(world: World) -> None:
    arrival = world.photo()
    for _ in range(10):
        world.new_process().receive_photo(arrival)
    assert uploads(world) == 1
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_an_event_that_comes_while_its_upload_runs_leaves_it_alone(world: World) -> None:
    arrival = world.photo()

    def meanwhile(_seconds: float) -> None:
        world.new_process().receive_photo(arrival)

    slow = world.new_process()
    object.__setattr__(slow.unbilled_call, "sleep", meanwhile)
    slow.receive_photo(arrival)
    assert uploads(world) == 1
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_a_photo_under_the_same_key_takes_the_place_of_the_first(world: World) -> None:
    world.ready_photo(sequencer="0A")
    first = the_photo(world)
    world.clock.advance(60)
    world.container.receive_photo(world.photo(data=PNG, sequencer="0B"))
    second = the_photo(world)
    assert second.image_id != first.image_id
    assert not second.known_as(first.image_id or "")
    assert uploads(world) == 2


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("0A", "0B"),
        ("00655B", "00655C01"),
        ("0A", "0A01"),
        ("0055AED6DCD90281E5", "0055aed6dcd9028f"),
    ],
)
def test_an_older_event_of_the_same_key_that_comes_late_changes_nothing(
    world: World, older: str, newer: str
) -> None:
    late = world.photo(sequencer=older)
    world.clock.advance(60)
    world.ready_photo(sequencer=newer)
    before = the_photo(world)
    world.container.receive_photo(late)
    assert the_photo(world) == before
    assert uploads(world) == 1
    assert world.events() == []


def test_a_newer_object_that_comes_during_an_upload_wins(world: World) -> None:
    first = world.photo(sequencer="0A")
    second = world.photo(data=PNG, sequencer="0B")
    slow = world.new_process()
    object.__setattr__(slow.unbilled_call, "sleep", lambda _: world.container.receive_photo(second))
    slow.receive_photo(first)
    assert the_photo(world).sequencer.startswith("0B")
    (said,) = world.events("PhotoReady")
    assert said["imageId"] == the_photo(world).image_id


@pytest.mark.promise("Photos", "newest-photo-by-event-time")
def test_a_late_event_of_an_older_photo_does_not_make_it_the_newest(world: World) -> None:
    older = world.photo("old.jpg")
    world.clock.advance(3600)
    world.ready_photo(name="new.jpg")
    world.container.receive_photo(older)
    try_on_id = world.accepted()
    world.run()
    assert photo_used(world, try_on_id) == f"photos/{SHOPPER}/new.jpg"
