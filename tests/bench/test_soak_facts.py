"""What a soak counts, and when it says that it missed."""

from dataclasses import replace

import pytest

from bench.soak import main
from bench.soak_facts import Facts, Told, busiest_minute, missed


@pytest.mark.parametrize(
    ("times", "most"),
    [
        ([], 0),
        ([5.0], 1),
        ([0.0, 59.9], 2),
        ([0.0, 60.0], 1),
        ([70.0, 0.0, 30.0, 65.0, 89.0], 4),
    ],
)
def test_the_busiest_minute_is_any_sixty_seconds(times: list[float], most: int) -> None:
    assert busiest_minute(times) == most


def facts() -> Facts:
    told = [Told(completed=True, delay_seconds=seconds) for seconds in (1.0, 4.0, 9.0)]
    calls = [{"status": 200, "time": float(second)} for second in range(6)]
    return Facts.of(1, 3, told, calls, [2.0, 2.0, 2.0])


def test_a_soak_that_reached_all_misses_nothing() -> None:
    reached = facts()
    assert (reached.completed, reached.requests_per_generation) == (3, 2.0)
    assert (reached.delay_p50_seconds, reached.max_requests_in_any_minute) == (4.0, 6)
    assert missed(reached) == []


def test_a_refusal_is_counted_and_said() -> None:
    calls = [{"status": 429, "time": 0.0}]
    assert "429" in missed(Facts.of(1, 0, [], calls, []))[0]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (replace(facts(), completed=2), "1 try-ons did not complete"),
        (replace(facts(), delay_p50_seconds=6.1), "6.1 s"),
    ],
)
def test_what_was_not_reached_is_named(changed: Facts, word: str) -> None:
    (said,) = missed(changed)
    assert word in said


def test_a_soak_of_no_time_is_refused_before_anything_starts() -> None:
    with pytest.raises(SystemExit):
        main(["--minutes", "0"])
