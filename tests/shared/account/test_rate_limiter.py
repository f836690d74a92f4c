"""The one budget that all calls draw on, in the real table (promise P3)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from tests.support.world import World
from tryon_worker.account.gcra import Priority, Rate
from tryon_worker.account.rate_limiter import (
    DEFAULT_PAUSE_SECONDS,
    MAX_PAUSE_SECONDS,
    Denied,
    Granted,
    RateLimiter,
)
from tryon_worker.account.shares import shares_of
from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import Row, Table, Write, update
from tryon_worker.clock import Clock

RATE = Rate(100)
SHARES = shares_of(100, {Priority.ERASURE: 10, Priority.SUBMIT: 50, Priority.UPLOAD: 20})
INTERVAL = RATE.interval_ms / 1000


def rate_limiter(world: World, *, skew: float = 0.0) -> RateLimiter:
    return RateLimiter(world.container.table, SHARES, lambda: world.clock.now() + skew)


def drain(rate_limiter: RateLimiter, call: Priority) -> tuple[list[float], Denied]:
    """Takes until nothing near is left: the waits granted, and the refusal."""
    waits = []
    while isinstance(answer := rate_limiter.take(call), Granted):
        waits.append(answer.wait_seconds)
        assert len(waits) < 50
    return waits, answer


def test_an_idle_account_grants_at_once(world: World) -> None:
    assert rate_limiter(world).take(Priority.POLL) == Granted(0)


def test_what_follows_is_spread_by_the_interval(world: World) -> None:
    one = rate_limiter(world)
    one.take(Priority.POLL)
    second, third = one.take(Priority.POLL), one.take(Priority.POLL)
    assert isinstance(second, Granted)
    assert isinstance(third, Granted)
    assert second.wait_seconds == pytest.approx(INTERVAL, abs=0.01)
    assert third.wait_seconds == pytest.approx(2 * INTERVAL, abs=0.01)


@pytest.mark.promise("Waiting is not failing", "worker-waits-for-a-near-permit")
def test_a_slot_that_is_not_near_is_not_booked(world: World) -> None:
    one = rate_limiter(world)
    _, refused = drain(one, Priority.POLL)
    before = world.container.table.get(keys.RATE_LIMITER)
    assert isinstance(one.take(Priority.POLL), Denied)
    assert world.container.table.get(keys.RATE_LIMITER) == before
    world.clock.advance(refused.retry_seconds)
    assert isinstance(one.take(Priority.POLL), Granted)


@pytest.mark.promise("One rate limiter", "erasure-and-submit-have-shares")
def test_polls_cannot_take_what_submits_and_erasures_may_have(world: World) -> None:
    one = rate_limiter(world)
    drain(one, Priority.POLL)
    assert isinstance(one.take(Priority.SUBMIT), Granted)
    drain(one, Priority.SUBMIT)
    assert isinstance(one.take(Priority.SUBMIT), Denied)
    assert isinstance(one.take(Priority.ERASURE), Granted)


@pytest.mark.promise("One rate limiter", "submits-do-not-starve-polls")
def test_submits_do_not_starve_polls(world: World) -> None:
    """Whoever waits longest ahead, time passes for all: a poll goes within a few seconds."""
    one = rate_limiter(world)
    drain(one, Priority.SUBMIT)
    answer = one.take(Priority.POLL)
    assert isinstance(answer, Denied)
    world.clock.advance(answer.retry_seconds)
    assert answer.retry_seconds < 5
    assert isinstance(one.take(Priority.POLL), Granted)


@pytest.mark.parametrize("other", [Priority.SUBMIT, Priority.UPLOAD, Priority.POLL])
def test_bulk_uses_what_nobody_else_has_booked(world: World, other: Priority) -> None:
    one = rate_limiter(world)
    drain(one, Priority.BULK)
    assert isinstance(one.take(Priority.BULK), Denied)
    assert isinstance(one.take(other), Granted)


@pytest.mark.promise("P3", "one-rate-limiter-for-all-calls")
@pytest.mark.promise("One rate limiter", "one-conditional-update-a-call")
def test_twenty_callers_at_once_never_get_the_same_slot(world: World) -> None:
    def take(_: int) -> Granted | Denied:
        return RateLimiter(world.new_process().table, SHARES, world.clock.now).take(
            Priority.ERASURE
        )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(take, range(20)))
    waits = sorted(answer.wait_seconds for answer in answers if isinstance(answer, Granted))
    at_once = [wait for wait in waits if wait == 0]
    assert len(at_once) <= RATE.burst
    later = [wait for wait in waits if wait > 0]
    assert all(b - a == pytest.approx(INTERVAL, abs=0.01) for a, b in pairwise(later))
    assert waits


@pytest.mark.promise("One rate limiter", "pause-is-at-most-5-minutes")
@pytest.mark.parametrize(
    ("asked", "paused_for"),
    [(None, DEFAULT_PAUSE_SECONDS), (7.0, 7), (0.0, 1), (86_400.0, MAX_PAUSE_SECONDS)],
)
def test_a_429_pauses_everybody(world: World, asked: float | None, paused_for: float) -> None:
    rate_limiter(world).pause(asked)
    for call in Priority:
        answer = rate_limiter(world).take(call)
        assert isinstance(answer, Denied)
        assert answer.retry_seconds == pytest.approx(paused_for, abs=0.1)
    world.clock.advance(paused_for)
    assert isinstance(rate_limiter(world).take(Priority.POLL), Granted)


class PausedMeanwhile(Table):
    """A table in which somebody pauses between each read and the write after it."""

    def get(self, key: Key) -> Row | None:
        row = super().get(key)
        self.pause()
        return row

    def pause(self) -> None:
        until = int((self.clock() + 60) * 1000)
        super().write(update(keys.RATE_LIMITER, "SET #pausedUntil = :until", until=until))

    clock: Clock


@pytest.mark.promise("One rate limiter", "pause-is-at-most-5-minutes")
def test_a_pause_that_comes_between_the_read_and_the_write_holds(world: World) -> None:
    rate_limiter(world).take(Priority.POLL)
    table = PausedMeanwhile(world.cloud.client("dynamodb"), world.name)
    table.clock = world.clock.now
    assert isinstance(RateLimiter(table, SHARES, world.clock.now).take(Priority.ERASURE), Denied)


def test_a_shorter_pause_does_not_cut_a_longer_one(world: World) -> None:
    rate_limiter(world).pause(60)
    rate_limiter(world).pause(1)
    world.clock.advance(30)
    assert isinstance(rate_limiter(world).take(Priority.POLL), Denied)


def _lost(world: World) -> None:
    world.cloud.client("dynamodb").delete_item(
        TableName=world.name,
        Key={"pk": {"S": keys.RATE_LIMITER[0]}, "sk": {"S": keys.RATE_LIMITER[1]}},
    )


def _future_dated(world: World) -> None:
    far = int((world.clock.now() + 86_400) * 1000)
    world.container.table.write(update(keys.RATE_LIMITER, "SET #tat = :far", far=far))


def _pause_of_a_wrong_clock(world: World) -> None:
    RateLimiter(world.container.table, SHARES, lambda: world.clock.now() + 86_400).pause(60)


def _garbage(world: World) -> None:
    """What nobody here ever wrote."""
    rubbish: dict[str, Any] = {
        "tat": "soon",
        "classClocks": ["x"],
        "requestRates": {"live": "many"},
        "at": {},
    }
    rubbish["until"] = "later"
    world.container.table.write(
        update(
            keys.RATE_LIMITER,
            "SET #tat = :tat, #classClocks = :classClocks, #requestRates = :requestRates, "
            "#seenAt = :at, "
            "#pausedUntil = :until",
            **rubbish,
        )
    )


def _lanes_of_a_wrong_clock(world: World) -> None:
    far = int((world.clock.now() + 86_400) * 1000)
    class_clocks = {"work": far, "bulk": far, "poll": far}
    world.container.table.write(
        update(keys.RATE_LIMITER, "SET #classClocks = :class_clocks", class_clocks=class_clocks)
    )


@pytest.mark.promise("One rate limiter", "time-never-goes-back")
@pytest.mark.parametrize(
    "harm",
    [_lost, _future_dated, _garbage, _lanes_of_a_wrong_clock, _pause_of_a_wrong_clock],
)
def test_a_lost_or_future_dated_item_heals_itself(
    world: World, harm: Callable[[World], None]
) -> None:
    rate_limiter(world).take(Priority.POLL)
    harm(world)
    for call in Priority:
        assert isinstance(rate_limiter(world).take(call), Granted)
        world.clock.advance(5)


def test_a_pause_of_a_wrong_clock_hides_no_real_one(world: World) -> None:
    _pause_of_a_wrong_clock(world)
    rate_limiter(world).pause(60)
    answer = rate_limiter(world).take(Priority.ERASURE)
    assert isinstance(answer, Denied)
    assert answer.retry_seconds == pytest.approx(60, abs=0.1)


@pytest.mark.promise("One rate limiter", "time-never-goes-back")
def test_the_items_time_never_goes_back_whatever_a_callers_clock_says(world: World) -> None:
    ahead, behind = rate_limiter(world, skew=0.2), rate_limiter(world, skew=-0.2)
    tats = []
    for one in (ahead, behind, behind, ahead, behind):
        one.take(Priority.ERASURE)
        row = world.container.table.get(keys.RATE_LIMITER)
        assert row is not None
        tats.append(row["tat"])
    assert tats == sorted(tats)
    assert len(set(tats)) == len(tats)


class CountingTable(Table):
    """Counts what it writes."""

    writes = 0

    def write(self, write: Write) -> Row:
        self.writes += 1
        return super().write(write)


@pytest.mark.promise("One rate limiter", "one-conditional-update-a-call")
def test_one_take_is_one_write_while_the_account_is_busy(world: World) -> None:
    """Every call costs a write: two for each would double what the budget itself costs."""
    table = CountingTable(world.cloud.client("dynamodb"), world.name)
    one = RateLimiter(table, SHARES, world.clock.now)
    one.take(Priority.ERASURE)
    before = table.writes
    one.take(Priority.ERASURE)
    assert table.writes - before == 1


def test_what_was_granted_lately_comes_with_the_slot_and_fades(world: World) -> None:
    one = rate_limiter(world)
    for call in [Priority.SUBMIT, Priority.SUBMIT, Priority.BULK, Priority.UPLOAD]:
        one.take(call)
        world.clock.advance(5)
    slot = one.take(Priority.POLL)
    assert isinstance(slot, Granted)
    assert slot.request_rates.live == pytest.approx(2 * slot.request_rates.other, rel=0.2)
    assert slot.request_rates.bulk > 0
    world.clock.advance(600)
    assert one.request_rates().live < 0.01


def test_a_steady_flow_of_submits_is_counted_as_what_it_is(world: World) -> None:
    one = rate_limiter(world)
    for _ in range(100):
        one.take(Priority.SUBMIT)
        world.clock.advance(3)
    assert one.request_rates().live == pytest.approx(20, rel=0.1)
