"""The breaker by itself: what shuts it, who gets a turn, when it is tried again."""

import pytest

from tests.support.tables import Stores
from tryon_worker.breaker import TRIAL_SECONDS, Breaker, Gate, ShutBy
from tryon_worker.store import keys
from tryon_worker.store.table import update

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
def breaker(stores: Stores, clock: Clock) -> Breaker:
    return Breaker(stores.table, clock)


def trial(breaker: Breaker, by: ShutBy = ShutBy.INSUFFICIENT_CREDITS) -> None:
    breaker.shut(by)
    assert breaker.try_one()


def test_a_new_one_is_open_for_all(breaker: Breaker) -> None:
    assert breaker.admits("a")
    assert breaker.admits("b")
    assert not breaker.state().turns_away(START)


@pytest.mark.parametrize("by", ShutBy)
def test_shut_nobody_passes_and_it_is_shut_once(breaker: Breaker, by: ShutBy) -> None:
    assert breaker.shut(by)
    assert not breaker.shut(by)
    assert not breaker.admits("a")
    assert breaker.state().turns_away(START)
    assert breaker.state().shut_by is by


def test_the_accounts_word_replaces_a_guess_but_not_the_other_way_round(breaker: Breaker) -> None:
    breaker.shut(ShutBy.UNKNOWN_ENDS)
    assert breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    assert not breaker.shut(ShutBy.UNKNOWN_ENDS)
    assert not breaker.shut(ShutBy.INVALID_API_KEY)
    assert breaker.state().shut_by is ShutBy.INSUFFICIENT_CREDITS


def test_only_used_up_credits_have_to_be_told(breaker: Breaker) -> None:
    breaker.shut(ShutBy.INVALID_API_KEY)
    assert not breaker.state().untold
    breaker.try_one()
    breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    assert breaker.state().untold
    breaker.told()
    breaker.told()
    assert not breaker.state().untold


@pytest.mark.promise("One rate limiter", "probe-then-one-submit")
def test_in_a_trial_there_is_one_turn_and_its_success_opens(breaker: Breaker) -> None:
    trial(breaker)
    assert breaker.admits("a")
    assert breaker.admits("a"), "the same attempt, whose answer was lost"
    assert not breaker.admits("b")
    assert breaker.state().turns_away(START)
    assert not breaker.known_end("b"), "a call that was under way before"
    assert breaker.state().gate is Gate.TRIAL
    assert breaker.known_end("a")
    assert breaker.state().gate is Gate.OPEN
    assert breaker.admits("b")


def test_a_turn_is_given_back_by_its_owner_alone(breaker: Breaker) -> None:
    trial(breaker)
    breaker.admits("a")
    breaker.give_back("b")
    assert not breaker.admits("b")
    breaker.give_back("a")
    assert breaker.admits("b")


def test_a_turn_whose_worker_died_goes_to_the_next(breaker: Breaker, clock: Clock) -> None:
    trial(breaker)
    breaker.admits("dead")
    clock.now += TRIAL_SECONDS
    assert not breaker.admits("b")
    clock.now += 1
    assert not breaker.state().turns_away(int(clock.now))
    assert breaker.admits("b")


def test_a_known_end_while_shut_does_not_open(breaker: Breaker) -> None:
    breaker.shut(ShutBy.UNKNOWN_ENDS)
    assert not breaker.known_end("a")
    assert breaker.state().gate is Gate.SHUT


def test_three_unknown_ends_in_a_row_shut(breaker: Breaker) -> None:
    assert [breaker.unknown_end(attempt) for attempt in "abc"] == [False, False, True]
    assert breaker.state().shut_by is ShutBy.UNKNOWN_ENDS


def test_a_known_end_in_between_begins_anew(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.unknown_end("a")
        breaker.unknown_end("b")
        breaker.known_end("b")
    assert breaker.state().gate is Gate.OPEN
    assert breaker.state().strikes == 0


def test_after_an_unknown_end_there_is_one_turn_until_an_end_is_known(breaker: Breaker) -> None:
    breaker.unknown_end("a")
    assert breaker.admits("b")
    assert not breaker.admits("c")
    breaker.unknown_end("old")  # of a call that was under way: the turn is still taken
    assert not breaker.admits("c")
    breaker.known_end("b")
    assert breaker.admits("c")
    assert breaker.admits("d")


def test_an_unknown_end_in_a_trial_shuts_at_once(breaker: Breaker) -> None:
    trial(breaker)
    breaker.admits("a")
    assert breaker.unknown_end("a")
    assert breaker.state().gate is Gate.SHUT


def test_trials_come_ever_more_rarely_the_more_ends_stay_unknown(
    breaker: Breaker, clock: Clock
) -> None:
    for attempt in "abc":
        breaker.unknown_end(attempt)
    for pause, attempt in zip((60, 240, 600, 600, 600), "defgh", strict=True):
        assert not breaker.try_one()
        clock.now += pause - 1
        assert not breaker.state().worth_a_probe(int(clock.now))
        assert not breaker.try_one()
        clock.now += 1
        assert breaker.state().worth_a_probe(int(clock.now))
        assert breaker.try_one()
        breaker.unknown_end(attempt)


def test_ends_that_come_after_it_shut_put_the_trial_off_too(breaker: Breaker, clock: Clock) -> None:
    for attempt in "abcde":
        breaker.unknown_end(attempt)
    clock.now += 599
    assert not breaker.try_one()


def test_trials_that_the_account_refuses_come_ever_more_rarely(
    breaker: Breaker, clock: Clock
) -> None:
    refused = 0
    breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    for _ in range(6 * 60):  # six hours
        clock.now += 60
        if breaker.state().worth_a_probe(int(clock.now)) and breaker.try_one():
            refused += breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    assert refused <= 3 + 2 + 6 * 6


def test_a_success_forgets_the_pauses(breaker: Breaker, clock: Clock) -> None:
    for attempt in "abcd":
        breaker.unknown_end(attempt)
    clock.now += 240
    breaker.try_one()
    breaker.admits("a")
    breaker.known_end("a")
    breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    assert breaker.try_one()


def test_an_attempt_counts_once_however_often_it_is_counted(breaker: Breaker) -> None:
    """The SDK repeats a write whose answer it lost, also after another attempt was counted."""
    for attempt in ("a", "b", "a", "a"):
        assert not breaker.unknown_end(attempt)
    assert breaker.state().strikes == 2
    assert breaker.state().gate is Gate.OPEN


def test_a_long_outage_does_not_fill_the_row(breaker: Breaker, clock: Clock) -> None:
    for number in range(100):
        breaker.unknown_end(f"attempt-{number}")
        clock.now += 600
        assert breaker.try_one() == (number >= 2)
    assert breaker.state().strikes == 5


def test_an_open_one_and_one_in_trial_cannot_be_tried(breaker: Breaker) -> None:
    assert not breaker.try_one()
    trial(breaker)
    assert not breaker.try_one()


def test_time_stands_still_only_while_it_is_shut(breaker: Breaker, clock: Clock) -> None:
    def stood() -> int:
        return breaker.state().shut_seconds(int(clock.now))

    clock.now += 50
    assert stood() == 0
    breaker.shut(ShutBy.UNKNOWN_ENDS)
    clock.now += 100
    breaker.shut(ShutBy.INSUFFICIENT_CREDITS)  # for another reason, not anew
    clock.now += 100
    assert stood() == 200
    breaker.try_one()
    clock.now += 1000
    assert stood() == 200
    breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    clock.now += 30
    assert stood() == 230
    breaker.try_one()
    breaker.admits("a")
    breaker.known_end("a")
    clock.now += 500
    assert stood() == 230


def test_the_budget_in_the_same_row_is_left_alone(breaker: Breaker, stores: Stores) -> None:
    stores.table.write(update(keys.BUDGET, "SET #tat = :tat, #pausedUntil = :tat", tat=5))
    trial(breaker)
    breaker.admits("a")
    breaker.known_end("a")
    row = stores.table.get(keys.BUDGET) or {}
    assert (row["tat"], row["pausedUntil"]) == (5, 5)
    assert not {"gate", "shutBy", "trialBy", "trialUntil", "trialAfter", "strikes"} & set(row)
