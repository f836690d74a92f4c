"""What a move of the ledger leaves in the row, and what is told of one that was refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.ledger_case import MINE, NOW, OTHER, Case
from tests.support.tables import Stores
from tryon_worker.aws.table import ConditionFailed
from tryon_worker.tryons import ledger
from tryon_worker.tryons.ledger import StaleState, found_try_on
from tryon_worker.tryons.model import State, WaitingFor, try_on_of


@pytest.fixture
def case(stores: Stores) -> Case:
    return Case(stores)


def test_a_retry_begins_anew(case: Case) -> None:
    past: dict[str, Any] = {
        "leaseUntil": 1,
        "calledAt": 1,
        "quotaDay": "2027-01-01",
        "deferredAt": 1,
    }
    case.at(State.UNKNOWN, **past, deferralPublished=True, unknownAt=1, reviewPublishedAt=1)
    try_on = case.ledger.retry("t-1", MINE, now=NOW + 9, due_at=NOW + 900)
    assert (try_on.waits_since, try_on.due_at) == (NOW + 9, NOW + 900)
    gone = (
        try_on.attempt,
        try_on.called_at,
        try_on.quota_day,
        try_on.deferred_at,
        try_on.unknown_at,
    )
    assert (gone, try_on.deferral_published, try_on.lease_until) == ((None,) * 5, False, 0)


def test_what_goes_back_is_looked_at_soon_again(case: Case) -> None:
    """Also where a review had put it off for a week."""
    case.at(
        State.UNKNOWN,
        dueAt=NOW + 7 * 86_400,
        reviewPublishedAt=NOW,
        unknownAt=NOW,
        reviewReason="r",
    )
    try_on = case.ledger.back_to_claimed("t-1", MINE, lease_until=NOW + 60, fallback="PHOTO")
    assert (try_on.due_at, try_on.lease_until) == (NOW + 60, NOW + 60)
    assert (try_on.review_published_at, try_on.unknown_at, try_on.review_reason) == (
        None,
        None,
        None,
    )
    assert try_on.fallbacks == {"PHOTO"}


def test_a_grant_of_an_earlier_day_stays(case: Case) -> None:
    case.at(State.CLAIMED, quotaDay="2027-01-14")
    case.table.write(
        ledger.submission(
            "t-1", MINE, now=NOW, lease_until=NOW, quota_day="2027-01-15", photo_id=""
        )
    )
    assert case.try_on().quota_day == "2027-01-14"


def test_a_deferral_keeps_its_first_moment(case: Case) -> None:
    for now in (NOW, NOW + 500):
        case.at(State.CLAIMED, deferredAt=NOW if now > NOW else None)
        case.table.write(
            ledger.deferral("t-1", MINE, waiting_for=WaitingFor.PHOTO, due_at=now, now=now)
        )
        assert case.try_on().deferred_at == NOW
    assert case.try_on().attempt is None


def test_what_a_refused_move_found_is_told(case: Case) -> None:
    case.at(State.SUBMITTED, OTHER)
    with pytest.raises(StaleState) as moved:
        case.ledger.unknown("t-1", MINE, reason="r", now=NOW)
    assert moved.value.try_on is not None
    assert (moved.value.try_on.state, str(moved.value)) == (State.SUBMITTED, "found SUBMITTED")
    with pytest.raises(StaleState, match="found no row"):
        case.ledger.unknown("t-2", MINE, reason="r", now=NOW)
    assert found_try_on(ConditionFailed({0: None})) is None


def test_a_row_is_read_as_it_was_written(case: Case) -> None:
    try_on = case.at(State.ACCEPTED, None)
    assert try_on == replace(
        try_on_of({**(ledger.acceptance(try_on).item or {})}), waits_since=try_on.accepted_at
    )
