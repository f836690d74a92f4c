"""The ledger: how far each try-on got, and the only ways in which it may get further.

    ACCEPTED -> CLAIMED(attempt) <-> SUBMITTING(attempt) -> SUBMITTED(generationId) -> DECIDED
                     |                      |
                  WAITING                UNKNOWN -> (a person, or the same attempt's late answer)

Each move is one conditional write that names the state, and the attempt where there is one, from
which it may be made (promise P1: whatever is delivered twice, one attempt makes the paid call).
A failed condition that finds our own move already made is success: the SDK repeats a write whose
answer it lost.
"""

from collections.abc import Sequence

from tryon_worker.store import keys
from tryon_worker.store.entry import (
    LEDGER_SECONDS,
    Entry,
    State,
    Verdict,
    WaitingFor,
    entry_of,
    result_row,
)
from tryon_worker.store.table import ConditionFailed, Table, Write, put, update


class Moved(Exception):
    """The try-on is no longer where the move starts; ``entry`` is where it is (None: no row)."""

    def __init__(self, entry: Entry | None) -> None:
        super().__init__(f"found {entry.state if entry else 'no row'}")
        self.entry = entry


class Ledger:
    """Reads ledger rows and moves them from state to state."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, try_on_id: str) -> Entry | None:
        """The entry of a try-on."""
        row = self._table.get(keys.ledger(try_on_id))
        return entry_of(row) if row else None

    def acceptance(self, entry: Entry) -> Write:
        """The write that accepts a wish; it fails if the try-on is known already."""
        item = {
            "tryOnId": entry.try_on_id,
            "shopperKey": entry.shopper_key,
            "state": State.ACCEPTED,
            "payloadHash": entry.payload_hash,
            "wishedAt": entry.wished_at,
            "acceptedAt": entry.accepted_at,
            "bulk": entry.bulk,
            "dueAt": entry.due_at,
            "dueShard": keys.due_shard(entry.try_on_id),
        }
        return put(keys.ledger(entry.try_on_id), item, condition="attribute_not_exists(#pk)")

    def claim(self, try_on_id: str, attempt: str, *, now: int, lease_until: int) -> Entry:
        """Takes an accepted or waiting try-on, or one whose claim has run out, for ``attempt``."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :claimed, #attempt = :attempt, #leaseUntil = :lease, "
                "#dueAt = :lease, #nudges = :none ADD #attempts :one REMOVE #waitingFor",
                condition="#state IN (:accepted, :waiting) "
                "OR (#state = :claimed AND #leaseUntil < :now)",
                claimed=State.CLAIMED,
                accepted=State.ACCEPTED,
                waiting=State.WAITING,
                attempt=attempt,
                lease=lease_until,
                now=now,
                one=1,
                none=0,
            ),
            State.CLAIMED,
            attempt,
        )

    def submission(
        self, try_on_id: str, attempt: str, *, lease_until: int, capped_on: str, photo_id: str
    ) -> Write:
        """The write after which the paid call may be made, once, by ``attempt``."""
        return update(
            keys.ledger(try_on_id),
            "SET #state = :submitting, #leaseUntil = :lease, #dueAt = :lease, "
            "#cappedOn = :day, #photoId = :photo",
            condition="#state = :claimed AND #attempt = :attempt",
            submitting=State.SUBMITTING,
            claimed=State.CLAIMED,
            attempt=attempt,
            lease=lease_until,
            day=capped_on,
            photo=photo_id,
        )

    def back_to_claimed(self, try_on_id: str, attempt: str, remedy: str | None = None) -> Entry:
        """After a call that surely was not charged; ``remedy`` notes what will be done about it."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :claimed" + (" ADD #remedies :remedy" if remedy else ""),
                condition="#state = :submitting AND #attempt = :attempt",
                claimed=State.CLAIMED,
                submitting=State.SUBMITTING,
                attempt=attempt,
                remedy={remedy},
            ),
            State.CLAIMED,
            attempt,
        )

    def parking(
        self, try_on_id: str, attempt: str, *, waiting_for: WaitingFor, due_at: int, now: int
    ) -> Write:
        """The write that lets a claimed try-on wait in the table until ``due_at``."""
        deferral = (
            ", #deferredAt = if_not_exists(#deferredAt, :now)"
            if waiting_for is WaitingFor.PHOTO
            else ""
        )
        return update(
            keys.ledger(try_on_id),
            f"SET #state = :waiting, #waitingFor = :for, #dueAt = :due{deferral} "
            "REMOVE #attempt, #leaseUntil",
            condition="#state = :claimed AND #attempt = :attempt",
            waiting=State.WAITING,
            claimed=State.CLAIMED,
            attempt=attempt,
            **{"for": waiting_for, "due": due_at, "now": now},
        )

    def submitted(
        self,
        try_on_id: str,
        attempt: str,
        *,
        generation_id: str,
        now: int,
        deadline_at: int,
        shut_before: int,
        due_at: int,
    ) -> Write:
        """The write that keeps the ``generationId``; also of an answer that came too late."""
        return update(
            keys.ledger(try_on_id),
            _SUBMITTED,
            condition="#attempt = :attempt AND #state IN (:submitting, :unknown)",
            submitted=State.SUBMITTED,
            submitting=State.SUBMITTING,
            unknown=State.UNKNOWN,
            attempt=attempt,
            generation=generation_id,
            now=now,
            deadline=deadline_at,
            shutBefore=shut_before,
            due=due_at,
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

    def retry(self, try_on_id: str, review: str, *, due_at: int) -> Entry:
        """A person orders one more call; ``review`` names the order, so that it counts once."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                "SET #state = :accepted, #dueAt = :due ADD #reviews :review "
                "REMOVE #attempt, #leaseUntil, #cappedOn, #reviewReason, #unknownAt",
                condition="#state = :unknown AND NOT contains(#reviews, :name)",
                accepted=State.ACCEPTED,
                unknown=State.UNKNOWN,
                due=due_at,
                review={review},
                name=review,
            ),
            State.ACCEPTED,
            None,
        )

    def adopt(
        self,
        try_on_id: str,
        *,
        generation_id: str,
        now: int,
        deadline_at: int,
        shut_before: int,
        due_at: int,
    ) -> Entry:
        """A person found the generation at Genlook: the try-on goes on with it."""
        return self._move(
            update(
                keys.ledger(try_on_id),
                _SUBMITTED,
                condition="#state = :unknown",
                submitted=State.SUBMITTED,
                unknown=State.UNKNOWN,
                generation=generation_id,
                now=now,
                deadline=deadline_at,
                shutBefore=shut_before,
                due=due_at,
            ),
            State.SUBMITTED,
            None,
        )

    def decision(
        self,
        entry: Entry,
        verdict: Verdict,
        *,
        now: int,
        from_states: Sequence[State],
        attempt: str | None = None,
    ) -> Write:
        """The write that decides the outcome: the one that is made first stays."""
        states = {f"from{place}": state for place, state in enumerate(from_states)}
        condition = f"#state IN ({', '.join(f':{name}' for name in states)})"
        if attempt:
            condition += " AND #attempt = :attempt"
        return update(
            keys.ledger(entry.try_on_id),
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
            **states,
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

    def publication(self, try_on_id: str, *, now: int) -> Write:
        """The write after which housekeeping has nothing more to do with the try-on."""
        return update(
            keys.ledger(try_on_id),
            "SET #publishedAt = :now REMOVE #dueAt, #dueShard",
            condition="#state = :decided AND attribute_not_exists(#publishedAt)",
            decided=State.DECIDED,
            now=now,
        )

    def look_again_at(self, entry: Entry, due_at: int) -> None:
        """Lets housekeeping look at an entry that stays where it is at ``due_at`` again."""
        try:
            self._table.write(
                update(
                    keys.ledger(entry.try_on_id),
                    "SET #dueAt = :due ADD #nudges :one",
                    condition="#state = :state AND #dueAt = :seen",
                    due=due_at,
                    state=entry.state,
                    seen=entry.due_at,
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


_SUBMITTED = (
    "SET #state = :submitted, #generationId = :generation, #submittedAt = :now, "
    "#deadlineAt = :deadline, #shutBefore = :shutBefore, #dueAt = :due "
    "REMOVE #leaseUntil, #reviewReason, #unknownAt"
)


def found_entry(failed: ConditionFailed, place: int = 0) -> Entry | None:
    """The entry that a failed condition of the write at ``place`` found."""
    row = failed.old.get(place)
    return entry_of(row) if row else None
