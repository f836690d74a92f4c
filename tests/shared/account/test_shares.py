"""Who gets how much of the rate when all want it: shares kept, the rest lent, bulk behind."""

from collections.abc import Iterable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tryon_worker.account.gcra import PERIOD_MS, Priority
from tryon_worker.account.shares import POLLS_BEFORE_BULK, POLLS_RESERVED, ClassShares, shares_of

PERCENTS = {Priority.ERASURE: 10, Priority.SUBMIT: 50, Priority.UPLOAD: 20}
SHARES = shares_of(100, PERCENTS)
RATE = SHARES.rate.per_minute
MINUTES = 20
WEIGHT = 1 + POLLS_RESERVED


def granted(calls: Iterable[Priority], *, every_ms: int = 100) -> dict[Priority, float]:
    """Calls a minute of each class that are let through, if all ask without pause."""
    class_clocks: dict[str, int] = {}
    through = dict.fromkeys(calls, 0)
    for now in range(0, MINUTES * PERIOD_MS, every_ms):
        for call in through:
            if SHARES.wait_ms(class_clocks, call, now) == 0:
                class_clocks = SHARES.advance(class_clocks, call, now)
                through[call] += 1
    return {call: number / MINUTES for call, number in through.items()}


def used(through: dict[Priority, float]) -> float:
    """Requests a minute that this comes to, with the looks that are owed."""
    submits = (Priority.SUBMIT, Priority.BULK)
    return sum(rate * (WEIGHT if call in submits else 1) for call, rate in through.items())


@pytest.mark.promise("One rate limiter", "unused-rate-is-lent")
@pytest.mark.parametrize("call", [Priority.ERASURE, Priority.UPLOAD, Priority.PRODUCT])
def test_what_nobody_else_wants_is_lent(call: Priority) -> None:
    assert granted([call])[call] == pytest.approx(RATE, rel=0.03)


@pytest.mark.promise("P3", "half-the-rate-becomes-generations")
@pytest.mark.promise("One rate limiter", "submits-do-not-starve-polls")
@pytest.mark.parametrize("call", [Priority.SUBMIT, Priority.BULK])
def test_submits_alone_leave_room_for_their_looks(call: Priority) -> None:
    assert granted([call])[call] == pytest.approx(RATE / WEIGHT, rel=0.03)


def test_each_submit_leaves_room_for_a_look_and_some_more() -> None:
    through = granted([Priority.SUBMIT])[Priority.SUBMIT]
    assert RATE / 2.3 < through < RATE / 2.1


@pytest.mark.promise("One rate limiter", "erasure-and-submit-have-shares")
@pytest.mark.parametrize("flood", list(PERCENTS))
@pytest.mark.parametrize("other", list(PERCENTS))
def test_a_share_is_kept_whatever_floods_in(flood: Priority, other: Priority) -> None:
    if flood is other:
        return
    through = granted([flood, other])
    weight = WEIGHT if other is Priority.SUBMIT else 1
    assert through[other] * weight >= RATE * PERCENTS[other] / 100 * 0.97


def test_all_at_once_never_come_to_more_than_the_rate() -> None:
    assert used(granted([call for call in Priority if call is not Priority.POLL])) < RATE * 1.03


def test_shares_that_promise_more_than_there_is_are_cut() -> None:
    parts = shares_of(100, dict.fromkeys(PERCENTS, 80)).parts
    assert sum(parts.values()) == pytest.approx(1)


def mixed(live_per_minute: float) -> float:
    """Bulk submits a minute beside so many live ones."""
    class_clocks: dict[str, int] = {}
    bulk, step = 0, PERIOD_MS / live_per_minute
    due = (round(number * step) for number in count())
    next_live = next(due)
    for now in range(0, MINUTES * PERIOD_MS, 100):
        if now >= next_live:
            assert SHARES.wait_ms(class_clocks, Priority.SUBMIT, now) == 0, (
                "no live one waits for bulk"
            )
            class_clocks, next_live = SHARES.advance(class_clocks, Priority.SUBMIT, now), next(due)
        if SHARES.wait_ms(class_clocks, Priority.BULK, now) == 0:
            class_clocks = SHARES.advance(class_clocks, Priority.BULK, now)
            bulk += 1
    return bulk / MINUTES


@pytest.mark.promise("Live before bulk", "bulk-uses-what-live-leaves")
@pytest.mark.parametrize("live", [1, 10, 20, 40])
def test_bulk_gets_what_live_ones_leave_with_some_looks_each(live: int) -> None:
    left = max(0, RATE - live * (1 + POLLS_BEFORE_BULK)) / WEIGHT
    assert mixed(live) == pytest.approx(left, rel=0.05, abs=1)


def test_looks_are_never_held_back_here() -> None:
    far = {"work": 10**9, "bulk": 10**9}
    assert SHARES.wait_ms(far, Priority.POLL, 0) == 0


@given(st.integers(min_value=2, max_value=2_000), st.sampled_from(list(Priority)))
def test_whoever_is_sent_away_may_go_when_told(limit: int, call: Priority) -> None:
    shares: ClassShares = shares_of(limit, PERCENTS)
    class_clocks: dict[str, int] = {}
    now = 0
    for _ in range(60):
        now += shares.wait_ms(class_clocks, call, now)
        assert shares.wait_ms(class_clocks, call, now) == 0
        class_clocks = shares.advance(class_clocks, call, now)
