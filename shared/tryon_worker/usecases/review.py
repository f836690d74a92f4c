"""Carries out what a person orders about a try-on whose outcome nobody can know."""

from dataclasses import dataclass

from tryon_worker.breaker import Breaker
from tryon_worker.clock import Clock
from tryon_worker.observability import logger
from tryon_worker.queues import NUDGE_SECONDS, TryOnQueue
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict
from tryon_worker.store.ledger import Ledger, Moved
from tryon_worker.usecases.after_submit import FIRST_CHECK_SECONDS, Begin
from tryon_worker.usecases.door import Door, ShopperErased
from tryon_worker.wishes import ReviewAction, TryOnReviewed


class NothingToReview(Exception):
    """The try-on waits for nobody's word; ``state`` is where it is (None: never heard of)."""

    def __init__(self, state: State | None) -> None:
        super().__init__(f"is {state}" if state else "is not known")
        self.state = state


@dataclass(frozen=True)
class Review:
    """Only a person moves a try-on out of ``UNKNOWN``; each retry adds at most one credit."""

    ledger: Ledger
    door: Door
    begin: Begin
    breaker: Breaker
    tryon_queue: TryOnQueue
    clock: Clock
    deadline_seconds: int

    def __call__(self, reviewed: TryOnReviewed, event_id: str) -> None:
        """Does what was ordered; the same order again (by ``event_id``) changes nothing.

        Raises
        ------
        NothingToReview
            The try-on is not under review.
        """
        try:
            entry = self._move(reviewed, event_id)
        except Moved as moved:
            self._repeated(moved.entry, reviewed, event_id)
            return
        logger.info("reviewed", extra={"tryOnId": entry.try_on_id, "action": reviewed.action})
        self._go_on(entry)

    def _move(self, reviewed: TryOnReviewed, event_id: str) -> Entry:
        now = int(self.clock())
        if reviewed.action is ReviewAction.RETRY:
            return self.ledger.retry(
                reviewed.try_on_id, event_id, now=now, due_at=now + NUDGE_SECONDS
            )
        if reviewed.action is ReviewAction.ADOPT:
            return self.ledger.adopt(
                reviewed.try_on_id,
                generation_id=reviewed.generation_id or "",
                now=now,
                deadline_at=now + self.deadline_seconds,
                shut_before=self.breaker.state().shut_seconds(now),
                due_at=now + FIRST_CHECK_SECONDS,
            )
        return self._close(reviewed.try_on_id)

    def _close(self, try_on_id: str) -> Entry:
        entry = self.ledger.get(try_on_id)
        if entry is None or entry.state is not State.UNKNOWN or not self.close(entry):
            raise Moved(self.ledger.get(try_on_id))
        return entry

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

    def _repeated(self, entry: Entry | None, reviewed: TryOnReviewed, event_id: str) -> None:
        """The order may have been carried out and cut short before its message."""
        if entry is None:
            raise NothingToReview(None)
        adopted = (
            reviewed.action is ReviewAction.ADOPT and entry.generation_id == reviewed.generation_id
        )
        closed = (
            reviewed.action is ReviewAction.CLOSE
            and entry.verdict is not None
            and entry.verdict.reason is Reason.CLOSED
        )
        if adopted or event_id in entry.reviews or closed:
            self._go_on(entry)
        else:
            raise NothingToReview(entry.state)

    def _go_on(self, entry: Entry) -> None:
        if entry.state is State.ACCEPTED:
            self.tryon_queue.send_step(entry.try_on_id, wished_at=entry.wished_at)
        elif entry.state is State.SUBMITTED:
            self.begin(entry)
        else:
            self.door.publish(entry.try_on_id)
