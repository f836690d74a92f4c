"""A slot that is a few seconds away is not waited for until housekeeping comes."""

from dataclasses import replace

import pytest

from tests.support.submitting import SMALL_PHOTO, ordered
from tests.support.world import World
from tryon_worker.account.calls import backoff_seconds
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Granted
from tryon_worker.aws.queues import RESEND_SECONDS
from tryon_worker.photos.model import PhotoState
from tryon_worker.tryons.model import State, WaitingFor


def pass_by(world: World, seconds: int) -> None:
    """Time passes, and what comes by itself is delivered; housekeeping does not come."""
    for _ in range(seconds):
        world.clock.advance(1)
        world.run()


def use_up(world: World) -> None:
    """Slots are booked as far ahead as any class may."""
    while isinstance(world.container.rate_limiter.take(Priority.ERASURE), Granted):
        pass


def test_a_try_on_that_finds_no_slot_goes_a_few_seconds_later(world: World) -> None:
    try_on_id = ordered(world)
    use_up(world)
    world.step(try_on_id)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.RATE
    pass_by(world, 5)
    assert world.try_on(try_on_id).state is State.SUBMITTED


def test_after_a_pause_it_goes_when_the_pause_is_over(world: World) -> None:
    try_on_id = ordered(world)
    world.container.rate_limiter.pause(40)
    world.step(try_on_id)
    pass_by(world, 39)
    assert world.paid_calls() == 0
    pass_by(world, 3)
    assert world.try_on(try_on_id).state is State.SUBMITTED


def test_housekeeping_asks_again_only_if_the_message_was_lost(world: World) -> None:
    try_on_id = ordered(world)
    use_up(world)
    world.step(try_on_id)
    assert world.messages("tryon") == []
    world.underway.clear()
    world.clock.advance(RESEND_SECONDS)
    world.container.housekeeping_round(lambda: 50.0)
    assert world.messages("tryon") == []
    world.clock.advance(60)
    world.container.housekeeping_round(lambda: 50.0)
    assert [body["tryOnId"] for body in world.messages("tryon")] == [try_on_id]


def test_a_step_whose_claim_is_another_workers_asks_for_none(world: World) -> None:
    try_on_id = ordered(world)
    now = int(world.clock.now())
    try_on = world.container.ledger.claim(try_on_id, "another", now=now, lease_until=now + 150)
    world.container.defer.until_rate(try_on, "mine", 1.0)
    assert world.arrivals("tryon") == []


def test_a_photo_that_finds_no_slot_goes_a_few_seconds_later(world: World) -> None:
    use_up(world)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    assert world.events() == []
    pass_by(world, 10)
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_a_photo_whose_message_was_lost_is_asked_for_again(world: World) -> None:
    use_up(world)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    world.arrivals("upload")
    world.clock.advance(RESEND_SECONDS + 60)
    world.housekeeping_round()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_a_photo_that_was_erased_meanwhile_is_gone(world: World) -> None:
    use_up(world)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    world.clock.advance(1)
    world.container.erase("shopper-7", "forget-me")
    pass_by(world, 5)
    assert not [row for row in world.rows() if row.get("state") == PhotoState.READY]
    assert world.genlook.control.calls("upload") == []


@pytest.mark.parametrize(
    ("seconds", "tries", "expected"),
    [(0.2, 0, 1), (4.9, 0, 5), (0.2, 3, 8), (0.2, 6, 60), (0.2, 50, 60), (300, 1, 301)],
)
def test_who_asks_again_and_again_asks_ever_more_rarely(
    seconds: float, tries: int, expected: int
) -> None:
    assert backoff_seconds(seconds, tries) == expected


def test_a_try_on_that_has_tried_often_lets_others_go_first(world: World) -> None:
    try_on_id = ordered(world)
    now = int(world.clock.now())
    try_on = world.container.ledger.claim(try_on_id, "a", now=now, lease_until=now + 150)
    world.container.defer.until_rate(replace(try_on, attempts=6), "a", 0.5)
    ((at, _),) = world.arrivals("tryon")
    assert at - world.clock.now() == 32
