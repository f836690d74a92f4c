"""Checks the credit balance now and then, and publishes once that few credits are left."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.calls import Unavailable, UnbilledCall
from tryon_worker.account.circuit_breaker import CircuitBreaker, CircuitState
from tryon_worker.account.gcra import Priority
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Table, update
from tryon_worker.clock import Clock
from tryon_worker.events.publisher import Publisher
from tryon_worker.genlook import Refused
from tryon_worker.observability import Metric, count, logger

# The full rate uses 50 credits a minute, so no interval catches every fall in time. A check each
# quarter of an hour costs one call in 1,500.
CHECK_SECONDS = 900

# A check has a low class, so an account in full use denies it: just where credits go fastest. A
# check that is this late takes the highest class.
LATE_SECONDS = 2 * CHECK_SECONDS

# A check without a permit is made again in the next minute's housekeeping, and by one worker.
AGAIN_SECONDS = 50


@dataclass(frozen=True)
class WatchCredits:
    """Asks Genlook for the balance, and records whether ``CreditsLow`` was published."""

    table: Table
    circuit_breaker: CircuitBreaker
    unbilled_call: UnbilledCall
    credits: Callable[[], int]
    publisher: Publisher
    clock: Clock
    threshold: int

    def __call__(self) -> None:
        """Checks if it is due; publishes ``CreditsLow`` each time the balance falls that low."""
        if not self.threshold or self.circuit_breaker.circuit().state is not CircuitState.CLOSED:
            return  # the probe of an open circuit breaker asks for the balance and publishes it
        row = self.table.get(keys.CREDITS) or {}
        now = int(self.clock())
        if row.get("nextAt", 0) > now or not self._claim(now):
            return
        late = now - row.get("lookedAt", now) >= LATE_SECONDS
        try:
            balance = self.unbilled_call(
                Priority.ERASURE if late else Priority.PRODUCT, self.credits
            )
        except (Unavailable, Refused):
            return
        low = balance < self.threshold
        count(Metric.CREDITS_LOW, int(low))
        logger.info("credits", extra={"balance": balance})
        if low and not row.get("low"):
            self.publisher.publish("CreditsLow", {"creditBalance": max(0, balance)})
        # Published first, then recorded: after a crash in between it is published again.
        self.table.write(
            update(
                keys.CREDITS,
                "SET #low = :low, #nextAt = :next, #lookedAt = :now",
                low=low,
                next=now + CHECK_SECONDS,
                now=now,
            )
        )

    def _claim(self, now: int) -> bool:
        """Claims the check, so that two rounds at once do not publish twice."""
        try:
            self.table.write(
                update(
                    keys.CREDITS,
                    "SET #nextAt = :again, #lookedAt = if_not_exists(#lookedAt, :now)",
                    condition="attribute_not_exists(#nextAt) OR #nextAt <= :now",
                    again=now + AGAIN_SECONDS,
                    now=now,
                )
            )
        except ConditionFailed:
            return False
        return True
