"""One look at a generation: still running, or decided (the wait loop asks, housekeeping too)."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.breaker import Breaker, Gate, ShutBy
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Clock, Sleep
from tryon_worker.gcra import CallClass
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
from tryon_worker.polling.waits import MAX_WAIT_SECONDS, rarer, sent_away
from tryon_worker.secrets import Secret
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict
from tryon_worker.store.ledger import Ledger
from tryon_worker.usecases.copy_result import CopyResult, NoResultYet
from tryon_worker.usecases.door import Door, ShopperErased
from tryon_worker.usecases.plan_looks import Asked, PlanLooks

# A generation may not be readable at once after it was made; after this it never will be.
NOT_FOUND_GRACE_SECONDS = 60

# The look before TIMED_OUT must be one that Genlook answered: the picture may lie there, paid for.
# So long is an answer waited for beyond the deadline; then the shop has waited long enough.
UNANSWERED_SECONDS = 1800


@dataclass(frozen=True)
class Running:
    """Look again in ``wait_seconds``."""

    wait_seconds: int


@dataclass(frozen=True)
class Decided:
    """The try-on has its outcome; it may still have to be published."""


@dataclass(frozen=True)
class Look:
    """Asks Genlook how far a generation is, and decides the try-on when it is over."""

    ledger: Ledger
    budget: Budget
    breaker: Breaker
    door: Door
    copy_result: CopyResult
    plan: PlanLooks
    generation: Callable[[str], Generation]
    api_key: Secret
    clock: Clock
    sleep: Sleep
    standstill_seconds: int

    def __call__(self, try_on_id: str, generation_id: str) -> Running | Decided:
        """Looks once."""
        entry = self.ledger.get(try_on_id)
        if entry is None or entry.state is not State.SUBMITTED:
            return Decided()
        if entry.generation_id != generation_id:
            return Decided()  # a person ordered another call: this generation is nobody's
        breaker = self.breaker.state()
        if breaker.gate is Gate.SHUT and breaker.shut_by is ShutBy.INVALID_API_KEY:
            return self._unasked(entry, MAX_WAIT_SECONDS)
        slot = self.budget.take(CallClass.POLL)
        if isinstance(slot, NoSlot):
            return self._unasked(entry, sent_away(slot.retry_seconds, self._age(entry)))
        self.sleep(slot.wait_seconds)
        asked = Asked(self._age(entry), slot.traffic)
        try:
            return self._seen(entry, self.generation(generation_id), asked)
        except GenlookError as error:
            return self._not_seen(error, entry)

    def _seen(self, entry: Entry, generation: Generation, asked: Asked) -> Running | Decided:
        if generation.status is GenerationStatus.FAILED:
            verdict = Verdict(Outcome.FAILED, Reason.GENERATION_FAILED, generation.error_code)
            self._decide(entry, verdict, generation.error_message)
            self.plan.learn(generation)
            return Decided()
        # COMPLETED without a link counts as still running: the link may come.
        if generation.status is GenerationStatus.COMPLETED and generation.result_image_url:
            return self._completed(entry, generation)
        left = self._seconds_left(entry)
        if left <= 0:
            return self._timed_out(entry)
        # The last look is at the deadline, not when the plan would come by again.
        return Running(min(left, self.plan.next(asked, self._age(entry), bulk=entry.bulk)))

    def _completed(self, entry: Entry, generation: Generation) -> Running | Decided:
        try:
            result = self.copy_result(entry, generation)
        except NoResultYet as no_result:
            grace = UNANSWERED_SECONDS if no_result.unasked else 0
            if not no_result.final and not self._overdue(entry, grace=grace):
                return Running(rarer(self._age(entry)))
            verdict = Verdict(Outcome.FAILED, Reason.RESULT_UNAVAILABLE, no_result.code)
            self._decide(entry, verdict, str(no_result))
            return Decided()
        if not self._decide(entry, Verdict(Outcome.COMPLETED, result=result)):
            self.copy_result.remove_unless_kept(entry, result)
        self.plan.learn(generation)
        return Decided()

    def _not_seen(self, error: GenlookError, entry: Entry) -> Running | Decided:
        logger.info(
            "look ended in an error",
            extra={
                "tryOnId": entry.try_on_id,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        if isinstance(error, RateLimited):
            self.budget.pause(error.retry_after)
        if isinstance(error, InvalidApiKey) and not self.api_key.reread():
            self.breaker.shut(ShutBy.INVALID_API_KEY)
        # In Genlook's own words; a page that says 403 may come from a firewall in between.
        gone = isinstance(error, GenerationNotFound | Forbidden) and error.code is not None
        if gone and self._age(entry) > NOT_FOUND_GRACE_SECONDS:
            verdict = Verdict(Outcome.FAILED, Reason.RESULT_UNAVAILABLE, error.code)
            self._decide(entry, verdict, error.message)
            return Decided()
        if self._overdue(entry, grace=UNANSWERED_SECONDS):
            return self._timed_out(entry)
        return Running(rarer(self._age(entry)))

    def _timed_out(self, entry: Entry) -> Decided:
        self._decide(entry, Verdict(Outcome.FAILED, Reason.TIMED_OUT))
        return Decided()

    def _unasked(self, entry: Entry, wait_seconds: int) -> Running | Decided:
        """No call works, or there is no room for one: that is waited for, but not for ever."""
        if self._overdue(entry, grace=UNANSWERED_SECONDS):
            return self._timed_out(entry)
        return Running(wait_seconds)

    def _decide(self, entry: Entry, verdict: Verdict, message: str | None = None) -> bool:
        """Whether this very verdict is what the try-on ended in."""
        try:
            return self.door.decide(entry, verdict, from_states=(State.SUBMITTED,), message=message)
        except ShopperErased:
            self.door.end_erased(entry, from_states=(State.SUBMITTED,))
            return False

    def _age(self, entry: Entry) -> float:
        return self.clock() - (entry.submitted_at or 0)

    def _overdue(self, entry: Entry, *, grace: int = 0) -> bool:
        """Whether the deadline is over, and the grace that an answer is given."""
        return self._seconds_left(entry) + grace <= 0

    def _seconds_left(self, entry: Entry) -> int:
        """Until the deadline; a shut breaker stops it, up to a limit."""
        now = int(self.clock())
        stood_still = self.breaker.state().shut_seconds(now) - entry.shut_before
        stood_still = min(max(0, stood_still), self.standstill_seconds)
        return (entry.deadline_at or 0) + stood_still - now
