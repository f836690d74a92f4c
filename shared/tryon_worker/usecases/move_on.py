"""Moves on one try-on that wants to be looked at: wakes it, ends it, or looks for its picture."""

from dataclasses import dataclass

from tryon_worker.breaker import Breaker
from tryon_worker.clock import DAY, Clock
from tryon_worker.executions import Executions
from tryon_worker.observability import logger
from tryon_worker.queues import NUDGE_SECONDS, TryOnQueue
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict, WaitingFor
from tryon_worker.store.ledger import Ledger, Moved
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import PhotosChanged, Shoppers
from tryon_worker.usecases.after_submit import Begin
from tryon_worker.usecases.door import REVIEW_SECONDS, Door, ShopperErased
from tryon_worker.usecases.look import Look, Running
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.person import FindPerson
from tryon_worker.usecases.review import Review

# How long an execution that runs is left alone.
EXECUTION_SECONDS = 300

# How soon a try-on that waits for the breaker, or a generation without an execution, is looked
# at again: with the next round.
NEXT_ROUND_SECONDS = 60

# A generation that no execution watches is looked at ever more rarely, up to this.
RAREST_LOOK_SECONDS = 600

# Ten thousand wishes that wait for the breaker would fill every round; so long is the last of
# them slept past its opening.
RAREST_WAKE_SECONDS = 300


@dataclass(frozen=True)
class MoveOn:
    """What each state needs when its time has come."""

    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    door: Door
    look: Look
    find_person: FindPerson
    begin: Begin
    review: Review
    breaker: Breaker
    executions: Executions
    tryon_queue: TryOnQueue
    park: Park
    clock: Clock

    def __call__(self, entry: Entry) -> None:
        """Does what a try-on needs that was taken from the rows that are due.

        One that moved meanwhile is left to whoever moved it.
        """
        logger.info("moved on", extra={"tryOnId": entry.try_on_id, "state": entry.state})
        try:
            self._by_state(entry)
        except Moved:
            return

    def settle(self, try_on_id: str) -> None:
        """What an execution that ended by itself leaves: publish, or look without it."""
        entry = self.ledger.get(try_on_id)
        if entry is None:
            return
        if entry.state is not State.SUBMITTED:
            self.door.publish(try_on_id)
            return
        try:
            self._look(entry)
        except Moved:
            return

    def _by_state(self, entry: Entry) -> None:
        if entry.state is State.ACCEPTED:
            self._nudge(entry)
        elif entry.state is State.CLAIMED:
            self._claimed(entry)
        elif entry.state is State.WAITING:
            self._waiting(entry)
        elif entry.state is State.SUBMITTING:
            self._submitting(entry)
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

    def _claimed(self, entry: Entry) -> None:
        """A step while the claim still holds would find it taken, and be gone."""
        if self.clock() <= entry.lease_until:
            self.ledger.look_again_at(entry, entry.lease_until + 1)
        else:
            self._nudge(entry)

    def _waiting(self, entry: Entry) -> None:
        now = int(self.clock())
        if entry.waiting_for is WaitingFor.PHOTO:
            self._without_photo(entry)
        elif self.park.gives_up(entry):
            self._nudge(entry)  # its next step ends it
        elif entry.waiting_for is WaitingFor.BREAKER and self.breaker.state().turns_away(now):
            self.ledger.look_again_at(entry, now + _rarer(entry, RAREST_WAKE_SECONDS))
        else:
            self._nudge(entry)

    def _without_photo(self, entry: Entry) -> None:
        """The waiting time is over; a photo that came within it is worth another step."""
        shopper = self.shoppers.get(entry.shopper_key)
        wish = self.requests.get(entry.shopper_key, entry.try_on_id)
        if wish is not None and self.find_person.may_come(entry.shopper_key, wish):
            self._nudge(entry)
            return
        verdict = Verdict(Outcome.FAILED, Reason.PHOTO_MISSING)
        try:
            self.door.decide(
                entry,
                verdict,
                from_states=(State.WAITING,),
                waiting_for=WaitingFor.PHOTO,
                photo_revision=shopper.photo_revision,
            )
        except PhotosChanged:
            self._nudge(entry)
        except ShopperErased:
            self.door.end_erased(entry, from_states=(State.WAITING,))

    def _submitting(self, entry: Entry) -> None:
        """The worker died within the paid call: nobody can know whether it was charged."""
        now = int(self.clock())
        if now <= entry.lease_until:
            self.ledger.look_again_at(entry, entry.lease_until + 1)
            return
        unknown = self.ledger.unknown(
            entry.try_on_id, entry.attempt or "", reason="WORKER_LOST", now=now
        )
        self.breaker.unknown_end(entry.attempt or "")
        self.door.announce_review(unknown)

    def _under_review(self, entry: Entry) -> None:
        close_at = (entry.unknown_at or 0) + REVIEW_SECONDS
        if entry.announced_at is None:
            self.door.announce_review(entry)
        elif self.clock() < close_at:
            self.ledger.look_again_at(entry, close_at)
        else:
            self.review.close(entry)

    def _submitted(self, entry: Entry) -> None:
        now = int(self.clock())
        if now >= (entry.deadline_at or 0) + EXECUTION_SECONDS:
            # Whatever an execution may still be doing, Step Functions is not waited for.
            self._look(entry)
            return
        running = self.executions.running(entry.try_on_id, entry.generation_id or "")
        if running is None:
            self.ledger.look_again_at(entry, now + NEXT_ROUND_SECONDS)
            self.begin(entry)
        elif running:
            self.ledger.look_again_at(entry, now + EXECUTION_SECONDS)
        else:
            self._look(entry)

    def _look(self, entry: Entry) -> None:
        """Does the work of an execution that is not there (any more)."""
        seen = self.look(entry.try_on_id, entry.generation_id or "")
        if isinstance(seen, Running):
            wait = _rarer(entry, RAREST_LOOK_SECONDS)
            self.ledger.look_again_at(entry, int(self.clock()) + wait)
        else:
            self.door.publish(entry.try_on_id)


def _rarer(entry: Entry, rarest: int) -> int:
    """Seconds to the next look: from round to round, then ever longer, up to ``rarest``."""
    return min(rarest, NEXT_ROUND_SECONDS << min(entry.nudges, 9))
