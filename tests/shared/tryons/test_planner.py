"""Looks follow what was learned and what the budget affords, from the submit to the outcome."""

from dataclasses import replace
from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.support.tryons import submitted
from tests.support.world import START, World
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import RequestRates
from tryon_worker.aws import keys
from tryon_worker.aws.table import update
from tryon_worker.genlook import Generation
from tryon_worker.tryons.planner import Asked, PollPlanner
from tryon_worker.tryons.polling import Decided, StillRunning


def learn(world: World, *durations: float) -> None:
    for number, seconds in enumerate(durations):
        world.container.durations.add(f"learned-{number}", seconds, at=int(START) + number)


def busy(world: World, live: float, bulk: float = 0.0) -> None:
    """So many submits a minute were granted lately."""
    now = int(world.clock.now() * 1000)
    request_rates = RequestRates(live=live, bulk=bulk).to_row()
    world.container.table.write(
        update(
            keys.RATE_LIMITER,
            "SET #requestRates = :request_rates, #seenAt = :now",
            request_rates=request_rates,
            now=now,
        )
    )


def plan(world: World) -> PollPlanner:
    """That of a new process, which has none in memory."""
    return world.new_process().poll_planner


def poll(world: World, try_on_id: str) -> StillRunning | Decided:
    return world.container.poll(try_on_id, world.state_machine.started[try_on_id])


@pytest.mark.parametrize(
    "fate", [Fate(seconds=20), Fate(kind="fail", seconds=20)], ids=["completed", "failed"]
)
def test_the_look_that_sees_the_end_learns_how_long_it_took(world: World, fate: Fate) -> None:
    try_on_id = submitted(world, fate)
    world.clock.advance(33)
    assert poll(world, try_on_id) == Decided()
    assert world.container.durations.recent() == [pytest.approx(20, abs=0.1)]


def test_what_still_runs_or_says_no_times_teaches_nothing(world: World) -> None:
    try_on_id = submitted(world, Fate(seconds=20))
    assert isinstance(poll(world, try_on_id), StillRunning)
    real = world.container.poll.generation

    def timeless(generation_id: str) -> Generation:
        return replace(real(generation_id), created_at=None)

    world.container.poll.__dict__["generation"] = timeless
    world.clock.advance(30)
    assert poll(world, try_on_id) == Decided()
    assert world.container.durations.recent() == []


def test_an_outcome_is_not_lost_if_nothing_can_be_learned(world: World) -> None:
    """It is decided first: a look that is tried again finds it."""
    try_on_id = submitted(world)
    world.clock.advance(10)

    def fails(*_: Any, **__: Any) -> None:
        raise OSError

    world.container.poll_planner.__dict__["learn"] = fails
    with pytest.raises(OSError):  # noqa: PT011  it has no text
        poll(world, try_on_id)
    assert poll(world, try_on_id) == Decided()
    world.container.outcomes.publish(try_on_id)
    assert [event["type"] for event in world.events()] == ["TryOnCompleted"]


@pytest.mark.promise("Polls are planned, not ticked", "first-poll-is-learned")
def test_the_first_look_follows_the_learned_durations(world: World) -> None:
    learn(world, *[40.0] * 12)
    slow = plan(world).first(0)
    learn(world, *[8.0] * 64)
    assert plan(world).first(0) < 10 < slow < 40


def test_the_wait_loop_starts_with_the_planned_wait(world: World) -> None:
    learn(world, *[40.0] * 12)
    waits: list[int] = []
    start = world.state_machine.start

    def started(try_on_id: str, generation_id: str, wait_seconds: int) -> bool:
        waits.append(wait_seconds)
        return start(try_on_id, generation_id, wait_seconds)

    world.state_machine.__dict__["start"] = started
    submitted(world)
    assert len(waits) == 1
    assert 15 < waits[0] < 40


@pytest.mark.promise("Polls are planned, not ticked", "polls-follow-the-rate")
def test_the_busier_the_account_the_later_the_first_look(world: World) -> None:
    learn(world, *[10.0, 11.0, 12.0, 13.0, 14.0, 16.0, 20.0, 25.0])
    waits = []
    for live in (1, 20, 40, 60):
        busy(world, live)
        waits.append(plan(world).first(0))
    assert waits == sorted(waits)
    assert waits[0] + 5 < waits[-1]


def test_bulk_is_looked_at_later_than_what_is_live(world: World) -> None:
    learn(world, *[10.0, 11.0, 12.0, 13.0, 14.0, 16.0, 20.0, 25.0])
    busy(world, 10, bulk=25)
    one = plan(world)
    assert one.first(0) < one.first(0, bulk=True)


@pytest.mark.promise("Polls are planned, not ticked", "polls-follow-the-rate")
def test_the_next_look_of_an_idle_account_is_two_seconds_away(world: World) -> None:
    learn(world, *[12.5] * 12)
    assert plan(world).next(Asked(12.0, RequestRates(live=1)), 12.3) in (1, 2)


def test_a_plan_is_made_anew_after_some_seconds(world: World) -> None:
    one = plan(world)
    learn(world, *[12.5] * 12)
    before = one.first(0)
    learn(world, *[100.0] * 64)
    assert one.first(0) == before
    world.clock.advance(6)
    assert one.first(0) > before


def test_a_submit_counts_as_traffic_and_a_look_does_not(world: World) -> None:
    world.container.rate_limiter.take(Priority.SUBMIT)
    before = world.container.rate_limiter.request_rates()
    world.container.rate_limiter.take(Priority.POLL)
    assert world.container.rate_limiter.request_rates() == before
    assert before.live > 0
