"""The circuit breaker by itself: what shuts it, who gets a turn, when it is tried again."""

import pytest

from tests.support.tables import Stores
from tryon_worker.account.circuit_breaker import (
    PROBE_SECONDS,
    CircuitBreaker,
    CircuitState,
    OpenReason,
)
from tryon_worker.aws import keys
from tryon_worker.aws.table import update

START = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit_breaker(stores: Stores, clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(stores.table, clock)


def trial(
    circuit_breaker: CircuitBreaker, by: OpenReason = OpenReason.INSUFFICIENT_CREDITS
) -> None:
    circuit_breaker.open(by)
    assert circuit_breaker.half_open()


def test_a_new_one_is_open_for_all(circuit_breaker: CircuitBreaker) -> None:
    assert circuit_breaker.try_acquire("a")
    assert circuit_breaker.try_acquire("b")
    assert not circuit_breaker.circuit().is_blocking(START)


@pytest.mark.parametrize("by", OpenReason)
def test_shut_nobody_passes_and_it_is_shut_once(
    circuit_breaker: CircuitBreaker, by: OpenReason
) -> None:
    assert circuit_breaker.open(by)
    assert not circuit_breaker.open(by)
    assert not circuit_breaker.try_acquire("a")
    assert circuit_breaker.circuit().is_blocking(START)
    assert circuit_breaker.circuit().opened_by is by


def test_the_accounts_word_replaces_a_guess_but_not_the_other_way_round(
    circuit_breaker: CircuitBreaker,
) -> None:
    circuit_breaker.open(OpenReason.UNKNOWN_ENDS)
    assert circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    assert not circuit_breaker.open(OpenReason.UNKNOWN_ENDS)
    assert not circuit_breaker.open(OpenReason.INVALID_API_KEY)
    assert circuit_breaker.circuit().opened_by is OpenReason.INSUFFICIENT_CREDITS


def test_only_used_up_credits_have_to_be_told(circuit_breaker: CircuitBreaker) -> None:
    circuit_breaker.open(OpenReason.INVALID_API_KEY)
    assert not circuit_breaker.circuit().unpublished
    circuit_breaker.half_open()
    circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    assert circuit_breaker.circuit().unpublished
    circuit_breaker.published()
    circuit_breaker.published()
    assert not circuit_breaker.circuit().unpublished


@pytest.mark.promise("One rate limiter", "probe-then-one-submit")
def test_in_a_trial_there_is_one_turn_and_its_success_opens(
    circuit_breaker: CircuitBreaker,
) -> None:
    trial(circuit_breaker)
    assert circuit_breaker.try_acquire("a")
    assert circuit_breaker.try_acquire("a"), "the same attempt, whose answer was lost"
    assert not circuit_breaker.try_acquire("b")
    assert circuit_breaker.circuit().is_blocking(START)
    assert not circuit_breaker.record_definite("b"), "a call that was under way before"
    assert circuit_breaker.circuit().state is CircuitState.HALF_OPEN
    assert circuit_breaker.record_definite("a")
    assert circuit_breaker.circuit().state is CircuitState.CLOSED
    assert circuit_breaker.try_acquire("b")


def test_a_turn_is_given_back_by_its_owner_alone(circuit_breaker: CircuitBreaker) -> None:
    trial(circuit_breaker)
    circuit_breaker.try_acquire("a")
    circuit_breaker.release("b")
    assert not circuit_breaker.try_acquire("b")
    circuit_breaker.release("a")
    assert circuit_breaker.try_acquire("b")


def test_a_turn_whose_worker_died_goes_to_the_next(
    circuit_breaker: CircuitBreaker, clock: Clock
) -> None:
    trial(circuit_breaker)
    circuit_breaker.try_acquire("dead")
    clock.now += PROBE_SECONDS
    assert not circuit_breaker.try_acquire("b")
    clock.now += 1
    assert not circuit_breaker.circuit().is_blocking(int(clock.now))
    assert circuit_breaker.try_acquire("b")


def test_a_known_end_while_shut_does_not_open(circuit_breaker: CircuitBreaker) -> None:
    circuit_breaker.open(OpenReason.UNKNOWN_ENDS)
    assert not circuit_breaker.record_definite("a")
    assert circuit_breaker.circuit().state is CircuitState.OPEN


def test_three_unknown_ends_in_a_row_shut(circuit_breaker: CircuitBreaker) -> None:
    assert [circuit_breaker.record_unknown(attempt) for attempt in "abc"] == [False, False, True]
    assert circuit_breaker.circuit().opened_by is OpenReason.UNKNOWN_ENDS


def test_a_known_end_in_between_begins_anew(circuit_breaker: CircuitBreaker) -> None:
    for _ in range(3):
        circuit_breaker.record_unknown("a")
        circuit_breaker.record_unknown("b")
        circuit_breaker.record_definite("b")
    assert circuit_breaker.circuit().state is CircuitState.CLOSED
    assert circuit_breaker.circuit().consecutive_unknowns == 0


def test_after_an_unknown_end_there_is_one_turn_until_an_end_is_known(
    circuit_breaker: CircuitBreaker,
) -> None:
    circuit_breaker.record_unknown("a")
    assert circuit_breaker.try_acquire("b")
    assert not circuit_breaker.try_acquire("c")
    circuit_breaker.record_unknown("old")  # of a call that was under way: the turn is still taken
    assert not circuit_breaker.try_acquire("c")
    circuit_breaker.record_definite("b")
    assert circuit_breaker.try_acquire("c")
    assert circuit_breaker.try_acquire("d")


def test_an_unknown_end_in_a_trial_shuts_at_once(circuit_breaker: CircuitBreaker) -> None:
    trial(circuit_breaker)
    circuit_breaker.try_acquire("a")
    assert circuit_breaker.record_unknown("a")
    assert circuit_breaker.circuit().state is CircuitState.OPEN


def test_trials_come_ever_more_rarely_the_more_ends_stay_unknown(
    circuit_breaker: CircuitBreaker, clock: Clock
) -> None:
    for attempt in "abc":
        circuit_breaker.record_unknown(attempt)
    for pause, attempt in zip((60, 240, 600, 600, 600), "defgh", strict=True):
        assert not circuit_breaker.half_open()
        clock.now += pause - 1
        assert not circuit_breaker.circuit().can_probe(int(clock.now))
        assert not circuit_breaker.half_open()
        clock.now += 1
        assert circuit_breaker.circuit().can_probe(int(clock.now))
        assert circuit_breaker.half_open()
        circuit_breaker.record_unknown(attempt)


def test_ends_that_come_after_it_shut_put_the_trial_off_too(
    circuit_breaker: CircuitBreaker, clock: Clock
) -> None:
    for attempt in "abcde":
        circuit_breaker.record_unknown(attempt)
    clock.now += 599
    assert not circuit_breaker.half_open()


def test_trials_that_the_account_refuses_come_ever_more_rarely(
    circuit_breaker: CircuitBreaker, clock: Clock
) -> None:
    refused = 0
    circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    for _ in range(6 * 60):  # six hours
        clock.now += 60
        if circuit_breaker.circuit().can_probe(int(clock.now)) and circuit_breaker.half_open():
            refused += circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    assert refused <= 3 + 2 + 6 * 6


def test_a_success_forgets_the_pauses(circuit_breaker: CircuitBreaker, clock: Clock) -> None:
    for attempt in "abcd":
        circuit_breaker.record_unknown(attempt)
    clock.now += 240
    circuit_breaker.half_open()
    circuit_breaker.try_acquire("a")
    circuit_breaker.record_definite("a")
    circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    assert circuit_breaker.half_open()


def test_an_attempt_counts_once_however_often_it_is_counted(
    circuit_breaker: CircuitBreaker,
) -> None:
    """The SDK repeats a write whose answer it lost, also after another attempt was counted."""
    for attempt in ("a", "b", "a", "a"):
        assert not circuit_breaker.record_unknown(attempt)
    assert circuit_breaker.circuit().consecutive_unknowns == 2
    assert circuit_breaker.circuit().state is CircuitState.CLOSED


def test_a_long_outage_does_not_fill_the_row(circuit_breaker: CircuitBreaker, clock: Clock) -> None:
    for number in range(100):
        circuit_breaker.record_unknown(f"attempt-{number}")
        clock.now += 600
        assert circuit_breaker.half_open() == (number >= 2)
    assert circuit_breaker.circuit().consecutive_unknowns == 5


def test_an_open_one_and_one_in_trial_cannot_be_tried(circuit_breaker: CircuitBreaker) -> None:
    assert not circuit_breaker.half_open()
    trial(circuit_breaker)
    assert not circuit_breaker.half_open()


def test_time_stands_still_only_while_it_is_shut(
    circuit_breaker: CircuitBreaker, clock: Clock
) -> None:
    def stood() -> int:
        return circuit_breaker.circuit().open_seconds(int(clock.now))

    clock.now += 50
    assert stood() == 0
    circuit_breaker.open(OpenReason.UNKNOWN_ENDS)
    clock.now += 100
    circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)  # for another reason, not anew
    clock.now += 100
    assert stood() == 200
    circuit_breaker.half_open()
    clock.now += 1000
    assert stood() == 200
    circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    clock.now += 30
    assert stood() == 230
    circuit_breaker.half_open()
    circuit_breaker.try_acquire("a")
    circuit_breaker.record_definite("a")
    clock.now += 500
    assert stood() == 230


def test_the_budget_in_the_same_row_is_left_alone(
    circuit_breaker: CircuitBreaker, stores: Stores
) -> None:
    stores.table.write(update(keys.RATE_LIMITER, "SET #tat = :tat, #pausedUntil = :tat", tat=5))
    trial(circuit_breaker)
    circuit_breaker.try_acquire("a")
    circuit_breaker.record_definite("a")
    row = stores.table.get(keys.RATE_LIMITER) or {}
    assert (row["tat"], row["pausedUntil"]) == (5, 5)
    assert not {
        "gate",
        "openedBy",
        "probeBy",
        "probeUntil",
        "probeAfter",
        "consecutiveUnknowns",
    } & set(row)
