"""Moves on one try-on that wants to be looked at: wakes it, ends it, or looks for its picture."""

from dataclasses import dataclass

from tryon_worker.breaker import Breaker, Gate
from tryon_worker.clock import DAY, Clock
from tryon_worker.executions import Executions
from tryon_worker.observability import logger
from tryon_worker.queues import TryOnQueue
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict, WaitingFor
from tryon_worker.store.ledger import Ledger, Moved
from tryon_worker.usecases.accept import NUDGE_SECONDS
from tryon_worker.usecases.after_submit import Begin
from tryon_worker.usecases.door import Door, ShopperErased
from tryon_worker.usecases.look import Look, Running
from tryon_worker.usecases.review import Review

# How long an execution that runs is left alone.
EXECUTION_SECONDS = 300

# How soon a try-on that waits for the breaker, or a generation without an execution, is looked
# at again: with the next round.
NEXT_ROUND_SECONDS = 60


@dataclass(frozen=True)
class MoveOn:
    """What each state needs when its time has come."""

    ledger: Ledger
    door: Door
    look: Look
    begin: Begin
    review: Review
    breaker: Breaker
    executions: Executions
    tryon_queue: TryOnQueue
    clock: Clock

    def __call__(self, try_on_id: str) -> None:
        """Does what the try-on needs; one that moved meanwhile is left to whoever moved it."""
        entry = self.ledger.get(try_on_id)
        if entry is None:
            return
        try:
            self._by_state(entry)
        except Moved:
            return

    def settle(self, try_on_id: str) -> None:
        """What an execution that ended by itself leaves: publish, or look without it."""
        entry = self.ledger.get(try_on_id)
        if entry is None:
            return
        if entry.state is State.SUBMITTED:
            self._look(entry)
        else:
            self.door.publish(try_on_id)

    def _by_state(self, entry: Entry) -> None:
        logger.info("moved on", extra={"tryOnId": entry.try_on_id, "state": entry.state})
        if entry.state in (State.ACCEPTED, State.CLAIMED):
            self._nudge(entry)
        elif entry.state is State.WAITING:
            self._waiting(entry)
        elif entry.state is State.SUBMITTING:
            self._lost(entry)
        elif entry.state is State.UNKNOWN:
            self._under_review(entry)
        elif entry.state is State.SUBMITTED:
            self._submitted(entry)
        else:
            self.door.publish(entry.try_on_id)

    def _nudge(self, entry: Entry) -> None:
        """Sends the step again, each time after twice the time: a backlog is no loss."""
        wait = min(DAY, NUDGE_SECONDS * 2**entry.nudges)
        self.ledger.look_again_at(entry, int(self.clock()) + wait)
        self.tryon_queue.send_step(entry.try_on_id, wished_at=entry.wished_at)

    def _waiting(self, entry: Entry) -> None:
        if entry.waiting_for is WaitingFor.PHOTO:
            self._end_without_photo(entry)
        elif entry.waiting_for is WaitingFor.BREAKER and self.breaker.state().gate is Gate.SHUT:
            self.ledger.look_again_at(entry, int(self.clock()) + NEXT_ROUND_SECONDS)
        else:
            self._nudge(entry)

    def _end_without_photo(self, entry: Entry) -> None:
        verdict = Verdict(Outcome.FAILED, Reason.PHOTO_MISSING)
        try:
            self.door.decide(entry, verdict, from_states=(State.WAITING,))
        except ShopperErased:
            self.door.end_erased(entry, from_states=(State.WAITING,))

    def _lost(self, entry: Entry) -> None:
        """The worker died within the paid call: nobody can know whether it was charged."""
        unknown = self.ledger.unknown(
            entry.try_on_id, entry.attempt or "", reason="WORKER_LOST", now=int(self.clock())
        )
        self.door.announce_review(unknown)
        self.breaker.unknown_end()

    def _under_review(self, entry: Entry) -> None:
        if entry.announced_at is None:
            self.door.announce_review(entry)
        else:
            self.review.close(entry)

    def _submitted(self, entry: Entry) -> None:
        running = self.executions.running(entry.try_on_id, entry.generation_id or "")
        now = int(self.clock())
        if running is None:
            self.ledger.look_again_at(entry, now + NEXT_ROUND_SECONDS)
            self.begin(entry)
        elif running and now < (entry.deadline_at or 0) + EXECUTION_SECONDS:
            self.ledger.look_again_at(entry, now + EXECUTION_SECONDS)
        else:
            self._look(entry)

    def _look(self, entry: Entry) -> None:
        """Does the work of an execution that is not there (any more)."""
        seen = self.look(entry.try_on_id, entry.generation_id or "")
        if isinstance(seen, Running):
            self.ledger.look_again_at(entry, int(self.clock()) + NEXT_ROUND_SECONDS)
        else:
            self.door.publish(entry.try_on_id)
