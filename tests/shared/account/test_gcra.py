"""The bucket's arithmetic: what the account's limit allows, and no more, in any minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tryon_worker.account.gcra import PERIOD_MS, SPREAD_MS, Priority, Rate

GREEDIEST = Priority.ERASURE


def greedy(rate: Rate, call: Priority, minutes: int) -> list[int]:
    """When requests go if somebody asks without pause, in ms."""
    tat, sent = 0, []
    while (slot := max(0, rate.due_ms(tat, call))) < minutes * PERIOD_MS:
        sent.append(slot)
        tat = max(tat, slot) + rate.interval_ms
    return sent


def most_in_a_minute(sent: list[int], window_ms: int = PERIOD_MS) -> int:
    """The most of them within any ``window_ms``."""
    return max(sum(start <= at <= start + window_ms for at in sent) for start in sent)


@pytest.mark.promise("P3", "no-429-in-normal-operation")
@pytest.mark.promise("One rate limiter", "limit-holds-with-burst-and-allowance")
@given(st.integers(min_value=2, max_value=2000))
def test_no_minute_holds_more_than_the_limit_whatever_the_latency_and_skew(limit: int) -> None:
    sent = greedy(Rate(limit), GREEDIEST, 2) if limit < 300 else None
    if sent is None:
        rate = Rate(limit)
        assert int(rate.burst + (PERIOD_MS + SPREAD_MS) / rate.interval_ms) <= limit
    else:
        assert most_in_a_minute(sent, PERIOD_MS + SPREAD_MS) <= limit


def test_most_of_the_limit_is_used() -> None:
    """Two requests a generation: what is left out of 100 is what 50 generations a minute lack."""
    assert len(greedy(Rate(100), Priority.POLL, 10)) / 10 >= 95.5


@pytest.mark.parametrize(
    ("higher", "lower"),
    [
        (Priority.ERASURE, Priority.SUBMIT),
        (Priority.SUBMIT, Priority.UPLOAD),
        (Priority.UPLOAD, Priority.POLL),
        (Priority.POLL, Priority.BULK),
    ],
)
def test_a_higher_class_may_go_where_a_lower_one_must_leave_its_share(
    higher: Priority, lower: Priority
) -> None:
    rate = Rate(100)
    assert rate.tolerance_ms(higher) >= rate.tolerance_ms(lower)
    assert rate.latest_tat(0, higher) > rate.latest_tat(0, lower)


def test_a_tiny_limit_still_lets_something_through() -> None:
    rate = Rate(2)
    assert most_in_a_minute(greedy(rate, GREEDIEST, 5), PERIOD_MS + SPREAD_MS) <= 2
    assert len(greedy(rate, GREEDIEST, 5)) >= 4


def test_the_spread_covers_skew_latency_and_the_mark() -> None:
    """200 ms between clocks, 50 to 800 ms to Genlook, and a submit's mark before its call."""
    assert SPREAD_MS >= 200 + 750 + 250
