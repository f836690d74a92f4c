"""Probes a shut breaker with a call that costs nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.breaker import Breaker, Gate, ShutBy
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Clock, Sleep
from tryon_worker.events import Publisher
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import GenlookError, InvalidApiKey
from tryon_worker.observability import Metric, count, logger
from tryon_worker.secrets import Secret


@dataclass(frozen=True)
class Probe:
    """Asks for the account's credits; an answer lets one submit try."""

    breaker: Breaker
    budget: Budget
    publisher: Publisher
    credits: Callable[[], int]
    api_key: Secret
    sleep: Sleep
    clock: Clock

    def __call__(self) -> None:
        """Probes once, if the breaker is shut and a trial may come of it."""
        state = self.breaker.state()
        count(Metric.BREAKER_SHUT, int(state.gate is not Gate.OPEN))
        if state.untold:  # whoever shut it was cut short
            self.publisher.publish("CreditsExhausted", {})
            self.breaker.told()
        if not state.worth_a_probe(int(self.clock())):
            return
        slot = self.budget.take(CallClass.ERASURE)  # few, and all else waits for it
        if isinstance(slot, NoSlot):
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
        if state.shut_by is ShutBy.INSUFFICIENT_CREDITS:
            self.publisher.publish("CreditsRestored", {"creditBalance": balance})
        self.breaker.try_one()
