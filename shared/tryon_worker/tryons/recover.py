"""Recovers one try-on that is due: resumes it, ends it, or polls its generation."""

from dataclasses import dataclass

from tryon_worker.account.circuit_breaker import CircuitBreaker
from tryon_worker.aws.queues import RESEND_SECONDS, TryOnQueue
from tryon_worker.aws.state_machine import StateMachine
from tryon_worker.clock import DAY, Clock
from tryon_worker.observability import logger
from tryon_worker.photos.select import PhotoSelector
from tryon_worker.shoppers import PhotosChanged, Shoppers
from tryon_worker.tryons.defer import Defer
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.ledger import Ledger, StaleState
from tryon_worker.tryons.model import Outcome, Reason, State, TryOn, Verdict, WaitingFor
from tryon_worker.tryons.outcome import REVIEW_SECONDS, OutcomePublisher, ShopperErased
from tryon_worker.tryons.polling import Poll, StillRunning
from tryon_worker.tryons.review import Review
from tryon_worker.tryons.start_polling import StartPolling

# How long an execution that runs is left alone.
EXECUTION_SECONDS = 300

# How soon a try-on that waits for the circuit breaker, or a generation without an execution, is
# due again: with the next round.
NEXT_ROUND_SECONDS = 60

# A generation without an execution is polled ever more rarely, up to this.
RAREST_POLL_SECONDS = 600

# Ten thousand try-ons that wait for the circuit breaker would fill every round; the last of them
# may wait for so long after it closes.
RAREST_RESUME_SECONDS = 300


@dataclass(frozen=True)
class RecoverTryOn:
    """What each state needs when its time has come."""

    ledger: Ledger
    details: TryOnDetails
    shoppers: Shoppers
    outcomes: OutcomePublisher
    poll: Poll
    select_photo: PhotoSelector
    start_polling: StartPolling
    review: Review
    circuit_breaker: CircuitBreaker
    state_machine: StateMachine
    tryon_queue: TryOnQueue
    defer: Defer
    clock: Clock

    def __call__(self, try_on: TryOn) -> None:
        """Does what a try-on needs that was taken from the rows that are due.

        One that moved meanwhile is left to whoever moved it.
        """
        logger.info("recovering", extra={"tryOnId": try_on.try_on_id, "state": try_on.state})
        try:
            self._by_state(try_on)
        except StaleState:
            return

    def on_execution_ended(self, try_on_id: str) -> None:
        """Goes on after an execution that ended by itself: publishes, or polls without it."""
        try_on = self.ledger.get(try_on_id)
        if try_on is None:
            return
        if try_on.state is not State.SUBMITTED:
            self.outcomes.publish(try_on_id)
            return
        try:
            self._poll(try_on)
        except StaleState:
            return

    def _by_state(self, try_on: TryOn) -> None:
        if try_on.state is State.ACCEPTED:
            self._resend(try_on)
        elif try_on.state is State.CLAIMED:
            self._claimed(try_on)
        elif try_on.state is State.WAITING:
            self._waiting(try_on)
        elif try_on.state is State.SUBMITTING:
            self._submitting(try_on)
        elif try_on.state is State.UNKNOWN:
            self._under_review(try_on)
        elif try_on.state is State.SUBMITTED:
            self._submitted(try_on)
        else:
            self.outcomes.publish(try_on.try_on_id)

    def _resend(self, try_on: TryOn) -> None:
        """Sends the step again, each time after twice the time: a backlog is no loss."""
        wait = min(DAY, RESEND_SECONDS * 2**try_on.resends)
        self.ledger.reschedule(try_on, int(self.clock()) + wait)
        self.tryon_queue.send_step(try_on.try_on_id, requested_at=try_on.requested_at)

    def _claimed(self, try_on: TryOn) -> None:
        """A step while the claim still holds would find it taken, and be gone."""
        if self.clock() <= try_on.lease_until:
            self.ledger.reschedule(try_on, try_on.lease_until + 1)
        else:
            self._resend(try_on)

    def _waiting(self, try_on: TryOn) -> None:
        now = int(self.clock())
        if try_on.waiting_for is WaitingFor.PHOTO:
            self._without_photo(try_on)
        elif self.defer.has_expired(try_on):
            self._resend(try_on)  # its next step ends it
        elif (
            try_on.waiting_for is WaitingFor.CIRCUIT
            and self.circuit_breaker.circuit().is_blocking(now)
        ):
            self.ledger.reschedule(try_on, now + _growing_interval(try_on, RAREST_RESUME_SECONDS))
        else:
            self._resend(try_on)

    def _without_photo(self, try_on: TryOn) -> None:
        """The waiting time is over; a photo that came within it is worth another step."""
        shopper = self.shoppers.get(try_on.shopper_key)
        request = self.details.get(try_on.shopper_key, try_on.try_on_id)
        if request is not None and self.select_photo.may_come(try_on.shopper_key, request):
            self._resend(try_on)
            return
        verdict = Verdict(Outcome.FAILED, Reason.PHOTO_MISSING)
        try:
            self.outcomes.decide(
                try_on,
                verdict,
                from_states=(State.WAITING,),
                waiting_for=WaitingFor.PHOTO,
                photo_revision=shopper.photo_revision,
            )
        except PhotosChanged:
            self._resend(try_on)
        except ShopperErased:
            self.outcomes.end_erased(try_on, from_states=(State.WAITING,))

    def _submitting(self, try_on: TryOn) -> None:
        """The worker died within the paid call, so whether it was charged cannot be known."""
        now = int(self.clock())
        if now <= try_on.lease_until:
            self.ledger.reschedule(try_on, try_on.lease_until + 1)
            return
        unknown = self.ledger.unknown(
            try_on.try_on_id, try_on.attempt or "", reason="WORKER_LOST", now=now
        )
        self.circuit_breaker.record_unknown(try_on.attempt or "")
        self.outcomes.publish_review(unknown)

    def _under_review(self, try_on: TryOn) -> None:
        close_at = (try_on.unknown_at or 0) + REVIEW_SECONDS
        if try_on.review_published_at is None:
            self.outcomes.publish_review(try_on)
        elif self.clock() < close_at:
            self.ledger.reschedule(try_on, close_at)
        else:
            self.review.close(try_on)

    def _submitted(self, try_on: TryOn) -> None:
        now = int(self.clock())
        if now >= (try_on.deadline_at or 0) + EXECUTION_SECONDS:
            # Whatever an execution may still be doing, Step Functions is not waited for.
            self._poll(try_on)
            return
        running = self.state_machine.running(try_on.try_on_id, try_on.generation_id or "")
        if running is None:
            self.ledger.reschedule(try_on, now + NEXT_ROUND_SECONDS)
            self.start_polling(try_on)
        elif running:
            self.ledger.reschedule(try_on, now + EXECUTION_SECONDS)
        else:
            self._poll(try_on)

    def _poll(self, try_on: TryOn) -> None:
        """Does the work of an execution that is not there (any more)."""
        seen = self.poll(try_on.try_on_id, try_on.generation_id or "")
        if isinstance(seen, StillRunning):
            wait = _growing_interval(try_on, RAREST_POLL_SECONDS)
            self.ledger.reschedule(try_on, int(self.clock()) + wait)
        else:
            self.outcomes.publish(try_on.try_on_id)


def _growing_interval(try_on: TryOn, rarest: int) -> int:
    """Seconds to the next time: from round to round, then ever longer, up to ``rarest``."""
    return min(rarest, NEXT_ROUND_SECONDS << min(try_on.resends, 9))
