"""Every move of the ledger, tried from every state, by the right and the wrong attempt.

The table of what may happen is written down here once more: each clause of each condition fails a
row of it when it is taken away.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.ledger_case import MINE, NOW, OTHER, Case
from tests.support.tables import Stores
from tryon_worker.aws import keys
from tryon_worker.aws.table import Write
from tryon_worker.clock import DAY
from tryon_worker.tryons import ledger
from tryon_worker.tryons.model import (
    LEDGER_SECONDS,
    OPEN_STATES,
    Outcome,
    Reason,
    State,
    Verdict,
    WaitingFor,
)

TIMES = {"now": NOW, "deadline_at": NOW + 600, "open_before": 0, "due_at": NOW + 120}
FAILED = Verdict(Outcome.FAILED, Reason.REJECTED)


@pytest.fixture
def case(stores: Stores) -> Case:
    return Case(stores)


Move = Callable[[Case], object]


def write(made: Write) -> Move:
    return lambda case: case.table.write(made)


# From which states each move may be made by the attempt that the row names, and by any other.
MOVES: dict[str, tuple[Move, set[State], set[State]]] = {
    "claim": (
        lambda case: case.ledger.claim("t-1", "new", now=NOW, lease_until=NOW + 150),
        {State.ACCEPTED, State.WAITING},
        {State.ACCEPTED, State.WAITING},
    ),
    "submission": (
        write(
            ledger.submission(
                "t-1", MINE, now=NOW, lease_until=NOW + 85, quota_day="2027-01-15", photo_id=""
            )
        ),
        {State.CLAIMED},
        set(),
    ),
    "back to claimed": (
        lambda case: case.ledger.back_to_claimed("t-1", MINE, lease_until=NOW + 60),
        # Made already counts as made.
        {State.SUBMITTING, State.UNKNOWN, State.CLAIMED},
        set(),
    ),
    "parking": (
        write(ledger.deferral("t-1", MINE, waiting_for=WaitingFor.RETRY, due_at=NOW, now=NOW)),
        {State.CLAIMED},
        set(),
    ),
    "submitted": (
        write(ledger.submitted("t-1", MINE, generation_id="g", **TIMES)),
        {State.SUBMITTING, State.UNKNOWN},
        set(),
    ),
    "unknown": (
        lambda case: case.ledger.unknown("t-1", MINE, reason="r", now=NOW),
        {State.SUBMITTING, State.UNKNOWN},
        set(),
    ),
    "retry": (
        lambda case: case.ledger.retry("t-1", MINE, now=NOW, due_at=NOW),
        {State.UNKNOWN},
        set(),
    ),
    "adoption": (
        write(ledger.adoption("t-1", MINE, generation_id="g", **TIMES)),
        {State.UNKNOWN},
        set(),
    ),
    "decision by an attempt": (
        lambda case: case.table.write(
            ledger.decision(
                case.try_on(), FAILED, now=NOW, from_states=(State.CLAIMED,), attempt=MINE
            )
        ),
        {State.CLAIMED},
        set(),
    ),
    "decision by anybody": (
        lambda case: case.table.write(
            ledger.decision(case.try_on(), FAILED, now=NOW, from_states=OPEN_STATES)
        ),
        set(OPEN_STATES),
        set(OPEN_STATES),
    ),
    "publication": (
        write(ledger.publication("t-1", now=NOW)),
        {State.DECIDED},
        {State.DECIDED},
    ),
    "review published": (
        lambda case: case.ledger.review_published(
            replace(case.try_on(), attempt=MINE), now=NOW, close_at=NOW
        ),
        {State.UNKNOWN},
        set(),
    ),
}


@pytest.mark.promise("The paid call", "conditional-writes-name-the-attempt")
@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_made_from_its_own_states_alone(case: Case, name: str) -> None:
    move, by_mine, by_other = MOVES[name]
    for attempt, allowed in ((MINE, by_mine), (OTHER, by_other)):
        made = set()
        for state in State:
            case.at(state, attempt, leaseUntil=NOW + 1)
            if case.tries(lambda: move(case)):
                made.add(state)
        assert made == allowed, attempt


@pytest.mark.promise("The paid call", "conditional-writes-name-the-attempt")
@pytest.mark.parametrize(
    ("lease_until", "taken"), [(NOW - 1, True), (NOW, False), (NOW + 1, False)]
)
def test_a_claim_is_taken_over_only_when_its_lease_is_over(
    case: Case, lease_until: int, taken: bool
) -> None:
    case.at(State.CLAIMED, OTHER, leaseUntil=lease_until)
    move = lambda: case.ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150)  # noqa: E731  one line
    assert case.tries(move) == taken


@pytest.mark.parametrize("state", [State.SUBMITTING, State.SUBMITTED, State.UNKNOWN, State.DECIDED])
def test_an_old_lease_opens_nothing_but_a_claim(case: Case, state: State) -> None:
    case.at(state, OTHER, leaseUntil=1)
    assert not case.tries(lambda: case.ledger.claim("t-1", MINE, now=NOW, lease_until=NOW))


def test_a_wish_is_accepted_once(case: Case) -> None:
    try_on = case.at(State.SUBMITTED)
    assert not case.tries(lambda: case.table.write(ledger.acceptance(try_on)))


@pytest.mark.promise("The paid call", "own-attempt-is-success")
def test_our_own_move_found_made_is_success(case: Case) -> None:
    """The SDK repeats a write whose answer it lost."""
    case.at(State.ACCEPTED, None)
    first = case.ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150)
    assert case.ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150) == first


def test_a_review_counts_once_even_when_its_retry_is_under_review_again(case: Case) -> None:
    case.at(State.UNKNOWN, MINE, reviews={OTHER})
    assert not case.tries(lambda: case.ledger.retry("t-1", OTHER, now=NOW, due_at=NOW))
    assert case.tries(lambda: case.ledger.retry("t-1", MINE, now=NOW, due_at=NOW))
    assert case.try_on().reviews == {MINE, OTHER}


@pytest.mark.parametrize(("owner", "owned"), [(None, True), ("t-1", True), ("t-2", False)])
def test_a_generation_belongs_to_one_try_on(case: Case, owner: str | None, owned: bool) -> None:
    if owner:
        case.table.write(ledger.ownership(owner, "generation", now=NOW))
    case.at(State.ACCEPTED)
    assert case.tries(lambda: case.table.write(ledger.ownership("t-1", "generation", now=NOW))) == (
        owned
    )


def test_the_row_of_a_generation_outlives_the_ledgers(case: Case) -> None:
    case.table.write(ledger.ownership("t-1", "generation", now=NOW))
    row = case.table.get(keys.generation("generation")) or {}
    submitted_for_days = 8  # the deadline and what an open circuit breaker may add to it
    assert row["ttl"] > NOW + submitted_for_days * DAY + LEDGER_SECONDS


def test_an_outcome_is_published_once(case: Case) -> None:
    case.at(State.DECIDED)
    assert case.tries(lambda: case.table.write(ledger.publication("t-1", now=NOW)))
    assert not case.tries(lambda: case.table.write(ledger.publication("t-1", now=NOW)))
    row = case.table.get(keys.ledger("t-1")) or {}
    assert not {"dueAt", "dueShard"} & set(row)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({}, False),
        ({"dueAt": 7}, True),
        ({"state": State.CLAIMED}, True),
        ({"attempts": 3}, True),  # it waits again, until the same second
    ],
)
def test_only_what_was_seen_is_put_off(case: Case, change: dict[str, Any], moved: bool) -> None:
    seen = case.at(State.WAITING, attempts=2)
    case.at(**{"state": State.WAITING, "attempts": 2, **change})
    assert case.tries(lambda: case.ledger.reschedule(seen, NOW + 60)) != moved


@pytest.mark.parametrize(
    ("change", "result_of"),
    [
        ({}, True),
        ({"waitingFor": WaitingFor.RATE}, False),
        ({"attempts": 3}, False),  # for a photo again, after another step
        ({"state": State.CLAIMED, "waitingFor": None}, False),
    ],
)
def test_a_wait_ends_by_what_was_decided_of_this_wait_alone(
    case: Case, change: dict[str, Any], result_of: bool
) -> None:
    row: dict[str, Any] = {
        "state": State.WAITING,
        "waitingFor": WaitingFor.PHOTO,
        "attempts": 2,
        "attempt": None,
    }
    seen = case.at(**row)
    case.at(**{**row, **change})
    write = ledger.decision(
        seen, FAILED, now=NOW, from_states=(State.WAITING,), waiting_for=WaitingFor.PHOTO
    )
    assert case.tries(lambda: case.table.write(write)) == result_of


def test_only_the_deferral_that_was_announced_is_marked(case: Case) -> None:
    """A retry of a person began another one, and the mark of the first comes late."""
    case.at(State.WAITING, deferredAt=NOW + 60)
    case.ledger.deferral_published("t-1", deferred_at=NOW)
    assert not case.try_on().deferral_published
    case.ledger.deferral_published("t-1", deferred_at=NOW + 60)
    assert case.try_on().deferral_published


@pytest.mark.promise("P2", "housekeeping-watches-until-then")
def test_every_open_row_wants_to_be_looked_at(case: Case) -> None:
    case.at(State.ACCEPTED, None)
    ledger, table = case.ledger, case.table
    steps: list[Callable[[], object]] = [
        lambda: ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150),
        lambda: table.write(MOVES_PARKING),
        lambda: ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150),
        lambda: MOVES["submission"][0](case),
        lambda: ledger.unknown("t-1", MINE, reason="r", now=NOW),
        lambda: ledger.back_to_claimed("t-1", MINE, lease_until=NOW + 60),
        lambda: MOVES["submission"][0](case),
        lambda: MOVES["submitted"][0](case),
        lambda: MOVES["decision by anybody"][0](case),
    ]
    for step in steps:
        step()
        row = table.get(keys.ledger("t-1")) or {}
        assert row["dueAt"] >= NOW
        assert row["dueShard"]


MOVES_PARKING = ledger.deferral("t-1", MINE, waiting_for=WaitingFor.RATE, due_at=NOW + 5, now=NOW)
