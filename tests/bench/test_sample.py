"""A short sample of the bench: what must hold in every row, and the bar where it is stable."""

from dataclasses import replace
from typing import Any

import pytest

from bench.bar import BARS, missed
from bench.cases import Case, Draw, cases, doubling, lognormal, two_peaks
from bench.policies import Fixed2s, LowerBound
from bench.results import Result, result_of
from bench.run import Run
from bench.worker import WorkerRun

MINUTES = 8.0
SEED = 3


def ran(policy: type[Run], case: Case) -> Result:
    return result_of(policy(case, SEED)())


def load(arrivals: int, middle: float) -> Case:
    return Case("sample", arrivals, lognormal(middle), middle, MINUTES)


@pytest.mark.promise("P3", "no-429-in-normal-operation")
@pytest.mark.parametrize(("arrivals", "middle"), [(1, 40.0), (20, 12.5), (40, 12.5), (60, 40.0)])
def test_no_429_no_minute_over_the_limit_and_nothing_lost(arrivals: int, middle: float) -> None:
    result = ran(WorkerRun, load(arrivals, middle))
    assert result.rate_limited == 0
    assert result.max_requests_in_any_minute <= 100
    assert result.all_done


@pytest.mark.promise("P3", "half-the-rate-becomes-generations")
def test_at_forty_a_minute_delay_and_requests_are_within_the_bar() -> None:
    result = ran(WorkerRun, load(40, 12.5))
    bar = BARS[12.5, 40]
    assert bar.p50 is not None
    assert bar.requests is not None
    assert result.delay_p50_seconds is not None
    assert result.delay_p50_seconds < bar.p50
    assert result.requests_per_generation is not None
    assert result.requests_per_generation < bar.requests


@pytest.mark.parametrize("draw", [doubling(12.5), two_peaks(8, 32)])
def test_a_vendor_that_changes_or_has_two_peaks_upsets_nothing(draw: Draw) -> None:
    case = replace(load(30, 12.5), draw=draw)
    result = ran(WorkerRun, case)
    assert (result.rate_limited, result.all_done) == (0, True)
    assert result.delay_p50_seconds is not None
    assert result.delay_p50_seconds < 8


@pytest.mark.promise("P3", "plain-poller-is-refused")
def test_the_published_advice_is_refused_where_the_worker_is_not() -> None:
    assert ran(Fixed2s, load(20, 12.5)).rate_limited > 100


def test_nobody_can_be_below_the_bound() -> None:
    bound, worker = ran(LowerBound, load(30, 12.5)), ran(WorkerRun, load(30, 12.5))
    assert bound.rate_limited == 0
    assert bound.delay_p50_seconds is not None
    assert worker.delay_p50_seconds is not None
    assert bound.delay_p50_seconds < worker.delay_p50_seconds
    assert bound.requests_per_generation == 2


def test_the_same_seed_gives_the_same_row() -> None:
    case = load(20, 12.5)
    assert ran(WorkerRun, case) == ran(WorkerRun, case)


def test_the_rows_are_those_that_were_asked_for() -> None:
    found = [(case.median_seconds, case.arrivals_per_minute) for case in cases()]
    assert len(found) == len(set(found)) == 18
    assert set(BARS) <= set(found)
    assert set(ran(WorkerRun, load(1, 40)).to_json()) == set(
        "policy medianSeconds arrivalsPerMinute generationsPerMinute requestsPerGeneration "
        "rateLimited maxRequestsInAnyMinute delayP50Seconds delayP95Seconds".split()
    )


GOOD = Result("c", "worker", 12.5, 40, 40.0, 2.3, 0, 99, 6.0, 14.0, True)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"delay_p50_seconds": 7.1}, "p50 7.1 > 7"),
        ({"requests_per_generation": 2.5}, "requests a generation 2.5 > 2.45"),
        ({"rate_limited": 1}, "1 answers were 429"),
        ({"max_requests_in_any_minute": 101}, "101 requests within a minute"),
        ({"all_done": False}, "some try-ons never came to an end"),
        (
            {"arrivals_per_minute": 60, "generations_per_minute": 43.0},
            "generations a minute 43.0 < 43.5",
        ),
    ],
)
def test_a_row_below_the_bar_is_named(change: dict[str, Any], what: str) -> None:
    assert missed([GOOD]) == []
    (said,) = missed([replace(GOOD, **change)])
    assert what in said


def test_more_requests_than_the_advice_at_an_idle_account_are_named() -> None:
    ours = replace(GOOD, arrivals_per_minute=1, delay_p50_seconds=1.0, delay_p95_seconds=1.0)
    assert missed([ours, replace(ours, policy="fixed-2s", requests_per_generation=2.2)])
    assert not missed([ours, replace(ours, policy="fixed-2s", requests_per_generation=2.4)])
