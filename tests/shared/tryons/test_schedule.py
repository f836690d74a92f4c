"""The looks with the least expected delay for what the budget allows."""

from itertools import pairwise
from statistics import mean, quantiles

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.shared.tryons.laws import lognormal, looks_at, outcome, two_peaks
from tryon_worker.tryons.schedule import (
    LONGEST_WAIT_SECONDS,
    SHORTEST_GAP_SECONDS,
    schedule,
    survival,
)

LOOKS = st.floats(min_value=1.1, max_value=100)
DURATIONS = st.lists(st.floats(min_value=0.5, max_value=3_600), max_size=64)


@settings(max_examples=50)
@given(DURATIONS, LOOKS, st.floats(min_value=-5, max_value=90_000))
def test_every_wait_is_one_that_step_functions_can_wait(
    durations: list[float], polls: float, age: float
) -> None:
    plan = schedule(survival(durations), polls)
    for wait in (plan.wait(age), plan.wait(age, age - 1), plan.wait(age + 1, age)):
        assert isinstance(wait, int)
        assert 1 <= wait <= LONGEST_WAIT_SECONDS


@settings(max_examples=50)
@given(DURATIONS, LOOKS)
def test_it_needs_no_more_looks_than_there_are(durations: list[float], polls: float) -> None:
    assert schedule(survival(durations), polls).polls <= polls + 0.01


@pytest.mark.parametrize("polls", [1.15, 1.5, 2.2, 4.0])
@pytest.mark.parametrize("middle", [12.5, 40])
def test_generations_of_that_kind_really_need_so_few(middle: float, polls: float) -> None:
    plan = schedule(survival(lognormal(middle, 64)), polls)
    needed, _ = outcome(plan, lognormal(middle, 2_000, seed=2))
    assert polls * 0.8 < needed < polls * 1.1


@pytest.mark.parametrize("polls", [1.2, 1.5, 2.2, 3.5])
@pytest.mark.parametrize("middle", [12.5, 40])
def test_no_first_look_with_a_fixed_interval_has_less_delay_for_as_many_looks(
    middle: float, polls: float
) -> None:
    """Against all that a plainer plan could choose, knowing the law that is only learned here."""
    law = lognormal(middle, 2_000, seed=2)
    needed, delay = outcome(schedule(survival(lognormal(middle, 64)), polls), law)
    took = np.array(law)
    plainer = [
        fixed(first, interval, took)
        for first in range(2, int(middle * 3))
        for interval in range(2, int(middle * 2))
    ]
    best = min(delays for used, delays in plainer if used <= needed)
    assert delay < best * 1.1


def fixed(first: float, interval: float, took: NDArray[np.float64]) -> tuple[float, float]:
    """Mean looks and mean delay of a plan with a first look and an interval."""
    more = np.maximum(0, np.ceil((took - first) / interval))
    delays = first + more * interval - took
    return 1 + float(more.mean()), float(delays.mean())


def test_more_looks_are_less_delay() -> None:
    law = lognormal(12.5, 2_000, seed=2)
    curve = survival(lognormal(12.5, 64))
    delays = [outcome(schedule(curve, polls), law)[1] for polls in (1.1, 1.3, 1.8, 3, 20)]
    assert delays == sorted(delays, reverse=True)
    assert delays[-1] < 1.5


def test_an_idle_account_looks_every_two_seconds_from_when_it_may_be_ready() -> None:
    ages = looks_at(schedule(survival(lognormal(40, 64)), 95), until=60)
    assert ages[0] > 8, "nothing was ever ready by then"
    assert mean(b - a for a, b in pairwise(ages)) == pytest.approx(SHORTEST_GAP_SECONDS, abs=0.6)


@settings(max_examples=30)
@given(DURATIONS, LOOKS)
def test_looks_are_never_more_frequent_than_advised(durations: list[float], polls: float) -> None:
    ages = looks_at(schedule(survival(durations), polls), until=300)
    assert all(b - a >= SHORTEST_GAP_SECONDS - 0.5 for a, b in pairwise(ages))


def test_two_peaks_are_looked_for_where_they_are() -> None:
    """One look after each peak, none in the long valley between."""
    first, second = looks_at(schedule(survival(two_peaks()), 1.6))[:2]
    assert 8 < first < 14
    assert 32 < second < 50


def test_beyond_all_that_was_seen_looks_become_rarer_and_never_stop() -> None:
    ages = looks_at(schedule(survival([12.0] * 64), 1.5), until=7_200)
    late = [b - a for a, b in pairwise(ages) if a > 40]
    assert late[0] < late[-1] <= LONGEST_WAIT_SECONDS + 1
    assert len(late) > 30


@pytest.mark.parametrize(("before", "after"), [(12.5, 25), (40, 12.5)])
def test_it_recovers_when_the_vendor_becomes_slower_or_faster(before: float, after: float) -> None:
    """After as many new durations as a minute of a busy shop brings."""
    law = lognormal(after, 2_000, seed=3)
    mixed = [*lognormal(after, 30, seed=4), *lognormal(before, 34)]
    _, changed = outcome(schedule(survival(mixed), 2.0), law)
    _, settled = outcome(schedule(survival(lognormal(after, 64)), 2.0), law)
    assert changed < settled + quantiles(law)[1] / 2


def test_a_generation_adopted_late_is_looked_at_at_once() -> None:
    assert schedule(survival(lognormal(12.5, 64)), 1.5).wait(300.0) <= 2
