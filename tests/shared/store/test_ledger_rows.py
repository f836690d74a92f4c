"""What a move of the ledger leaves in the row, and what is told of one that was refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.ledger_case import MINE, NOW, OTHER, Case
from tests.support.tables import Stores
from tryon_worker.store import moves
from tryon_worker.store.entry import State, WaitingFor, entry_of
from tryon_worker.store.ledger import Moved, found_entry
from tryon_worker.store.table import ConditionFailed


@pytest.fixture
def case(stores: Stores) -> Case:
    return Case(stores)


def test_a_retry_begins_anew(case: Case) -> None:
    past: dict[str, Any] = {
        "leaseUntil": 1,
        "calledAt": 1,
        "cappedOn": "2027-01-01",
        "deferredAt": 1,
    }
    case.at(State.UNKNOWN, **past, deferralAnnounced=True, unknownAt=1, announcedAt=1)
    entry = case.ledger.retry("t-1", MINE, now=NOW + 9, due_at=NOW + 900)
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
