"""The generic cell rate algorithm (GCRA) for the account's rate: pure arithmetic.

Its state is one number, the *theoretical arrival time* (TAT): when the calls granted so far would
end if they were spread evenly. A call may be sent while the TAT is at most a tolerance ahead of
now, and each grant advances the TAT by one interval.
"""

from dataclasses import dataclass
from enum import StrEnum

PERIOD_MS = 60_000
"""The period of Genlook's limit: 100 requests a minute by default."""

# Genlook counts a call when it arrives. Latencies differ (users measured 50 to 800 ms), callers'
# clocks differ (200 ms), and a submit writes its row between its permit and its call (up to
# 250 ms). The rest covers a process that runs again late: without it, ten minutes on an overloaded
# machine had one 429.
SPREAD_MS = 1_750
"""Calls may arrive this much closer together than they were granted."""

# The part of the limit that may be sent at once on an idle account. It allows two calls at once;
# a larger burst would lower the steady rate.
_BURST_PART = 0.02


class Priority(StrEnum):
    """The class of a call; when little rate is left, earlier classes go first."""

    ERASURE = "erasure"
    SUBMIT = "submit"
    UPLOAD = "upload"
    PRODUCT = "product"
    POLL = "poll"
    BULK = "bulk"


# How much of the burst each class may use; it leaves the rest to the classes above it.
_BURST_SHARE = {
    Priority.ERASURE: 1.0,
    Priority.SUBMIT: 1.0,
    Priority.UPLOAD: 0.75,
    Priority.PRODUCT: 0.5,
    Priority.POLL: 0.5,
    Priority.BULK: 0.5,
}

# How far ahead a class may take a permit and sleep until it is due. A class that must not starve
# gets a longer horizon, because it still finds a permit where the others are denied. A denied
# submit is deferred for up to a minute, a denied poll for a few seconds.
_HORIZON_MS = {
    Priority.ERASURE: 12_000,
    Priority.SUBMIT: 9_000,
    Priority.UPLOAD: 7_500,
    Priority.PRODUCT: 0,
    Priority.POLL: 6_000,
    Priority.BULK: 2_000,  # when permits are further ahead, bulk waits for its next dispatch
}


@dataclass(frozen=True)
class Rate:
    """GCRA's burst and interval for an account's ``limit`` in calls a minute."""

    limit: int

    @property
    def burst(self) -> float:
        """How many calls may be sent at once."""
        return max(1.0, self.limit * _BURST_PART)

    @property
    def interval_ms(self) -> int:
        """Milliseconds between two calls at a steady rate.

        Any window W holds at most floor(W / interval + burst) calls, so this is the smallest whole
        number of milliseconds that keeps a period plus the spread within the limit.
        """
        return int((PERIOD_MS + SPREAD_MS) / (self.limit - self.burst + 1)) + 1

    @property
    def per_minute(self) -> float:
        """Calls a minute at a steady rate."""
        return PERIOD_MS / self.interval_ms

    def tolerance_ms(self, priority: Priority) -> int:
        """How far the TAT may be ahead of now for a call to be sent at once."""
        return max(0, int((self.burst * _BURST_SHARE[priority] - 1) * self.interval_ms))

    def due_ms(self, tat: int, priority: Priority) -> int:
        """When the call that was granted at ``tat`` may be sent."""
        return tat - self.tolerance_ms(priority)

    def latest_tat(self, now: int, priority: Priority) -> int:
        """The highest TAT at which a permit is within the class's horizon."""
        return now + self.tolerance_ms(priority) + _HORIZON_MS[priority]

    def current(self, tat: int, now: int) -> int:
        """The TAT at ``now``: ``now`` if ``tat`` has passed, or if only a wrong clock set it."""
        return tat if now < tat <= now + PERIOD_MS + self.interval_ms else now
