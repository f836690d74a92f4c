"""The one rate limiter that every call to Genlook goes through (promise P3), with its pause.

Each permit is one conditional update of one row. Callers use their own clocks, and the TAT in the
row never goes back. The row counts no work in flight, so a crash leaves nothing to repair.
"""

from dataclasses import dataclass, field
from math import exp
from typing import Any

from tryon_worker.account.gcra import Priority, Rate
from tryon_worker.account.shares import ClassShares
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, update
from tryon_worker.clock import Clock

# With it a count halves in a minute: quick enough to follow a rush, and within a tenth of the true
# number at 40 a minute.
_DECAY_SECONDS = 90.0

_KINDS = {Priority.SUBMIT: "live", Priority.BULK: "bulk"}


@dataclass(frozen=True)
class RequestRates:
    """Calls a minute without polls: ``live`` and ``bulk`` submits, and all ``other`` calls."""

    live: float = 0.0
    bulk: float = 0.0
    other: float = 0.0

    def decayed(self, milliseconds: int) -> "RequestRates":
        """The rates after ``milliseconds`` without a call."""
        left = exp(-max(0, milliseconds) / 1000 / _DECAY_SECONDS)
        return RequestRates(self.live * left, self.bulk * left, self.other * left)

    def with_one(self, priority: Priority) -> "RequestRates":
        """The rates after one more call."""
        if priority is Priority.POLL:
            return self
        kind = _KINDS.get(priority, "other")
        one = 60 / _DECAY_SECONDS
        return RequestRates(**{**self.__dict__, kind: getattr(self, kind) + one})

    def to_row(self) -> dict[str, float]:
        """The rates as the row stores them."""
        return {kind: round(number, 3) for kind, number in self.__dict__.items()}


def request_rates_of(stored: Any) -> RequestRates:
    """The rates as the row stores them; a value that is no number counts as 0."""
    numbers = stored if isinstance(stored, dict) else {}
    return RequestRates(**{kind: _number(numbers.get(kind)) for kind in RequestRates().__dict__})


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0


# A longer Retry-After is taken for a mistake of Genlook's, because shoppers wait for its end.
MAX_PAUSE_SECONDS = 300

# Only a wrong clock can have set the end of a pause further ahead.
_ABSURD_PAUSE_MS = (MAX_PAUSE_SECONDS + 60) * 1000

# After a 429 without Retry-After: the window slides, so a part of it is free in a few seconds.
DEFAULT_PAUSE_SECONDS = 5

# Other callers may write between this caller's read and its write; each round starts from the row
# they left. Only granted callers write, and about this many permits lie within the longest horizon.
_ROUNDS = 12


@dataclass(frozen=True)
class Granted:
    """A call may be sent after ``wait_seconds``; ``request_rates`` are those before it."""

    wait_seconds: float
    request_rates: RequestRates = field(default_factory=RequestRates, compare=False)


@dataclass(frozen=True)
class Denied:
    """No permit lies within the class's horizon; try again in ``retry_seconds``."""

    retry_seconds: float


class RateLimiter:
    """Grants permits for calls to Genlook."""

    def __init__(self, table: Table, shares: ClassShares, clock: Clock) -> None:
        self._table = table
        self._shares = shares
        self._rate: Rate = shares.rate
        self._clock = clock

    def take(self, priority: Priority) -> Granted | Denied:
        """Takes the next permit of the class, if one lies within its horizon."""
        row = self._table.get(keys.RATE_LIMITER) or {}
        for _ in range(_ROUNDS):
            now = int(self._clock() * 1000)
            if denied := self._denial(row, priority, now):
                return denied
            try:
                return self._grant(row, priority, now)
            except ConditionFailed as failed:
                row = failed.old.get(0) or {}
        return Denied(self._rate.interval_ms / 1000)

    @property
    def per_minute(self) -> float:
        """Calls a minute at a steady rate."""
        return self._rate.per_minute

    def request_rates(self) -> RequestRates:
        """The recent rates of granted calls."""
        row = self._table.get(keys.RATE_LIMITER) or {}
        return _request_rates(row, int(self._clock() * 1000))

    def pause(self, seconds: float | None) -> float:
        """Denies all permits for a while, after a 429; ``seconds`` is its ``Retry-After``.

        Returns the seconds of the pause: at least 1 and at most ``MAX_PAUSE_SECONDS``, and
        ``DEFAULT_PAUSE_SECONDS`` without a ``Retry-After``.
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
            return wait  # a longer pause is already set
        return wait

    def _denial(self, row: Row, priority: Priority, now: int) -> Denied | None:
        tat = self._rate.current(_whole(row.get("tat")), now)
        wait = max(
            _paused_ms(row, now),
            tat - self._rate.latest_tat(now, priority),
            self._shares.wait_ms(_class_clocks(row), priority, now),
        )
        return Denied(wait / 1000) if wait > 0 else None

    def _grant(self, row: Row, priority: Priority, now: int) -> Granted:
        """Takes the permit in the row, on condition that the row is still as it was read."""
        tat = self._rate.current(_whole(row.get("tat")), now)
        request_rates = _request_rates(row, now)
        # Another caller's grant changes the first, another caller's pause the second.
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
                class_clocks=self._shares.advance(_class_clocks(row), priority, now),
                request_rates=request_rates.with_one(priority).to_row(),
                now=now,
            )
        )
        due = self._rate.due_ms(tat, priority)
        return Granted(max(0, due - now) / 1000, request_rates)


def _paused_ms(row: Row, now: int) -> int:
    left = _whole(row.get("pausedUntil")) - now
    return left if left <= _ABSURD_PAUSE_MS else 0


def _class_clocks(row: Row) -> dict[str, int]:
    clocks = row.get("classClocks")
    return {name: _whole(ms) for name, ms in clocks.items()} if isinstance(clocks, dict) else {}


def _request_rates(row: Row, now: int) -> RequestRates:
    return request_rates_of(row.get("requestRates")).decayed(now - _whole(row.get("seenAt")))


def _whole(value: Any) -> int:
    """A time of the row in ms; a value that is no whole number counts as long ago."""
    return value if isinstance(value, int) else 0
