"""What follows each kind of end of the paid call (promise P1).

Not sent, or surely refused: nothing was charged, so the try-on goes back to ``CLAIMED`` and on from
there. That write comes first: a crash before it leaves the outcome unknown. Unknown: no machine
repeats the call, a person decides. The type of the error says which kind it is.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.account.circuit_breaker import CircuitBreaker, OpenReason
from tryon_worker.account.rate_limiter import RateLimiter
from tryon_worker.aws.queues import TryOnQueue
from tryon_worker.aws.secrets import Secret
from tryon_worker.aws.table import WRITE_ERRORS, ConditionFailed, Table, Write
from tryon_worker.clock import Clock
from tryon_worker.events.publisher import Publisher
from tryon_worker.genlook import (
    AccountRefused,
    GenlookError,
    InsufficientCredits,
    NotSent,
    PersonById,
    ProductNotFound,
    RateLimited,
    Refused,
    Submitted,
    UnknownRefusal,
)
from tryon_worker.observability import logger
from tryon_worker.photos.select import PhotoFound
from tryon_worker.tryons.defer import Defer
from tryon_worker.tryons.ledger import Ledger, StaleState, found_try_on
from tryon_worker.tryons.model import Outcome, Reason, State, TryOn, Verdict
from tryon_worker.tryons.outcome import OutcomePublisher
from tryon_worker.tryons.product import ResolvedProduct
from tryon_worker.tryons.start_polling import FIRST_CHECK_SECONDS, StartPolling

if TYPE_CHECKING:
    from tryon_worker.catalogue.store import Products
    from tryon_worker.photos.store import Photos


# The try-on is deferred right after a call that was not charged. After so long housekeeping notices
# a worker that died in between.
_BACK_SECONDS = 60


@dataclass(frozen=True)
class Submission:
    """A paid call and what it was made with.

    ``open_before`` are the seconds for which the circuit had been open. It is read before the
    call, because nothing that can fail may come between the response and the save.
    """

    try_on: TryOn
    attempt: str
    resolved: ResolvedProduct
    found: PhotoFound
    open_before: int


@dataclass(frozen=True)
class SubmissionResult:
    """Writes down how the paid call ended, and goes on from there."""

    table: Table
    ledger: Ledger
    products: "Products"
    rate_limiter: RateLimiter
    circuit_breaker: CircuitBreaker
    defer: Defer
    start_polling: StartPolling
    outcomes: OutcomePublisher
    publisher: Publisher
    tryon_queue: TryOnQueue
    photos: "Photos"
    api_key: Secret
    clock: Clock
    deadline_seconds: int

    def succeeded(self, response: Submitted, submission: Submission) -> None:
        """Genlook took it: the ``generationId`` is saved, then the wait loop starts."""
        try_on, now = submission.try_on, int(self.clock())
        generation = self.ledger.submitted(
            try_on.try_on_id,
            submission.attempt,
            generation_id=response.generation_id,
            now=now,
            deadline_at=now + self.deadline_seconds,
            open_before=submission.open_before,
            due_at=now + FIRST_CHECK_SECONDS,
        )
        saved = self._save(generation, submission, response.generation_id)
        self.circuit_breaker.record_definite(submission.attempt)
        if not saved:
            # A person closed or retried it meanwhile, or the shopper was erased.
            _log_late(submission, generationId=response.generation_id)
            return
        submitted = self.ledger.get(try_on.try_on_id)
        if submitted is not None and submitted.state is State.SUBMITTED:
            self.start_polling(submitted)

    def _save(self, generation: Write, submission: Submission, generation_id: str) -> bool:
        """Writes the ``generationId``, whose it is, and what Genlook now has of the product.

        The first matters most. If they cannot be written together, for whatever reason, it is
        written without the product, and then alone. Without the product the next call sends it
        inline once more; without the owner a person could adopt the generation for another try-on.
        """
        try_on = submission.try_on
        owned = self.ledger.ownership(try_on.try_on_id, generation_id, now=int(self.clock()))
        for others in [*self._acceptance(submission), owned], [owned]:
            try:
                self.table.transact([generation, *others])
            except WRITE_ERRORS:
                logger.info(
                    "generation not saved with the rest", extra={"tryOnId": try_on.try_on_id}
                )
            else:
                return True
        try:
            self.table.write(generation)
        except ConditionFailed as failed:
            found = found_try_on(failed)
            return found is not None and found.generation_id == generation_id
        return True

    def _acceptance(self, submission: Submission) -> list[Write]:
        product, pending = submission.resolved.product, submission.resolved.pending
        if not pending or not product.external_id:
            return []
        return [self.products.acceptance(product.external_id, pending)]

    def failed(self, error: GenlookError, submission: Submission) -> None:
        """Handles an error; its type says what is known of the charge."""
        logger.info(
            "paid call ended in an error",
            extra={
                "tryOnId": submission.try_on.try_on_id,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        try:
            if isinstance(error, NotSent):
                self.not_made(submission)
            elif isinstance(error, Refused):
                self._refused(error, submission)
            else:
                self._unknown(error, submission)
        except StaleState:
            _log_late(submission)

    def not_made(self, submission: Submission) -> None:
        """Nothing reached Genlook: the same call may be made by the next attempt."""
        self._back_to_claimed(submission)
        self.circuit_breaker.release(submission.attempt)
        self.defer.until_retry(submission.try_on, submission.attempt)

    def _refused(self, error: Refused, submission: Submission) -> None:
        if isinstance(error, RateLimited):
            self._rate_limited(error, submission)
        elif isinstance(error, InsufficientCredits):
            self._credits_used_up(submission)
        elif isinstance(error, AccountRefused):
            self._key_refused(submission)
        else:
            try:
                self._request_refused(error, submission)
            finally:
                self.circuit_breaker.record_definite(submission.attempt)

    def _rate_limited(self, error: RateLimited, submission: Submission) -> None:
        self._back_to_claimed(submission)
        paused = self.rate_limiter.pause(error.retry_after)
        self.circuit_breaker.release(submission.attempt)
        self.defer.until_rate(submission.try_on, submission.attempt, paused)

    def _credits_used_up(self, submission: Submission) -> None:
        self._back_to_claimed(submission)
        newly_open = self.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        self.defer.until_circuit_closes(submission.try_on, submission.attempt)
        if newly_open:  # if the worker dies here, the next probe publishes it
            self.publisher.publish("CreditsExhausted", {})
            self.circuit_breaker.published()

    def _key_refused(self, submission: Submission) -> None:
        self._back_to_claimed(submission)
        if self.api_key.reread():
            # The key was changed; this process still had the old one.
            self.circuit_breaker.release(submission.attempt)
            self._once_more(submission)
        else:
            self.circuit_breaker.open(OpenReason.INVALID_API_KEY)
            self.defer.until_circuit_closes(submission.try_on, submission.attempt)

    def _request_refused(self, error: Refused, submission: Submission) -> None:
        try_on = submission.try_on
        fallback = _fallback(error, submission)
        if fallback is None:
            verdict = Verdict(Outcome.FAILED, Reason.REJECTED, error.code)
            self.outcomes.decide(
                try_on,
                verdict,
                # UNKNOWN too: this late response is the end that was not known.
                from_states=(State.SUBMITTING, State.UNKNOWN),
                attempt=submission.attempt,
                message=error.message,
            )
            return
        if not self._back_to_claimed(submission, fallback):
            return
        if fallback == "PHOTO" and submission.found.photo is not None:
            self.photos.mark_stale(submission.found.photo)
        if fallback == "PRODUCT" and submission.resolved.product.external_id:
            self.products.forget_acceptance(submission.resolved.product.external_id)
        self._once_more(submission)

    def _unknown(self, error: GenlookError, submission: Submission) -> None:
        reason = error.code or type(error).__name__
        unknown = self.ledger.unknown(
            submission.try_on.try_on_id, submission.attempt, reason=reason, now=int(self.clock())
        )
        # Counted before it is published: a late event can be made up for, a wasted credit cannot.
        self.circuit_breaker.record_unknown(submission.attempt)
        self.outcomes.publish_review(unknown)

    def _back_to_claimed(self, submission: Submission, fallback: str | None = None) -> bool:
        """Whether the claim is ours again. If not, what the response says of the account counts."""
        lease_until = int(self.clock()) + _BACK_SECONDS
        try:
            self.ledger.back_to_claimed(
                submission.try_on.try_on_id,
                submission.attempt,
                lease_until=lease_until,
                fallback=fallback,
            )
        except StaleState:
            _log_late(submission)
            return False
        return True

    def _once_more(self, submission: Submission) -> None:
        """Another attempt goes on at once; if the message is lost, housekeeping resends it."""
        self.defer.until_retry(submission.try_on, submission.attempt)
        self.tryon_queue.send_step(
            submission.try_on.try_on_id, requested_at=submission.try_on.requested_at
        )


def _fallback(error: Refused, submission: Submission) -> str | None:
    """What may be changed, once, so that Genlook takes the same request after all."""
    if isinstance(error, ProductNotFound) and submission.resolved.can_be_inline:
        fallback = "PRODUCT"
    elif isinstance(error, UnknownRefusal) and isinstance(submission.found.person, PersonById):
        fallback = "PHOTO"
    else:
        return None
    return None if fallback in submission.try_on.fallbacks else fallback


def _log_late(submission: Submission, **more: str) -> None:
    logger.warning("response came too late", extra={"tryOnId": submission.try_on.try_on_id, **more})
