"""The account's rate as arithmetic: a time-based bucket (GCRA), without a clock or a store.

The bucket is one number, the *theoretical arrival time* (TAT): when the requests granted so far
would be due if they had come evenly. A request may go while the TAT is at most a tolerance ahead
of now; each grant moves it on by one interval.
"""

from dataclasses import dataclass
from enum import StrEnum

PERIOD_MS = 60_000
"""The period of Genlook's limit: 100 requests a minute by default."""

# A request is counted when it arrives: granted up to this much after another could arrive in the
# same minute. Latencies differ (50 to 800 ms measured by users), callers' clocks too (200 ms), and
# between its slot and its call a submit still writes its mark (up to 250 ms). The rest is for a
# process that is slow to wake: ten minutes on an overloaded machine had one 429 without it.
SPREAD_MS = 1_750
"""Requests may arrive so much closer together than they were granted."""

# What may go at once on an idle account, as a part of the limit. Two requests of one moment
# are quick by it, and no more: what may go at once cannot be part of the steady rate.
_BURST_PART = 0.02


class Priority(StrEnum):
    """What a request is for; the order is who goes first when little is left."""

    ERASURE = "erasure"
    SUBMIT = "submit"
    UPLOAD = "upload"
    PRODUCT = "product"
    POLL = "poll"
    BULK = "bulk"


# How much of the burst each class may use up: what a lower class must leave.
_BURST_SHARE = {
    Priority.ERASURE: 1.0,
    Priority.SUBMIT: 1.0,
    Priority.UPLOAD: 0.75,
    Priority.PRODUCT: 0.5,
    Priority.POLL: 0.5,
    Priority.BULK: 0.5,
}

# How far ahead a class may book a slot and sleep for it. Longer for what must not starve: whoever
# may look further ahead finds a slot where the others are sent away. A submit that is sent away
# is parked for up to a minute, a look for a few seconds.
_HORIZON_MS = {
    Priority.ERASURE: 12_000,
    Priority.SUBMIT: 9_000,
    Priority.UPLOAD: 7_500,
    Priority.PRODUCT: 0,
    Priority.POLL: 6_000,
    Priority.BULK: 2_000,  # where others have booked further ahead, bulk waits for its next turn
}


@dataclass(frozen=True)
class Rate:
    """The limit of an account, in requests a minute, as a bucket's two numbers."""

    limit: int

    @property
    def burst(self) -> float:
        """How many requests may go at once."""
        return max(1.0, self.limit * _BURST_PART)

    @property
    def interval_ms(self) -> int:
        """Between two requests at a steady rate.

        Within any time W go at most W / interval + burst requests, rounded down, so this is the
        least number of whole milliseconds for which that stays within the limit.
        """
        return int((PERIOD_MS + SPREAD_MS) / (self.limit - self.burst + 1)) + 1

    @property
    def per_minute(self) -> float:
        """How many requests a minute may go at a steady rate."""
        return PERIOD_MS / self.interval_ms

    def tolerance_ms(self, call: Priority) -> int:
        """How far the TAT may be ahead of now for a request to go at once."""
        return max(0, int((self.burst * _BURST_SHARE[call] - 1) * self.interval_ms))

    def permit_ms(self, tat: int, call: Priority) -> int:
        """When a request may go that moved the bucket from ``tat`` on."""
        return tat - self.tolerance_ms(call)

    def furthest_ms(self, now: int, call: Priority) -> int:
        """The TAT up to which a slot is near enough to be booked."""
        return now + self.tolerance_ms(call) + _HORIZON_MS[call]

    def current(self, tat: int, now: int) -> int:
        """The TAT at ``now``: what lies behind is over, what lies too far ahead a clock's error."""
        return tat if now < tat <= now + PERIOD_MS + self.interval_ms else now
