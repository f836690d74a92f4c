"""Probes a shut breaker with a call that costs nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.circuit_breaker import CircuitBreaker, CircuitState, OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied, RateLimiter
from tryon_worker.aws.secrets import Secret
from tryon_worker.clock import Clock, Sleep
from tryon_worker.events.publisher import Publisher
from tryon_worker.genlook import GenlookError, InvalidApiKey
from tryon_worker.observability import Metric, count, logger


@dataclass(frozen=True)
class Probe:
    """Asks for the account's credits; an answer lets one submit try."""

    circuit_breaker: CircuitBreaker
    rate_limiter: RateLimiter
    publisher: Publisher
    credits: Callable[[], int]
    api_key: Secret
    sleep: Sleep
    clock: Clock

    def __call__(self) -> None:
        """Probes once, if the circuit breaker is shut and a trial may come of it."""
        state = self.circuit_breaker.circuit()
        count(Metric.CIRCUIT_OPEN, int(state.state is not CircuitState.CLOSED))
        if state.unpublished:  # whoever shut it was cut short
            self.publisher.publish("CreditsExhausted", {})
            self.circuit_breaker.published()
        if not state.can_probe(int(self.clock())):
            return
        slot = self.rate_limiter.take(Priority.ERASURE)  # few, and all else waits for it
        if isinstance(slot, Denied):
            return
        self.sleep(slot.wait_seconds)
        try:
            balance = self.credits()
        except GenlookError as error:
            if isinstance(error, InvalidApiKey):
                self.api_key.reread()  # a new key is tried in the next round
            logger.info("probe failed", extra={"kind": type(error).__name__, "code": error.code})
            return
        if balance <= 0:
            return
        if state.opened_by is OpenReason.INSUFFICIENT_CREDITS:
            self.publisher.publish("CreditsRestored", {"creditBalance": balance})
        self.circuit_breaker.half_open()
