"""Carries out what a person orders about a try-on whose outcome nobody can know."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.breaker import Breaker
from tryon_worker.clock import Clock, iso
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import Forbidden, Generation, Refused
from tryon_worker.observability import logger
from tryon_worker.queues import NUDGE_SECONDS, TryOnQueue
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict
from tryon_worker.store.ledger import Ledger, Moved, found_entry
from tryon_worker.store.table import ConditionFailed, Table
from tryon_worker.usecases.after_submit import FIRST_CHECK_SECONDS, Begin
from tryon_worker.usecases.door import Door, ShopperErased
from tryon_worker.usecases.free_call import FreeCall
from tryon_worker.wishes import ReviewAction, TryOnReviewed

ADOPTION_SECONDS = 120
"""How far a generation's date may lie outside the call: clocks differ, and the mark comes before
the call by some seconds."""


class NothingToReview(Exception):
    """The try-on waits for nobody's word, or not for this one; ``state`` is where it is."""

    def __init__(self, state: State | None) -> None:
        if state is State.UNKNOWN:
            text = "is under another review than the one that this answers"
        else:
            text = f"is {state}" if state else "is not known"
        super().__init__(text)
        self.state = state


class AdoptionRefused(Exception):
    """The generation is none that the call under review can have made."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Review:
    """Only a person moves a try-on out of ``UNKNOWN``; each retry adds at most one credit.

    An order answers one review, which has the name of the attempt whose end is not known.
    """

    table: Table
    ledger: Ledger
    door: Door
    begin: Begin
    breaker: Breaker
    free_call: FreeCall
    generation: Callable[[str], Generation]
    tryon_queue: TryOnQueue
    clock: Clock
    deadline_seconds: int
    call_seconds: float

    def __call__(self, reviewed: TryOnReviewed, *, ordered_at: int) -> None:
        """Does what was ordered; the same order again, by whichever event, changes nothing.

        Raises
        ------
        NothingToReview
            The try-on is not under the review that this answers.
        AdoptionRefused
            The generation that it names is not of this try-on.
        NotServed
            Genlook could not be asked about the generation now; nothing was done.
        """
        try:
            entry = self._move(reviewed, ordered_at)
        except Moved as moved:
            self._repeated(moved.entry, reviewed, ordered_at)
            return
        logger.info("reviewed", extra={"tryOnId": entry.try_on_id, "action": reviewed.action})
        self._go_on(entry)

    def _move(self, reviewed: TryOnReviewed, ordered_at: int) -> Entry:
        entry = self.ledger.get(reviewed.try_on_id)
        if entry is None or entry.state is not State.UNKNOWN or not entry.attempt:
            raise Moved(entry)
        if not _answers(reviewed, ordered_at, entry):
            raise Moved(entry)
        now = int(self.clock())
        if reviewed.action is ReviewAction.RETRY:
            return self.ledger.retry(
                entry.try_on_id, entry.attempt, now=now, due_at=now + NUDGE_SECONDS
            )
        if reviewed.action is ReviewAction.ADOPT:
            return self._adopt(entry, entry.attempt, reviewed.generation_id or "")
        if not self.close(entry):
            raise Moved(self.ledger.get(entry.try_on_id))
        return entry

    def _adopt(self, entry: Entry, review: str, generation_id: str) -> Entry:
        """Goes on with a generation that this very call can have made, and no other try-on has."""
        self._check_date(entry, generation_id)
        now = int(self.clock())
        adoption = self.ledger.adoption(
            entry.try_on_id,
            review,
            generation_id=generation_id,
            now=now,
            deadline_at=now + self.deadline_seconds,
            shut_before=self.breaker.state().shut_seconds(now),
            due_at=now + FIRST_CHECK_SECONDS,
        )
        owned = self.ledger.ownership(entry.try_on_id, generation_id, now=now)
        try:
            self.table.transact([adoption, owned])
        except ConditionFailed as failed:
            if failed.at(0):
                raise Moved(found_entry(failed)) from failed
            raise AdoptionRefused("GENERATION_TAKEN", "belongs to another try-on") from failed
        adopted = self.ledger.get(entry.try_on_id)
        return adopted or entry

    def _check_date(self, entry: Entry, generation_id: str) -> None:
        found = self._ask(generation_id)
        if found is None:
            raise AdoptionRefused("GENERATION_UNKNOWN", "is not known to Genlook")
        called_at = entry.called_at or 0
        earliest = called_at - ADOPTION_SECONDS
        latest = called_at + self.call_seconds + ADOPTION_SECONDS
        made_at = found.created_at.timestamp() if found.created_at else 0.0
        if not earliest <= made_at <= latest:
            raise AdoptionRefused(
                "GENERATION_OF_ANOTHER_CALL",
                f"was not made at the time of the call under review, which was at {iso(called_at)}",
            )

    def _ask(self, generation_id: str) -> Generation | None:
        def ask() -> Generation | None:
            try:
                return self.generation(generation_id)
            except Forbidden as error:
                if error.code is None:
                    raise  # not in Genlook's own words
                return None  # it is another account's

        try:
            return self.free_call(CallClass.POLL, ask)
        except Refused:
            return None

    def close(self, entry: Entry) -> bool:
        """Ends a try-on under review; also what becomes of a review that nobody answers."""
        try:
            return self.door.decide(
                entry,
                Verdict(Outcome.FAILED, Reason.CLOSED),
                from_states=(State.UNKNOWN,),
                attempt=entry.attempt,
            )
        except ShopperErased:
            return self.door.end_erased(entry, from_states=(State.UNKNOWN,))

    def _repeated(self, entry: Entry | None, reviewed: TryOnReviewed, ordered_at: int) -> None:
        """The order may have been carried out and cut short before its message."""
        if entry is None:
            raise NothingToReview(None)
        done = {
            ReviewAction.ADOPT: entry.generation_id is not None
            and entry.generation_id == reviewed.generation_id,
            ReviewAction.CLOSE: entry.verdict is not None and entry.verdict.reason is Reason.CLOSED,
            ReviewAction.RETRY: _retried(entry, reviewed, ordered_at),
        }
        if not done[reviewed.action]:
            raise NothingToReview(entry.state)
        self._go_on(entry)

    def _go_on(self, entry: Entry) -> None:
        if entry.state is State.ACCEPTED:
            self.tryon_queue.send_step(entry.try_on_id, wished_at=entry.wished_at)
        elif entry.state is State.SUBMITTED:
            self.begin(entry)
        else:
            self.door.publish(entry.try_on_id)


def _answers(reviewed: TryOnReviewed, ordered_at: int, entry: Entry) -> bool:
    """Whether an order answers the review that is open now.

    One that names none means the one that was open when it was given. A review that was opened
    later, or within the same second, cannot have been looked into by then.
    """
    if reviewed.review_id is not None:
        return reviewed.review_id == entry.attempt
    return ordered_at > (entry.unknown_at or 0)


def _retried(entry: Entry, reviewed: TryOnReviewed, ordered_at: int) -> bool:
    """Whether a retry of the same review was carried out already; the last one began the wait."""
    if reviewed.review_id is not None:
        return reviewed.review_id in entry.reviews
    return bool(entry.reviews) and ordered_at <= entry.waits_since
