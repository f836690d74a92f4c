"""The one rate limiter that every call to Genlook goes through (promise P3), and the pause for all.

One row, one conditional update a call, whoever calls: time is the callers' own and the row's time
never goes back. No counter of work in flight, so nothing to repair after a crash.
"""

from dataclasses import dataclass, field
from math import exp
from typing import Any

from tryon_worker.account.gcra import Priority, Rate
from tryon_worker.account.shares import ClassShares
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, update
from tryon_worker.clock import Clock

# A count halves in a minute: soon enough for a rush, and at 40 a minute it is right within a tenth.
_FADING_SECONDS = 90.0

_KINDS = {Priority.SUBMIT: "live", Priority.BULK: "bulk"}


@dataclass(frozen=True)
class RequestRates:
    """Requests a minute, without looks: ``live`` and ``bulk`` submits, and all ``other`` calls."""

    live: float = 0.0
    bulk: float = 0.0
    other: float = 0.0

    def faded(self, milliseconds: int) -> "RequestRates":
        """What is left of it after so long without a request."""
        left = exp(-max(0, milliseconds) / 1000 / _FADING_SECONDS)
        return RequestRates(self.live * left, self.bulk * left, self.other * left)

    def with_one(self, call: Priority) -> "RequestRates":
        """After one more request."""
        if call is Priority.POLL:
            return self
        kind = _KINDS.get(call, "other")
        one = 60 / _FADING_SECONDS
        return RequestRates(**{**self.__dict__, kind: getattr(self, kind) + one})

    def to_row(self) -> dict[str, float]:
        """For the table."""
        return {kind: round(number, 3) for kind, number in self.__dict__.items()}


def request_rates_of(stored: Any) -> RequestRates:
    """From the table; what is no number was never written here and counts as nothing."""
    numbers = stored if isinstance(stored, dict) else {}
    return RequestRates(**{kind: _number(numbers.get(kind)) for kind in RequestRates().__dict__})


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0


# A longer pause than this is a mistake of whoever asks for it: waiting costs shoppers.
MAX_PAUSE_SECONDS = 300

# Further ahead only a wrong clock can have put the end of a pause.
_ABSURD_PAUSE_MS = (MAX_PAUSE_SECONDS + 60) * 1000

# A 429 without Retry-After: the window slides, so after a few seconds some of it is free again.
DEFAULT_PAUSE_SECONDS = 5

# Between the read of the row and the write others may write: each round has newer facts. Only
# who was granted a slot wrote, and there are about this many slots within the furthest horizon.
_ROUNDS = 12


@dataclass(frozen=True)
class Granted:
    """A request may be sent after ``wait_seconds``; ``traffic`` is what else was seen."""

    wait_seconds: float
    request_rates: RequestRates = field(default_factory=RequestRates, compare=False)


@dataclass(frozen=True)
class Denied:
    """Nothing near is free; try again in ``retry_seconds``."""

    retry_seconds: float


class RateLimiter:
    """Grants requests to Genlook."""

    def __init__(self, table: Table, shares: ClassShares, clock: Clock) -> None:
        self._table = table
        self._shares = shares
        self._rate: Rate = shares.rate
        self._clock = clock

    def take(self, call: Priority) -> Granted | Denied:
        """Books the next slot for a request of the class, if one is near."""
        row = self._table.get(keys.RATE_LIMITER) or {}
        for _ in range(_ROUNDS):
            now = int(self._clock() * 1000)
            if refused := self._refusal(row, call, now):
                return refused
            try:
                return self._book(row, call, now)
            except ConditionFailed as failed:
                row = failed.old.get(0) or {}
        return Denied(self._rate.interval_ms / 1000)

    @property
    def per_minute(self) -> float:
        """Requests a minute that go at a steady rate."""
        return self._rate.per_minute

    def request_rates(self) -> RequestRates:
        """What was granted lately."""
        row = self._table.get(keys.RATE_LIMITER) or {}
        return _faded(row, int(self._clock() * 1000))

    def pause(self, seconds: float | None) -> float:
        """Stops everybody: Genlook said 429. ``seconds`` is its ``Retry-After``, if it gave one.

        Returns for how long: what Genlook asks is not always what is granted.
        """
        wait = min(max(DEFAULT_PAUSE_SECONDS if seconds is None else seconds, 1), MAX_PAUSE_SECONDS)
        now = int(self._clock() * 1000)
        try:
            self._table.write(
                update(
                    keys.RATE_LIMITER,
                    "SET #pausedUntil = :until",
                    condition="attribute_not_exists(#pausedUntil) OR #pausedUntil < :until "
                    "OR #pausedUntil > :absurd",
                    until=now + int(wait * 1000),
                    absurd=now + _ABSURD_PAUSE_MS,
                )
            )
        except ConditionFailed:
            return wait  # somebody else asked for a longer one
        return wait

    def _refusal(self, row: Row, call: Priority, now: int) -> Denied | None:
        tat = self._rate.current(_whole(row.get("tat")), now)
        wait = max(
            _paused_ms(row, now),
            tat - self._rate.furthest_ms(now, call),
            self._shares.wait_ms(_class_clocks(row), call, now),
        )
        return Denied(wait / 1000) if wait > 0 else None

    def _book(self, row: Row, call: Priority, now: int) -> Granted:
        """Writes what the row becomes, if it still is what was seen."""
        tat = self._rate.current(_whole(row.get("tat")), now)
        request_rates = _faded(row, now)
        # Whoever booked moved the first, whoever paused all meanwhile the second.
        unchanged = [
            f"#{name} = :{name}Seen" if name in row else f"attribute_not_exists(#{name})"
            for name in ("tat", "pausedUntil")
        ]
        self._table.write(
            update(
                keys.RATE_LIMITER,
                "SET #tat = :tat, #classClocks = :class_clocks, #requestRates = :request_rates, "
                "#seenAt = :now",
                condition=" AND ".join(unchanged),
                tatSeen=row.get("tat"),
                pausedUntilSeen=row.get("pausedUntil"),
                tat=tat + self._rate.interval_ms,
                class_clocks=self._shares.moved(_class_clocks(row), call, now),
                request_rates=request_rates.with_one(call).to_row(),
                now=now,
            )
        )
        slot = self._rate.permit_ms(tat, call)
        return Granted(max(0, slot - now) / 1000, request_rates)


def _paused_ms(row: Row, now: int) -> int:
    left = _whole(row.get("pausedUntil")) - now
    return left if left <= _ABSURD_PAUSE_MS else 0


def _class_clocks(row: Row) -> dict[str, int]:
    class_clocks = row.get("classClocks")
    return (
        {name: _whole(lane) for name, lane in class_clocks.items()}
        if isinstance(class_clocks, dict)
        else {}
    )


def _faded(row: Row, now: int) -> RequestRates:
    return request_rates_of(row.get("requestRates")).faded(now - _whole(row.get("seenAt")))


def _whole(value: Any) -> int:
    """A time of the row; what is none is long ago."""
    return value if isinstance(value, int) else 0
