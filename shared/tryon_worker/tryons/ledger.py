"""The ledger: how far each try-on got, and the only ways in which it may get further.

    ACCEPTED -> CLAIMED(attempt) <-> SUBMITTING(attempt) -> SUBMITTED(generationId) -> DECIDED
                     |                      |
                  WAITING                UNKNOWN -> (a person, or the same attempt's late answer)

Each transition is one conditional write that names the attempt (promise P1: whatever is delivered
twice, one attempt makes the paid call). A failed condition that finds our own transition already
made is success: the SDK repeats a write whose answer it lost.
"""

from collections.abc import Sequence
from contextlib import suppress

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Table, Write, put, update
from tryon_worker.clock import DAY
from tryon_worker.tryons.model import (
    LEDGER_SECONDS,
    State,
    TryOn,
    Verdict,
    WaitingFor,
    result_row,
    try_on_of,
)

# As long as the ledger row, which begins to age only with its outcome: a submitted try-on is
# decided within its deadline, half an hour, and the days for which an open circuit breaker stops
# the clock.
_OWNERSHIP_SECONDS = LEDGER_SECONDS + 30 * DAY

SUBMITTED = (
    "SET #state = :submitted, #generationId = :generation, #submittedAt = :now, "
    "#deadlineAt = :deadline, #openBefore = :openBefore, #dueAt = :due "
    "REMOVE #leaseUntil, #reviewReason, #unknownAt"
)
"""The attributes that every generation gets, however it became known."""


def acceptance(try_on: TryOn) -> Write:
    """The write that accepts a request; it fails if the try-on is known already."""
    item = {
        "tryOnId": try_on.try_on_id,
        "shopperKey": try_on.shopper_key,
        "state": State.ACCEPTED,
        "payloadHash": try_on.payload_hash,
        "requestedAt": try_on.requested_at,
        "acceptedAt": try_on.accepted_at,
        "bulk": try_on.bulk,
        "dueAt": try_on.due_at,
        "dueShard": keys.due_shard(try_on.try_on_id, in_bulk_queue=try_on.bulk),
    }
    return put(keys.ledger(try_on.try_on_id), item, condition="attribute_not_exists(#pk)")


def submission(
    try_on_id: str,
    attempt: str,
    *,
    now: int,
    lease_until: int,
    quota_day: str,
    photo_id: str,
) -> Write:
    """The write after which the paid call may be made, once, by ``attempt``."""
    return update(
        keys.ledger(try_on_id),
        "SET #state = :submitting, #leaseUntil = :lease, #dueAt = :lease, #calledAt = :now, "
        "#quotaDay = if_not_exists(#quotaDay, :day), #photoId = :photo",
        condition="#state = :claimed AND #attempt = :attempt",
        submitting=State.SUBMITTING,
        claimed=State.CLAIMED,
        attempt=attempt,
        now=now,
        lease=lease_until,
        day=quota_day,
        photo=photo_id,
    )


def deferral(
    try_on_id: str,
    attempt: str,
    *,
    waiting_for: WaitingFor,
    due_at: int,
    now: int,
    in_bulk_queue: bool = False,
) -> Write:
    """The write that lets a claimed try-on wait in the table until ``due_at``, or its turn then."""
    deferral_note = (
        ", #deferredAt = if_not_exists(#deferredAt, :now)"
        if waiting_for is WaitingFor.PHOTO
        else ""
    )
    return update(
        keys.ledger(try_on_id),
        "SET #state = :waiting, #waitingFor = :for, #dueAt = :due, "
        f"#dueShard = :shard{deferral_note} "
        "REMOVE #attempt, #leaseUntil",
        condition="#state = :claimed AND #attempt = :attempt",
        waiting=State.WAITING,
        claimed=State.CLAIMED,
        attempt=attempt,
        shard=keys.due_shard(try_on_id, in_bulk_queue=in_bulk_queue),
        **{"for": waiting_for, "due": due_at, "now": now},
    )


def submitted(
    try_on_id: str,
    attempt: str,
    *,
    generation_id: str,
    now: int,
    deadline_at: int,
    open_before: int,
    due_at: int,
) -> Write:
    """The write that keeps the ``generationId``; also of an answer that came too late."""
    return update(
        keys.ledger(try_on_id),
        SUBMITTED,
        condition="#attempt = :attempt AND #state IN (:submitting, :unknown)",
        submitted=State.SUBMITTED,
        submitting=State.SUBMITTING,
        unknown=State.UNKNOWN,
        attempt=attempt,
        generation=generation_id,
        now=now,
        deadline=deadline_at,
        openBefore=open_before,
        due=due_at,
    )


def adoption(
    try_on_id: str,
    review: str,
    *,
    generation_id: str,
    now: int,
    deadline_at: int,
    open_before: int,
    due_at: int,
) -> Write:
    """The write that gives a try-on under ``review`` the generation that a person found."""
    return update(
        keys.ledger(try_on_id),
        SUBMITTED,
        condition="#state = :unknown AND #attempt = :review",
        submitted=State.SUBMITTED,
        unknown=State.UNKNOWN,
        review=review,
        generation=generation_id,
        now=now,
        deadline=deadline_at,
        openBefore=open_before,
        due=due_at,
    )


def ownership(try_on_id: str, generation_id: str, *, now: int) -> Write:
    """The write that goes with a ``generationId``; it fails if another try-on has it already.

    A picture belongs to one shopper: without this a person could adopt another's.
    """
    return put(
        keys.generation(generation_id),
        {"tryOnId": try_on_id, "ttl": now + _OWNERSHIP_SECONDS},
        condition="attribute_not_exists(#pk) OR #tryOnId = :tryOnId",
        tryOnId=try_on_id,
    )


def decision(
    try_on: TryOn,
    verdict: Verdict,
    *,
    now: int,
    from_states: Sequence[State],
    attempt: str | None = None,
    waiting_for: WaitingFor | None = None,
) -> Write:
    """The write that decides the outcome: the one that is made first stays.

    With ``waiting_for`` the try-on must still be in the very wait that ``entry`` is in. A try-on
    waits for six different things, and may come back to the first: each claim between two waits
    counts ``attempts`` up, so the number tells them apart.
    """
    states = {f"from{place}": state for place, state in enumerate(from_states)}
    condition = f"#state IN ({', '.join(f':{name}' for name in states)})"
    if attempt:
        condition += " AND #attempt = :attempt"
    if waiting_for:
        condition += " AND #waitingFor = :waitingFor AND #attempts = :attempts"
    return update(
        keys.ledger(try_on.try_on_id),
        "SET #state = :decided, #outcome = :outcome, #reason = :reason, #code = :code, "
        "#result = :result, #decidedAt = :now, #dueAt = :now, #ttl = :ttl "
        "REMOVE #leaseUntil, #waitingFor",
        condition=condition,
        decided=State.DECIDED,
        outcome=verdict.outcome,
        reason=verdict.reason,
        code=verdict.code,
        result=result_row(verdict.result),
        now=now,
        ttl=now + LEDGER_SECONDS,
        attempt=attempt,
        waitingFor=waiting_for,
        attempts=try_on.attempts,
        **states,
    )


def publication(try_on_id: str, *, now: int) -> Write:
    """The write after which housekeeping has nothing more to do with the try-on."""
    return update(
        keys.ledger(try_on_id),
        "SET #publishedAt = :now REMOVE #dueAt, #dueShard",
        condition="#state = :decided AND attribute_not_exists(#publishedAt)",
        decided=State.DECIDED,
        now=now,
    )


class StaleState(Exception):
    """The try-on is no longer where the move starts; ``entry`` is where it is (None: no row)."""

    def __init__(self, try_on: TryOn | None) -> None:
        super().__init__(f"found {try_on.state if try_on else 'no row'}")
        self.try_on = try_on


class Ledger:
    """Reads ledger rows and moves them from state to state."""

    acceptance = staticmethod(acceptance)
    submission = staticmethod(submission)
    deferral = staticmethod(deferral)
    submitted = staticmethod(submitted)
    adoption = staticmethod(adoption)
    ownership = staticmethod(ownership)
    decision = staticmethod(decision)
    publication = staticmethod(publication)

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, try_on_id: str) -> TryOn | None:
        """The entry of a try-on."""
        row = self._table.get(keys.ledger(try_on_id))
        return try_on_of(row) if row else None

    def claim(self, try_on_id: str, attempt: str, *, now: int, lease_until: int) -> TryOn:
        """Takes an accepted or waiting try-on, or one whose claim has run out, for ``attempt``."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :claimed, #attempt = :attempt, #leaseUntil = :lease, "
                "#dueAt = :lease, #dueShard = :shard, #resends = :none "
                "ADD #attempts :one REMOVE #waitingFor",
                condition="#state IN (:accepted, :waiting) "
                "OR (#state = :claimed AND #leaseUntil < :now)",
                claimed=State.CLAIMED,
                accepted=State.ACCEPTED,
                waiting=State.WAITING,
                attempt=attempt,
                lease=lease_until,
                shard=keys.due_shard(try_on_id),  # a worker may die: no longer in line
                now=now,
                one=1,
                none=0,
            ),
            State.CLAIMED,
            attempt,
        )

    def back_to_claimed(
        self, try_on_id: str, attempt: str, *, lease_until: int, fallback: str | None = None
    ) -> TryOn:
        """After a call that surely was not charged; ``remedy`` notes what will be done about it.

        Also where nobody seemed to know the end: then this is the same attempt's late answer.
        """
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :claimed, #leaseUntil = :lease, #dueAt = :lease "
                "REMOVE #calledAt, #reviewReason, #unknownAt, #reviewPublishedAt"
                + (" ADD #fallbacks :fallback" if fallback else ""),
                condition="#attempt = :attempt AND #state IN (:submitting, :unknown)",
                claimed=State.CLAIMED,
                submitting=State.SUBMITTING,
                unknown=State.UNKNOWN,
                attempt=attempt,
                lease=lease_until,
                fallback={fallback},
            ),
            State.CLAIMED,
            attempt,
        )

    def deferral_published(self, try_on_id: str, *, deferred_at: int) -> None:
        """The outside knows that the try-on waits for a photo; it is told once a deferral.

        A person's retry begins another deferral, of which the outside then has to hear too.
        """
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    keys.ledger(try_on_id),
                    "SET #deferralPublished = :yes",
                    condition="#deferredAt = :deferred",
                    yes=True,
                    deferred=deferred_at,
                )
            )

    def unknown(self, try_on_id: str, attempt: str, *, reason: str, now: int) -> TryOn:
        """Whether the call of ``attempt`` was charged cannot be known: a person decides."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :unknown, #reviewReason = :reason, #unknownAt = :now, "
                "#dueAt = :now REMOVE #reviewPublishedAt",
                condition="#state = :submitting AND #attempt = :attempt",
                unknown=State.UNKNOWN,
                submitting=State.SUBMITTING,
                attempt=attempt,
                reason=reason,
                now=now,
            ),
            State.UNKNOWN,
            attempt,
        )

    def retry(self, try_on_id: str, review: str, *, now: int, due_at: int) -> TryOn:
        """A person orders one more call; the attempt under ``review`` is answered with this.

        It counts once a review: the next call is another attempt, and so another review. What the
        try-on may wait for begins anew, because the order may come days after the request.
        """
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :accepted, #dueAt = :due, #waitsSince = :now ADD #reviews :review "
                "REMOVE #attempt, #leaseUntil, #calledAt, #quotaDay, #deferredAt, "
                "#deferralPublished, #reviewReason, #unknownAt, #reviewPublishedAt",
                condition="#state = :unknown AND #attempt = :name",
                accepted=State.ACCEPTED,
                unknown=State.UNKNOWN,
                due=due_at,
                now=now,
                review={review},
                name=review,
            ),
            State.ACCEPTED,
            None,
        )

    def review_published(self, try_on: TryOn, *, now: int, close_at: int) -> None:
        """The review is known to the outside; unanswered it is looked at again at ``close_at``.

        It names the attempt: a person may have answered, and the next call may be under review.
        """
        self._table.write(
            update(
                keys.ledger(try_on.try_on_id),
                "SET #reviewPublishedAt = :now, #dueAt = :due",
                condition="#state = :unknown AND #attempt = :attempt",
                unknown=State.UNKNOWN,
                attempt=try_on.attempt,
                now=now,
                due=close_at,
            )
        )

    def reschedule(self, try_on: TryOn, due_at: int) -> None:
        """Lets housekeeping look at an entry that stays where it is at ``due_at`` again.

        It must be as it was seen. Times alone do not show that: another wait may be due at the
        same second, and each claim in between counts ``attempts`` up.
        """
        try:
            self._table.write(
                update(
                    keys.ledger(try_on.try_on_id),
                    "SET #dueAt = :due ADD #resends :one",
                    condition="#state = :state AND #dueAt = :seen AND "
                    + (
                        "#attempts = :attempts"
                        if try_on.attempts
                        else "attribute_not_exists(#attempts)"
                    ),
                    due=due_at,
                    state=try_on.state,
                    seen=try_on.due_at,
                    attempts=try_on.attempts,
                    one=1,
                )
            )
        except ConditionFailed as failed:
            raise StaleState(found_try_on(failed)) from failed

    def _move(self, write: Write, to: State, attempt: str | None) -> TryOn:
        try:
            return try_on_of(self._table.write(write))
        except ConditionFailed as failed:
            found = found_try_on(failed)
            if found and attempt and found.state is to and found.attempt == attempt:
                return found
            raise StaleState(found) from failed


def found_try_on(failed: ConditionFailed, place: int = 0) -> TryOn | None:
    """The entry that a failed condition of the write at ``place`` found."""
    row = failed.old.get(place)
    return try_on_of(row) if row else None
