"""The ledger: how far each try-on got, and the only ways in which it may get further.

    ACCEPTED -> CLAIMED(attempt) <-> SUBMITTING(attempt) -> SUBMITTED(generationId) -> DECIDED
                     |                      |
                  WAITING                UNKNOWN -> (a person, or the same attempt's late answer)

Each move is one conditional write; those that are part of a transaction are in ``moves``.
A failed condition that finds our own move already made is success: the SDK repeats a write whose
answer it lost.
"""

from contextlib import suppress

from tryon_worker.store import keys, moves
from tryon_worker.store.entry import Entry, State, entry_of
from tryon_worker.store.table import ConditionFailed, Table, Write, update


class Moved(Exception):
    """The try-on is no longer where the move starts; ``entry`` is where it is (None: no row)."""

    def __init__(self, entry: Entry | None) -> None:
        super().__init__(f"found {entry.state if entry else 'no row'}")
        self.entry = entry


class Ledger:
    """Reads ledger rows and moves them from state to state."""

    acceptance = staticmethod(moves.acceptance)
    submission = staticmethod(moves.submission)
    parking = staticmethod(moves.parking)
    submitted = staticmethod(moves.submitted)
    adoption = staticmethod(moves.adoption)
    ownership = staticmethod(moves.ownership)
    decision = staticmethod(moves.decision)
    publication = staticmethod(moves.publication)

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, try_on_id: str) -> Entry | None:
        """The entry of a try-on."""
        row = self._table.get(keys.ledger(try_on_id))
        return entry_of(row) if row else None

    def claim(self, try_on_id: str, attempt: str, *, now: int, lease_until: int) -> Entry:
        """Takes an accepted or waiting try-on, or one whose claim has run out, for ``attempt``."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :claimed, #attempt = :attempt, #leaseUntil = :lease, "
                "#dueAt = :lease, #dueShard = :shard, #nudges = :none "
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
        self, try_on_id: str, attempt: str, *, lease_until: int, remedy: str | None = None
    ) -> Entry:
        """After a call that surely was not charged; ``remedy`` notes what will be done about it.

        Also where nobody seemed to know the end: then this is the same attempt's late answer.
        """
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :claimed, #leaseUntil = :lease, #dueAt = :lease "
                "REMOVE #calledAt, #reviewReason, #unknownAt, #announcedAt"
                + (" ADD #remedies :remedy" if remedy else ""),
                condition="#attempt = :attempt AND #state IN (:submitting, :unknown)",
                claimed=State.CLAIMED,
                submitting=State.SUBMITTING,
                unknown=State.UNKNOWN,
                attempt=attempt,
                lease=lease_until,
                remedy={remedy},
            ),
            State.CLAIMED,
            attempt,
        )

    def deferral_announced(self, try_on_id: str, *, deferred_at: int) -> None:
        """The outside knows that the try-on waits for a photo; it is told once a deferral.

        A person's retry begins another deferral, of which the outside then has to hear too.
        """
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    keys.ledger(try_on_id),
                    "SET #deferralAnnounced = :yes",
                    condition="#deferredAt = :deferred",
                    yes=True,
                    deferred=deferred_at,
                )
            )

    def unknown(self, try_on_id: str, attempt: str, *, reason: str, now: int) -> Entry:
        """Nobody can know whether the call of ``attempt`` was charged: a person decides."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :unknown, #reviewReason = :reason, #unknownAt = :now, "
                "#dueAt = :now REMOVE #announcedAt",
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

    def retry(self, try_on_id: str, review: str, *, now: int, due_at: int) -> Entry:
        """A person orders one more call; the attempt under ``review`` is answered with this.

        It counts once a review: the next call is another attempt, and so another review. What the
        try-on may wait for begins anew, because the order may come days after the wish.
        """
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :accepted, #dueAt = :due, #waitsSince = :now ADD #reviews :review "
                "REMOVE #attempt, #leaseUntil, #calledAt, #cappedOn, #deferredAt, "
                "#deferralAnnounced, #reviewReason, #unknownAt, #announcedAt",
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

    def review_announced(self, entry: Entry, *, now: int, close_at: int) -> None:
        """The review is known to the outside; unanswered it is looked at again at ``close_at``.

        It names the attempt: a person may have answered, and the next call may be under review.
        """
        self._table.write(
            update(
                keys.ledger(entry.try_on_id),
                "SET #announcedAt = :now, #dueAt = :due",
                condition="#state = :unknown AND #attempt = :attempt",
                unknown=State.UNKNOWN,
                attempt=entry.attempt,
                now=now,
                due=close_at,
            )
        )

    def look_again_at(self, entry: Entry, due_at: int) -> None:
        """Lets housekeeping look at an entry that stays where it is at ``due_at`` again.

        It must be as it was seen. Times alone do not show that: another wait may be due at the
        same second, and each claim in between counts ``attempts`` up.
        """
        try:
            self._table.write(
                update(
                    keys.ledger(entry.try_on_id),
                    "SET #dueAt = :due ADD #nudges :one",
                    condition="#state = :state AND #dueAt = :seen AND "
                    + (
                        "#attempts = :attempts"
                        if entry.attempts
                        else "attribute_not_exists(#attempts)"
                    ),
                    due=due_at,
                    state=entry.state,
                    seen=entry.due_at,
                    attempts=entry.attempts,
                    one=1,
                )
            )
        except ConditionFailed as failed:
            raise Moved(found_entry(failed)) from failed

    def _move(self, write: Write, to: State, attempt: str | None) -> Entry:
        try:
            return entry_of(self._table.write(write))
        except ConditionFailed as failed:
            found = found_entry(failed)
            if found and attempt and found.state is to and found.attempt == attempt:
                return found
            raise Moved(found) from failed


def found_entry(failed: ConditionFailed, place: int = 0) -> Entry | None:
    """The entry that a failed condition of the write at ``place`` found."""
    row = failed.old.get(place)
    return entry_of(row) if row else None
