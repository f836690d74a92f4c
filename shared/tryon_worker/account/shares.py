"""Shares of the rate: each class keeps its own, and what it does not use is lent to the others.

Class clocks stand beside the rate limiter's TAT and use the same arithmetic: each call advances
some of them by the rate it uses up. A call is granted while the clock of all work is not too far
ahead of now. Where others have advanced that one too far, a class with a share still gets its
share: then its own clock decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tryon_worker.account.gcra import PERIOD_MS, Priority, Rate

ClassClocks = Mapping[str, int]
"""The time of each class clock, in ms; a missing clock stands at now."""

POLLS_RESERVED = 1.15
"""Polls that each submit leaves room for: one, and a second for some that still run."""

# Polls that a live submit leaves room for before bulk is granted anything. With three polls each, a
# shopper waits 2 to 5 seconds longer than the generation takes; with one, 8 to 20 seconds.
POLLS_BEFORE_BULK = 3.0

_WORK = "work"
_BULK = "bulk"

# How far the clock of all work may be ahead of now, for each class. It lets some twenty submits
# through at once, as many as come by chance at 40 a minute. Lower classes leave room for higher.
_AHEAD_MS = {
    Priority.ERASURE: 30_000,
    Priority.SUBMIT: 25_000,
    Priority.UPLOAD: 15_000,
    Priority.PRODUCT: 5_000,
    Priority.BULK: 5_000,
}

# How far a class's own clock may be ahead of now: a handful of calls at once.
_AHEAD_IN_SHARE_MS = 10_000

# Live submits advance the bulk clock and never wait for it, so it stops at a little over a minute
# ahead. Only a wrong clock can have set it twice as many intervals ahead.
_MAX_INTERVALS = 50
_ABSURD_INTERVALS = 100


@dataclass(frozen=True)
class ClassShares:
    """The part of ``rate`` that each class can always have, whatever the others use."""

    rate: Rate
    parts: Mapping[Priority, float]

    def wait_ms(self, class_clocks: ClassClocks, priority: Priority, now: int) -> int:
        """Milliseconds until the call may be granted; 0 if it may be now."""
        if priority is Priority.POLL:
            return 0  # the submit left room for it, and the poll plan fits that room
        shared_clock = _BULK if priority is Priority.BULK else _WORK
        wait = self._current(class_clocks, shared_clock, now) - now - _AHEAD_MS[priority]
        if self.parts.get(priority):
            own = self._current(class_clocks, priority, now) - now - _AHEAD_IN_SHARE_MS
            wait = min(wait, own)
        return max(0, wait)

    def advance(self, class_clocks: ClassClocks, priority: Priority, now: int) -> dict[str, int]:
        """The class clocks after a granted call."""
        clocks = {name: self._current(class_clocks, name, now) for name in class_clocks}
        for name, step in self._steps(priority).items():
            clocks[name] = min(clocks.get(name, now) + step, now + self._ahead_ms(_MAX_INTERVALS))
        return clocks

    def _steps(self, priority: Priority) -> dict[str, int]:
        """By how many milliseconds a call advances each clock."""
        if priority is Priority.POLL:
            return {}
        submits = priority in (Priority.SUBMIT, Priority.BULK)
        work = self._calls_ms(1 + POLLS_RESERVED if submits else 1)
        steps = {_WORK: work, _BULK: work}
        if priority is Priority.SUBMIT:
            steps[_BULK] = self._calls_ms(1 + POLLS_BEFORE_BULK)
        if part := self.parts.get(priority):
            steps[priority] = round(work / part)
        return steps

    def _calls_ms(self, number: float) -> int:
        return round(number * self.rate.interval_ms)

    def _current(self, class_clocks: ClassClocks, name: str, now: int) -> int:
        """The clock at ``now``, as ``Rate.current`` reads the TAT."""
        clock = class_clocks.get(name, now)
        return clock if now < clock <= now + self._ahead_ms(_ABSURD_INTERVALS) else now

    def _ahead_ms(self, intervals: int) -> int:
        return PERIOD_MS + intervals * self.rate.interval_ms


def shares_of(limit: int, percents: Mapping[Priority, int]) -> ClassShares:
    """The shares of an account's limit; percents that add up to over 100 are scaled down."""
    whole = max(100, sum(percents.values()))
    return ClassShares(Rate(limit), {name: percent / whole for name, percent in percents.items()})
