"""Probes Genlook with an unbilled call while the circuit breaker is open."""

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
    """Asks Genlook for the account's credits; if there are some, the circuit half-opens."""

    circuit_breaker: CircuitBreaker
    rate_limiter: RateLimiter
    publisher: Publisher
    credits: Callable[[], int]
    api_key: Secret
    sleep: Sleep
    clock: Clock

    def __call__(self) -> None:
        """Probes once, if the circuit breaker is open and its pause is over."""
        circuit = self.circuit_breaker.circuit()
        count(Metric.CIRCUIT_OPEN, int(circuit.state is not CircuitState.CLOSED))
        if circuit.unpublished:  # the worker that opened it crashed before it published
            self.publisher.publish("CreditsExhausted", {})
            self.circuit_breaker.published()
        if not circuit.can_probe(int(self.clock())):
            return
        # Probes are few, and every try-on waits for them: so the highest class.
        permit = self.rate_limiter.take(Priority.ERASURE)
        if isinstance(permit, Denied):
            return
        self.sleep(permit.wait_seconds)
        try:
            balance = self.credits()
        except GenlookError as error:
            if isinstance(error, InvalidApiKey):
                self.api_key.reread()  # the next probe uses the new key, if there is one
            logger.info("probe failed", extra={"kind": type(error).__name__, "code": error.code})
            return
        if balance <= 0:
            return
        if circuit.opened_by is OpenReason.INSUFFICIENT_CREDITS:
            self.publisher.publish("CreditsRestored", {"creditBalance": balance})
        self.circuit_breaker.half_open()
