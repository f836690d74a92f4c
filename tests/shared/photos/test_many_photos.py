"""One shopper's photos do not use up what all shoppers share."""

import pytest

from tests.support.submitting import SMALL_PHOTO
from tests.support.world import SHOPPER, World
from tests.support.worlds import MakeWorld
from tryon_worker.clock import DAY
from tryon_worker.photos.model import PhotoState


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(max_photos_per_shopper_per_day=2)


def take(world: World, name: str, shopper: str = SHOPPER) -> list[str]:
    """What is said of a photo that comes."""
    world.clock.advance(5)
    world.container.receive_photo(world.photo(name, shopper=shopper, data=SMALL_PHOTO))
    return [event.get("reason", event["type"]) for event in world.events()]


def uploads(world: World) -> int:
    return len(world.genlook.control.calls("upload"))


def test_what_is_over_the_cap_of_a_day_is_rejected_and_costs_no_request(world: World) -> None:
    said = [take(world, f"{number}.jpg") for number in range(4)]
    assert said == [["PhotoReady"], ["PhotoReady"], ["TOO_MANY"], ["TOO_MANY"]]
    assert uploads(world) == 2


def test_the_same_name_again_and_again_is_counted_too(world: World) -> None:
    assert [take(world, "me.jpg") for _ in range(3)] == [
        ["PhotoReady"],
        ["PhotoReady"],
        ["TOO_MANY"],
    ]


def test_it_is_each_shoppers_own_and_begins_anew_each_day(world: World) -> None:
    for number in range(3):
        take(world, f"{number}.jpg")
    assert take(world, "me.jpg", "somebody-else") == ["PhotoReady"]
    world.clock.advance(DAY)
    assert take(world, "next-day.jpg") == ["PhotoReady"]


def test_a_wish_goes_on_with_the_last_that_was_taken(world: World) -> None:
    for number in range(3):
        take(world, f"{number}.jpg")
    try_on_id = world.accepted()
    world.run()
    used = world.try_on(try_on_id).photo_id
    assert used == world.container.pseudonymizer.photo_id(f"photos/{SHOPPER}/1.jpg")


def test_a_wish_that_names_one_too_many_ends(world: World) -> None:
    for number in range(3):
        take(world, f"{number}.jpg")
    world.accepted(photo={"key": f"photos/{SHOPPER}/2.jpg"})
    world.run()
    (failed,) = world.events("TryOnFailed")
    assert failed["reason"] == "PHOTO_REJECTED"


def test_what_goes_again_is_counted_once(world: World) -> None:
    world.genlook.control.refuse("upload", 503, times=3)
    assert take(world, "first.jpg") == []
    for _ in range(6):
        world.clock.advance(300)
        world.housekeeping_round()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]
    assert take(world, "second.jpg") == ["PhotoReady"]


def test_the_same_event_twice_is_counted_once(world: World) -> None:
    arrival = world.photo(data=SMALL_PHOTO)
    for _ in range(4):
        world.new_process().receive_photo(arrival)
    assert take(world, "second.jpg")[-1] == "PhotoReady"


def test_its_object_goes_with_the_first_lifecycle(world: World) -> None:
    for number in range(3):
        take(world, f"{number}.jpg")
    key = f"photos/{SHOPPER}/2.jpg"
    tags = world.s3.get_object_tagging(Bucket=world.photo_bucket, Key=key)["TagSet"]
    assert tags == [{"Key": "keep-for-days", "Value": "1"}]
    photo = world.container.photos.get(
        world.container.pseudonymizer.shopper_key(SHOPPER),
        world.container.pseudonymizer.photo_id(key),
    )
    assert photo is not None
    assert photo.state is PhotoState.REJECTED


def test_a_cap_of_nothing_takes_none(world: World) -> None:
    world.options["max_photos_per_shopper_per_day"] = 0
    assert take(world, "me.jpg") == ["TOO_MANY"]
