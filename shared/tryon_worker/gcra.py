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
# same minute, for latencies differ (0.8 s measured by users) and callers' clocks too (0.2 s).
_SKEW_MS = 1_000

# What may go at once on an idle account, as a part of the limit. More burst is less steady rate:
# within any minute, rate plus burst must stay below the limit.
_BURST_PART = 0.04


class CallClass(StrEnum):
    """What a request is for; the order is who goes first when little is left."""

    ERASURE = "erasure"
    SUBMIT = "submit"
    UPLOAD = "upload"
    PRODUCT = "product"
    POLL = "poll"
    BULK = "bulk"


# How much of the burst each class may use up. What a lower class must leave is the share of the
# classes above it; what they do not use flows back with time, so nothing is lost.
_BURST_SHARE = {
    CallClass.ERASURE: 1.0,
    CallClass.SUBMIT: 0.75,
    CallClass.UPLOAD: 0.5,
    CallClass.PRODUCT: 0.25,
    CallClass.POLL: 0.25,
    CallClass.BULK: 0.25,
}

# How far ahead a class may book a slot and sleep for it. Longer for what must not starve.
_HORIZON_MS = {
    CallClass.ERASURE: 6_000,
    CallClass.SUBMIT: 4_000,
    CallClass.UPLOAD: 3_000,
    CallClass.PRODUCT: 0,
    CallClass.POLL: 1_500,
    CallClass.BULK: 0,  # a submit that came in bulk goes when nobody else has booked ahead
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
        """Between two requests at a steady rate; rounded up, or the sum would pass the limit."""
        steady = max(1.0, self.limit - self.burst)
        return -int(-(PERIOD_MS + _SKEW_MS) // steady)

    def tolerance_ms(self, call: CallClass) -> int:
        """How far the TAT may be ahead of now for a request to go at once."""
        return int((self.burst * _BURST_SHARE[call] - 1) * self.interval_ms)

    def slot_ms(self, tat: int, call: CallClass) -> int:
        """When a request may go that moved the bucket from ``tat`` on."""
        return tat - max(0, self.tolerance_ms(call))

    def furthest_ms(self, now: int, call: CallClass) -> int:
        """The TAT up to which a slot is near enough to be booked."""
        return now + max(0, self.tolerance_ms(call)) + _HORIZON_MS[call]
