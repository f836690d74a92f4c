"""Who gets how much of the rate when there is too little: shares that are kept, the rest lent.

Lanes of time beside the bucket, in the same arithmetic: each call moves some of them on by what it
takes up, time lets them fall behind. A call goes while the lane of all work is not too far ahead,
or, if others have filled that, while the lane of its own share is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tryon_worker.account.gcra import PERIOD_MS, Priority, Rate

ClassClocks = Mapping[str, int]
"""A time in ms for each lane; one that is not there is behind."""

POLLS_RESERVED = 1.15
"""Looks that each submit must leave room for: at least one, and some find it still running."""

# What a live submit leaves room for before bulk may go: with three looks each, a shopper waits
# some two to five seconds longer than the picture takes, with one some eight to twenty.
POLLS_BEFORE_BULK = 3.0

_WORK = "work"
_BULK = "bulk"

# How far the lane of all work may be ahead of now for each class. Some twenty submits may come at
# once before one has to wait: at 40 a minute that many come by chance. Those behind leave room
# for those before them.
_AHEAD_MS = {
    Priority.ERASURE: 30_000,
    Priority.SUBMIT: 25_000,
    Priority.UPLOAD: 15_000,
    Priority.PRODUCT: 5_000,
    Priority.BULK: 5_000,
}

# The same for the lane of a class's own share: a handful at once.
_AHEAD_IN_SHARE_MS = 10_000

# Live submits fill the lane of bulk without being held back by it: it ends a good minute ahead.
# Twice as many intervals ahead, only a wrong clock can have put a lane there.
_CAPPED_INTERVALS = 50
_ABSURD_INTERVALS = 100


@dataclass(frozen=True)
class ClassShares:
    """The part of the rate that a class can always have, whatever the others want."""

    rate: Rate
    parts: Mapping[Priority, float]

    def wait_ms(self, class_clocks: ClassClocks, call: Priority, now: int) -> int:
        """How long the call has to wait until it may go; 0 if it may now."""
        if call is Priority.POLL:
            return 0  # planned for what is there, and room was left for it
        lane = _BULK if call is Priority.BULK else _WORK
        ahead = self._current(class_clocks, lane, now) - now - _AHEAD_MS[call]
        if self.parts.get(call):
            own = self._current(class_clocks, call, now) - now - _AHEAD_IN_SHARE_MS
            ahead = min(ahead, own)
        return max(0, ahead)

    def moved(self, class_clocks: ClassClocks, call: Priority, now: int) -> dict[str, int]:
        """The lanes after the call was granted."""
        moved = {name: self._current(class_clocks, name, now) for name in class_clocks}
        for name, step in self._steps(call).items():
            moved[name] = min(moved.get(name, now) + step, now + self._most_ms(_CAPPED_INTERVALS))
        return moved

    def _steps(self, call: Priority) -> dict[str, int]:
        """By how much a call moves each lane."""
        if call is Priority.POLL:
            return {}
        submits = call in (Priority.SUBMIT, Priority.BULK)
        work = self._requests(1 + POLLS_RESERVED if submits else 1)
        steps = {_WORK: work, _BULK: work}
        if call is Priority.SUBMIT:
            steps[_BULK] = self._requests(1 + POLLS_BEFORE_BULK)
        if part := self.parts.get(call):
            steps[call] = round(work / part)
        return steps

    def _requests(self, number: float) -> int:
        return round(number * self.rate.interval_ms)

    def _current(self, class_clocks: ClassClocks, name: str, now: int) -> int:
        """As for the bucket itself: neither the past nor a clock's error counts."""
        lane = class_clocks.get(name, now)
        return lane if now < lane <= now + self._most_ms(_ABSURD_INTERVALS) else now

    def _most_ms(self, intervals: int) -> int:
        return PERIOD_MS + intervals * self.rate.interval_ms


def shares_of(limit: int, percents: Mapping[Priority, int]) -> ClassShares:
    """Shares of an account's limit; if they promise more than there is, each is cut alike."""
    whole = max(100, sum(percents.values()))
    return ClassShares(Rate(limit), {call: percent / whole for call, percent in percents.items()})
