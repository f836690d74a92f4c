"""A photo that Genlook cannot take now waits in its row, and no message does."""

from typing import Any

import pytest

from local.genlook.faults import CallFault
from tests.support.photos import the_photo, uploads
from tests.support.world import World


def due_at(world: World) -> int | None:
    (row,) = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    return int(row["dueAt"]) if "dueAt" in row else None


NOT_NOW: list[tuple[int, str]] = [
    (429, "RATE_LIMITED"),
    (500, "INTERNAL_ERROR"),
    (503, "UNAVAILABLE"),
    (401, "INVALID_API_KEY"),
    (402, "INSUFFICIENT_CREDITS"),
    (403, "FORBIDDEN"),
]


@pytest.mark.parametrize(("status", "code"), NOT_NOW)
def test_a_photo_that_genlook_cannot_take_now_waits_in_its_row(
    world: World, status: int, code: str
) -> None:
    world.genlook.control.refuse("upload", status, code)
    world.container.receive_photo(world.photo())
    assert world.events() == []
    waits = due_at(world)
    assert waits is not None
    assert world.clock.now() < waits <= world.clock.now() + 61
    world.genlook.control.disarm()
    for _ in range(10):
        world.clock.advance(61)
        world.housekeeping_round()
    assert [event["type"] for event in world.events() if "Photo" in event["type"]] == ["PhotoReady"]
    assert uploads(world) == 2
    assert due_at(world) is None


@pytest.mark.parametrize("body", ["html", "empty", "text"])
@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_page_of_something_in_between_rejects_no_photo(
    world: World, status: int, body: Any
) -> None:
    world.genlook.control.arm(CallFault(operation="upload", status=status, body=body))
    world.container.receive_photo(world.photo())
    assert world.events() == []
    world.clock.advance(61)
    world.housekeeping_round()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


@pytest.mark.parametrize("lose", ["lose_answer", "lose_call"])
def test_an_upload_whose_answer_is_lost_is_made_again(world: World, lose: str) -> None:
    getattr(world.genlook.control, lose)("upload")
    world.container.receive_photo(world.photo())
    assert world.events() == []
    world.clock.advance(61)
    world.housekeeping_round()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_it_waits_ever_longer_while_genlook_is_down(world: World) -> None:
    world.genlook.control.refuse("upload", 503, times=None)
    world.container.receive_photo(world.photo())
    waits = []
    for _ in range(8):
        due = due_at(world) or 0
        waits.append(due - int(world.clock.now()))
        world.clock.advance(due - world.clock.now() + 1)
        photo = the_photo(world)
        world.container.receive_photo.upload_again(photo.shopper_key, photo.photo_id)
    assert waits == sorted(waits)
    assert waits[0] <= 31
    assert waits[-1] > 3600
    assert uploads(world) == 9
    world.genlook.control.disarm()
    world.clock.advance(6 * 3600 + 2)
    world.housekeeping_round()
    assert world.events("PhotoReady")
    assert the_photo(world).tries == 0


def test_a_429_pauses_all_for_as_long_as_genlook_asks(world: World) -> None:
    world.genlook.control.throttle("upload", retry_after="90")
    world.container.receive_photo(world.photo("first.jpg"))
    world.clock.advance(80)
    world.container.receive_photo(world.photo("second.jpg"))
    assert uploads(world) == 1
    world.clock.advance(30)
    world.housekeeping_round()
    world.clock.advance(30)
    world.housekeeping_round()
    assert len(world.events("PhotoReady")) == 2


def test_while_the_key_is_refused_no_photo_tries_it(world: World) -> None:
    world.genlook.control.set_account(active=False)
    for number in range(6):
        world.container.receive_photo(world.photo(f"{number}.jpg"))
    assert uploads(world) == 1


def test_a_changed_key_is_read_again_and_tried_at_once(world: World) -> None:
    world.container.api_key()
    world.genlook.control.add_key("gk_new")
    world.genlook.control.revoke_key(world.genlook.api_key)
    world.cloud.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString="gk_new"
    )
    world.container.receive_photo(world.photo())
    world.clock.advance(2)
    world.housekeeping_round()
    assert world.events("PhotoReady")


def test_a_used_up_budget_lets_photos_wait_and_loses_none(make_world: Any) -> None:
    world: World = make_world(requests_per_minute=4)
    world.genlook.control.set_account(requestsPerMinute=4)
    for number in range(6):
        world.container.receive_photo(world.photo(f"{number}.jpg"))
    assert uploads(world) < 6
    for _ in range(6):
        world.clock.advance(61)
        world.housekeeping_round()
    assert len(world.events("PhotoReady")) == 6
    assert uploads(world) == 6


@pytest.mark.promise("Photos", "photo-row-is-the-only-record")
def test_a_worker_that_died_within_an_upload_is_replaced_after_its_lease(world: World) -> None:
    arrival = world.photo()
    dying = world.new_process()

    def die(_seconds: float) -> None:
        raise KeyboardInterrupt

    object.__setattr__(dying.unbilled_call, "sleep", die)
    with pytest.raises(KeyboardInterrupt):
        dying.receive_photo(arrival)
    world.container.receive_photo(arrival)  # at once: it might still be alive
    assert uploads(world) == 0
    world.clock.advance(121)
    world.housekeeping_round()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]
