"""Looks now and then how many credits are left, and says once that they are few."""

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

# At the full rate 50 credits are a minute's work, so no interval is short enough to be sure; a
# quarter of an hour costs one request in 1,500.
CHECK_SECONDS = 900

# It takes no slot that another could have, so on an account that is in full use it takes none: just
# where credits go fastest. Whoever has not looked for so long asks before all others, once.
LATE_SECONDS = 2 * CHECK_SECONDS

# Whoever found no slot tries in the next round of housekeeping, and no other does before.
AGAIN_SECONDS = 50


@dataclass(frozen=True)
class WatchCredits:
    """Asks Genlook, which is free, and remembers whether it was said that few are left."""

    table: Table
    circuit_breaker: CircuitBreaker
    unbilled_call: UnbilledCall
    credits: Callable[[], int]
    publisher: Publisher
    clock: Clock
    threshold: int

    def __call__(self) -> None:
        """Looks if it is time to; ``CreditsLow`` is said once each time they fall that low."""
        if not self.threshold or self.circuit_breaker.circuit().state is not CircuitState.CLOSED:
            return  # whoever probes a shut breaker asks too, and speaks of it
        row = self.table.get(keys.CREDITS) or {}
        now = int(self.clock())
        if row.get("nextAt", 0) > now or not self._take(now):
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
        # Said first, then noted: whoever dies in between leaves it to be said again.
        self.table.write(
            update(
                keys.CREDITS,
                "SET #low = :low, #nextAt = :next, #lookedAt = :now",
                low=low,
                next=now + CHECK_SECONDS,
                now=now,
            )
        )

    def _take(self, now: int) -> bool:
        """Whether it is ours to look: two rounds at once must not say it twice."""
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
