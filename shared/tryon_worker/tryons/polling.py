"""Polls a generation: starts the wait loop, asks how far it is, decides when it has ended."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.circuit_breaker import CircuitBreaker, CircuitState, OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied, RateLimiter
from tryon_worker.aws.secrets import Secret
from tryon_worker.clock import Clock, Sleep
from tryon_worker.genlook import (
    Forbidden,
    Generation,
    GenerationNotFound,
    GenerationStatus,
    GenlookError,
    InvalidApiKey,
    RateLimited,
)
from tryon_worker.observability import logger
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import Outcome, Reason, State, TryOn, Verdict
from tryon_worker.tryons.outcome import OutcomePublisher, ShopperErased
from tryon_worker.tryons.planner import Asked, PollPlanner
from tryon_worker.tryons.result import CopyResult, NoResultYet
from tryon_worker.tryons.schedule import MAX_WAIT_SECONDS, poll_backoff, wait_after_denial

# A generation may not be readable at once after it was made; after this it never will be.
NOT_FOUND_GRACE_SECONDS = 60

# The poll before TIMED_OUT must be one that Genlook answered: the picture may lie there, paid for.
# So long is an answer waited for beyond the deadline; then the shop has waited long enough.
UNANSWERED_SECONDS = 1800


@dataclass(frozen=True)
class StillRunning:
    """Poll again in ``wait_seconds``."""

    wait_seconds: int


@dataclass(frozen=True)
class Decided:
    """The try-on has its outcome; it may still have to be published."""


@dataclass(frozen=True)
class Poll:
    """Asks Genlook how far a generation is, and decides the try-on when it is over."""

    ledger: Ledger
    rate_limiter: RateLimiter
    circuit_breaker: CircuitBreaker
    outcomes: OutcomePublisher
    copy_result: CopyResult
    plan: PollPlanner
    generation: Callable[[str], Generation]
    api_key: Secret
    clock: Clock
    sleep: Sleep
    standstill_seconds: int

    def __call__(self, try_on_id: str, generation_id: str) -> StillRunning | Decided:
        """Polls once."""
        try_on = self.ledger.get(try_on_id)
        if try_on is None or try_on.state is not State.SUBMITTED:
            return Decided()
        if try_on.generation_id != generation_id:
            return Decided()  # a person ordered another call: this generation is nobody's
        circuit_breaker = self.circuit_breaker.circuit()
        if (
            circuit_breaker.state is CircuitState.OPEN
            and circuit_breaker.opened_by is OpenReason.INVALID_API_KEY
        ):
            return self._unasked(try_on, MAX_WAIT_SECONDS)
        permit = self.rate_limiter.take(Priority.POLL)
        if isinstance(permit, Denied):
            return self._unasked(try_on, wait_after_denial(permit.retry_seconds, self._age(try_on)))
        self.sleep(permit.wait_seconds)
        asked = Asked(self._age(try_on), permit.request_rates)
        try:
            return self._seen(try_on, self.generation(generation_id), asked)
        except GenlookError as error:
            return self._not_seen(error, try_on)

    def _seen(self, try_on: TryOn, generation: Generation, asked: Asked) -> StillRunning | Decided:
        if generation.status is GenerationStatus.FAILED:
            verdict = Verdict(Outcome.FAILED, Reason.GENERATION_FAILED, generation.error_code)
            self._decide(try_on, verdict, generation.error_message)
            self.plan.learn(generation)
            return Decided()
        # COMPLETED without a link counts as still running: the link may come.
        if generation.status is GenerationStatus.COMPLETED and generation.result_image_url:
            return self._completed(try_on, generation)
        left = self._seconds_left(try_on)
        if left <= 0:
            return self._timed_out(try_on)
        # The last poll is at the deadline, not at the plan's next time.
        return StillRunning(min(left, self.plan.next(asked, self._age(try_on), bulk=try_on.bulk)))

    def _completed(self, try_on: TryOn, generation: Generation) -> StillRunning | Decided:
        try:
            result = self.copy_result(try_on, generation)
        except NoResultYet as no_result:
            grace = UNANSWERED_SECONDS if no_result.unasked else 0
            if not no_result.final and not self._overdue(try_on, grace=grace):
                return StillRunning(poll_backoff(self._age(try_on)))
            verdict = Verdict(Outcome.FAILED, Reason.RESULT_UNAVAILABLE, no_result.code)
            self._decide(try_on, verdict, str(no_result))
            return Decided()
        if not self._decide(try_on, Verdict(Outcome.COMPLETED, result=result)):
            self.copy_result.remove_unless_kept(try_on, result)
        self.plan.learn(generation)
        return Decided()

    def _not_seen(self, error: GenlookError, try_on: TryOn) -> StillRunning | Decided:
        logger.info(
            "look ended in an error",
            extra={
                "tryOnId": try_on.try_on_id,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        if isinstance(error, RateLimited):
            self.rate_limiter.pause(error.retry_after)
        if isinstance(error, InvalidApiKey) and not self.api_key.reread():
            self.circuit_breaker.open(OpenReason.INVALID_API_KEY)
        # In Genlook's own words; a page that says 403 may come from a firewall in between.
        gone = isinstance(error, GenerationNotFound | Forbidden) and error.code is not None
        if gone and self._age(try_on) > NOT_FOUND_GRACE_SECONDS:
            verdict = Verdict(Outcome.FAILED, Reason.RESULT_UNAVAILABLE, error.code)
            self._decide(try_on, verdict, error.message)
            return Decided()
        if self._overdue(try_on, grace=UNANSWERED_SECONDS):
            return self._timed_out(try_on)
        return StillRunning(poll_backoff(self._age(try_on)))

    def _timed_out(self, try_on: TryOn) -> Decided:
        self._decide(try_on, Verdict(Outcome.FAILED, Reason.TIMED_OUT))
        return Decided()

    def _unasked(self, try_on: TryOn, wait_seconds: int) -> StillRunning | Decided:
        """No call works, or there is no room for one: that is waited for, but not for ever."""
        if self._overdue(try_on, grace=UNANSWERED_SECONDS):
            return self._timed_out(try_on)
        return StillRunning(wait_seconds)

    def _decide(self, try_on: TryOn, verdict: Verdict, message: str | None = None) -> bool:
        """Whether this very verdict is what the try-on ended in."""
        try:
            return self.outcomes.decide(
                try_on, verdict, from_states=(State.SUBMITTED,), message=message
            )
        except ShopperErased:
            self.outcomes.end_erased(try_on, from_states=(State.SUBMITTED,))
            return False

    def _age(self, try_on: TryOn) -> float:
        return self.clock() - (try_on.submitted_at or 0)

    def _overdue(self, try_on: TryOn, *, grace: int = 0) -> bool:
        """Whether the deadline is over, and the grace that an answer is given."""
        return self._seconds_left(try_on) + grace <= 0

    def _seconds_left(self, try_on: TryOn) -> int:
        """Until the deadline; an open circuit stops it, up to a limit."""
        now = int(self.clock())
        stood_still = self.circuit_breaker.circuit().open_seconds(now) - try_on.open_before
        stood_still = min(max(0, stood_still), self.standstill_seconds)
        return (try_on.deadline_at or 0) + stood_still - now
