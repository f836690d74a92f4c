"""Every move of the ledger, tried from every state, by the right and the wrong attempt.

The table of what may happen is written down here once more: each clause of each condition fails a
row of it when it is taken away.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.tables import Stores
from tryon_worker.store import keys, moves
from tryon_worker.store.entry import (
    OPEN_STATES,
    Entry,
    Outcome,
    Reason,
    State,
    Verdict,
    WaitingFor,
    entry_of,
)
from tryon_worker.store.ledger import Ledger, Moved, found_entry
from tryon_worker.store.table import ConditionFailed, Write

NOW = 1_800_000_000
MINE, OTHER = "attempt-mine", "attempt-other"
TIMES = {"now": NOW, "deadline_at": NOW + 600, "shut_before": 0, "due_at": NOW + 120}
FAILED = Verdict(Outcome.FAILED, Reason.REJECTED)


class Case:
    """A ledger row in any state, and the moves that may be tried on it."""

    def __init__(self, stores: Stores) -> None:
        self.table = stores.table
        self.ledger = Ledger(stores.table)

    def at(self, state: State, attempt: str | None = MINE, **row: Any) -> Entry:
        entry = Entry("t-1", "s-1", State.ACCEPTED, "hash", NOW, NOW, due_at=NOW)
        write = moves.acceptance(entry)
        item = {**(write.item or {}), "state": state, "attempt": attempt, **row}
        kept = {name: value for name, value in item.items() if value is not None}
        self.table.write(replace(write, item=kept, condition=""))
        return self.entry()

    def entry(self) -> Entry:
        found = self.ledger.get("t-1")
        assert found is not None
        return found

    def tries(self, move: Callable[[], object]) -> bool:
        """Whether a move was made; one that was refused changed nothing."""
        before = self.table.get(keys.ledger("t-1"))
        try:
            move()
        except (Moved, ConditionFailed):
            assert self.table.get(keys.ledger("t-1")) == before
            return False
        return True


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
            moves.submission(
                "t-1", MINE, now=NOW, lease_until=NOW + 85, capped_on="2027-01-15", photo_id=""
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
        write(moves.parking("t-1", MINE, waiting_for=WaitingFor.RETRY, due_at=NOW, now=NOW)),
        {State.CLAIMED},
        set(),
    ),
    "submitted": (
        write(moves.submitted("t-1", MINE, generation_id="g", **TIMES)),
        {State.SUBMITTING, State.UNKNOWN},
        set(),
    ),
    "unknown": (
        lambda case: case.ledger.unknown("t-1", MINE, reason="r", now=NOW),
        {State.SUBMITTING, State.UNKNOWN},
        set(),
    ),
    "retry": (
        lambda case: case.ledger.retry("t-1", "review-1", now=NOW, due_at=NOW),
        {State.UNKNOWN},
        {State.UNKNOWN},
    ),
    "adopt": (
        lambda case: case.ledger.adopt("t-1", generation_id="g", **TIMES),
        {State.UNKNOWN},
        {State.UNKNOWN},
    ),
    "decision by an attempt": (
        lambda case: case.table.write(
            moves.decision(
                case.entry(), FAILED, now=NOW, from_states=(State.CLAIMED,), attempt=MINE
            )
        ),
        {State.CLAIMED},
        set(),
    ),
    "decision by anybody": (
        lambda case: case.table.write(
            moves.decision(case.entry(), FAILED, now=NOW, from_states=OPEN_STATES)
        ),
        set(OPEN_STATES),
        set(OPEN_STATES),
    ),
    "publication": (
        write(moves.publication("t-1", now=NOW)),
        {State.DECIDED},
        {State.DECIDED},
    ),
    "review announced": (
        lambda case: case.ledger.review_announced(
            replace(case.entry(), attempt=MINE), now=NOW, close_at=NOW
        ),
        {State.UNKNOWN},
        set(),
    ),
}


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
    entry = case.at(State.SUBMITTED)
    assert not case.tries(lambda: case.table.write(moves.acceptance(entry)))


def test_our_own_move_found_made_is_success(case: Case) -> None:
    """The SDK repeats a write whose answer it lost."""
    case.at(State.ACCEPTED, None)
    first = case.ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150)
    assert case.ledger.claim("t-1", MINE, now=NOW, lease_until=NOW + 150) == first


def test_a_review_counts_once_even_when_its_retry_is_under_review_again(case: Case) -> None:
    case.at(State.UNKNOWN, reviews={"review-1"})
    assert not case.tries(lambda: case.ledger.retry("t-1", "review-1", now=NOW, due_at=NOW))
    assert case.tries(lambda: case.ledger.retry("t-1", "review-2", now=NOW, due_at=NOW))
    assert case.entry().reviews == {"review-1", "review-2"}


def test_a_retry_begins_anew(case: Case) -> None:
    past: dict[str, Any] = {
        "leaseUntil": 1,
        "calledAt": 1,
        "cappedOn": "2027-01-01",
        "deferredAt": 1,
    }
    case.at(State.UNKNOWN, **past, deferralAnnounced=True, unknownAt=1, announcedAt=1)
    entry = case.ledger.retry("t-1", "review", now=NOW + 9, due_at=NOW + 900)
    assert (entry.waits_since, entry.due_at) == (NOW + 9, NOW + 900)
    gone = (entry.attempt, entry.called_at, entry.capped_on, entry.deferred_at, entry.unknown_at)
    assert (gone, entry.deferral_announced, entry.lease_until) == ((None,) * 5, False, 0)


def test_what_goes_back_is_looked_at_soon_again(case: Case) -> None:
    """Also where a review had put it off for a week."""
    case.at(State.UNKNOWN, dueAt=NOW + 7 * 86_400, announcedAt=NOW, unknownAt=NOW, reviewReason="r")
    entry = case.ledger.back_to_claimed("t-1", MINE, lease_until=NOW + 60, remedy="PHOTO")
    assert (entry.due_at, entry.lease_until) == (NOW + 60, NOW + 60)
    assert (entry.announced_at, entry.unknown_at, entry.review_reason) == (None, None, None)
    assert entry.remedies == {"PHOTO"}


def test_a_grant_of_an_earlier_day_stays(case: Case) -> None:
    case.at(State.CLAIMED, cappedOn="2027-01-14")
    case.table.write(
        moves.submission("t-1", MINE, now=NOW, lease_until=NOW, capped_on="2027-01-15", photo_id="")
    )
    assert case.entry().capped_on == "2027-01-14"


def test_a_deferral_keeps_its_first_moment(case: Case) -> None:
    for now in (NOW, NOW + 500):
        case.at(State.CLAIMED, deferredAt=NOW if now > NOW else None)
        case.table.write(
            moves.parking("t-1", MINE, waiting_for=WaitingFor.PHOTO, due_at=now, now=now)
        )
        assert case.entry().deferred_at == NOW
    assert case.entry().attempt is None


def test_an_outcome_is_published_once(case: Case) -> None:
    case.at(State.DECIDED)
    assert case.tries(lambda: case.table.write(moves.publication("t-1", now=NOW)))
    assert not case.tries(lambda: case.table.write(moves.publication("t-1", now=NOW)))
    row = case.table.get(keys.ledger("t-1")) or {}
    assert not {"dueAt", "dueShard"} & set(row)


@pytest.mark.parametrize(
    ("change", "moved"), [({}, False), ({"dueAt": 7}, True), ({"state": State.CLAIMED}, True)]
)
def test_only_what_was_seen_is_put_off(case: Case, change: dict[str, Any], moved: bool) -> None:
    seen = case.at(State.WAITING)
    case.at(**{"state": State.WAITING, **change})
    assert case.tries(lambda: case.ledger.look_again_at(seen, NOW + 60)) != moved


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


MOVES_PARKING = moves.parking("t-1", MINE, waiting_for=WaitingFor.BUDGET, due_at=NOW + 5, now=NOW)


def test_what_a_refused_move_found_is_told(case: Case) -> None:
    case.at(State.SUBMITTED, OTHER)
    with pytest.raises(Moved) as moved:
        case.ledger.unknown("t-1", MINE, reason="r", now=NOW)
    assert moved.value.entry is not None
    assert (moved.value.entry.state, str(moved.value)) == (State.SUBMITTED, "found SUBMITTED")
    with pytest.raises(Moved, match="found no row"):
        case.ledger.unknown("t-2", MINE, reason="r", now=NOW)
    assert found_entry(ConditionFailed({0: None})) is None


def test_a_row_is_read_as_it_was_written(case: Case) -> None:
    entry = case.at(State.ACCEPTED, None)
    assert entry == replace(
        entry_of({**(moves.acceptance(entry).item or {})}), waits_since=entry.accepted_at
    )
