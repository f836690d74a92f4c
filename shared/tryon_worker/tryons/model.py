"""What a ledger row says of a try-on: its state, and the outcome it ended in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tryon_worker.aws.table import Row
from tryon_worker.clock import DAY

# Longer than every queue (14 days) and than the 90 days for which Step Functions remembers the
# name of an execution: whatever can still be delivered finds its row.
LEDGER_SECONDS = 100 * DAY


class State(StrEnum):
    """Where a try-on stands."""

    ACCEPTED = "ACCEPTED"
    CLAIMED = "CLAIMED"
    SUBMITTING = "SUBMITTING"
    WAITING = "WAITING"
    UNKNOWN = "UNKNOWN"
    SUBMITTED = "SUBMITTED"
    DECIDED = "DECIDED"


OPEN_STATES = tuple(state for state in State if state is not State.DECIDED)


class WaitingFor(StrEnum):
    """What a deferred try-on waits for."""

    PHOTO = "PHOTO"
    RATE = "RATE"
    CIRCUIT = "CIRCUIT"
    QUOTA = "QUOTA"
    RETRY = "RETRY"
    ERASURE = "ERASURE"


class Outcome(StrEnum):
    """What a try-on ends in."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class Reason(StrEnum):
    """Why a try-on failed."""

    REJECTED = "REJECTED"
    GENERATION_FAILED = "GENERATION_FAILED"
    TIMED_OUT = "TIMED_OUT"
    RESULT_UNAVAILABLE = "RESULT_UNAVAILABLE"
    PHOTO_MISSING = "PHOTO_MISSING"
    PHOTO_REJECTED = "PHOTO_REJECTED"
    CLOSED = "CLOSED"
    CUSTOMER_ERASED = "CUSTOMER_ERASED"


@dataclass(frozen=True)
class Result:
    """The picture as it lies in the result bucket."""

    bucket: str
    key: str
    content_type: str
    bytes: int
    expires_at: int


@dataclass(frozen=True)
class Verdict:
    """An outcome with what belongs to it."""

    outcome: Outcome
    reason: Reason | None = None
    code: str | None = None
    result: Result | None = None


@dataclass(frozen=True)
class TryOn:
    """A ledger row. Times are seconds since the epoch."""

    try_on_id: str
    shopper_key: str
    state: State
    payload_hash: str
    requested_at: int
    accepted_at: int
    bulk: bool = False
    attempt: str | None = None
    attempts: int = 0
    lease_until: int = 0
    due_at: int = 0
    resends: int = 0
    waiting_for: WaitingFor | None = None
    deferred_at: int | None = None
    deferral_published: bool = False
    waits_since: int = 0
    called_at: int | None = None
    generation_id: str | None = None
    submitted_at: int | None = None
    deadline_at: int | None = None
    open_before: int = 0
    photo_id: str | None = None
    fallbacks: frozenset[str] = frozenset()
    quota_day: str | None = None
    review_reason: str | None = None
    reviews: frozenset[str] = frozenset()
    unknown_at: int | None = None
    review_published_at: int | None = None
    verdict: Verdict | None = None
    decided_at: int | None = None
    published_at: int | None = None


def try_on_of(row: Row) -> TryOn:
    """The entry that a ledger row holds."""
    return TryOn(
        try_on_id=row["tryOnId"],
        shopper_key=row["shopperKey"],
        state=State(row["state"]),
        payload_hash=row["payloadHash"],
        requested_at=row["requestedAt"],
        accepted_at=row["acceptedAt"],
        bulk=row.get("bulk", False),
        attempt=row.get("attempt"),
        attempts=row.get("attempts", 0),
        lease_until=row.get("leaseUntil", 0),
        due_at=row.get("dueAt", 0),
        resends=row.get("resends", 0),
        waiting_for=WaitingFor(row["waitingFor"]) if row.get("waitingFor") else None,
        deferred_at=row.get("deferredAt"),
        deferral_published=row.get("deferralPublished", False),
        waits_since=row.get("waitsSince") or row["acceptedAt"],
        called_at=row.get("calledAt"),
        generation_id=row.get("generationId"),
        submitted_at=row.get("submittedAt"),
        deadline_at=row.get("deadlineAt"),
        open_before=row.get("openBefore", 0),
        photo_id=row.get("photoId"),
        fallbacks=frozenset(row.get("fallbacks", ())),
        quota_day=row.get("quotaDay"),
        review_reason=row.get("reviewReason"),
        reviews=frozenset(row.get("reviews", ())),
        unknown_at=row.get("unknownAt"),
        review_published_at=row.get("reviewPublishedAt"),
        verdict=_verdict_of(row),
        decided_at=row.get("decidedAt"),
        published_at=row.get("publishedAt"),
    )


def _verdict_of(row: Row) -> Verdict | None:
    if not row.get("outcome"):
        return None
    result: dict[str, Any] | None = row.get("result")
    return Verdict(
        Outcome(row["outcome"]),
        Reason(row["reason"]) if row.get("reason") else None,
        row.get("code"),
        Result(
            result["bucket"],
            result["key"],
            result["contentType"],
            result["bytes"],
            result["expiresAt"],
        )
        if result
        else None,
    )


def result_row(result: Result | None) -> dict[str, Any] | None:
    """``result`` as its ledger row holds it."""
    if result is None:
        return None
    return {
        "bucket": result.bucket,
        "key": result.key,
        "contentType": result.content_type,
        "bytes": result.bytes,
        "expiresAt": result.expires_at,
    }
