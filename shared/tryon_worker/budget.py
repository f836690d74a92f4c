"""The one budget that every call to Genlook draws on (promise P3), and the pause for all.

One row, one conditional update a call, whoever calls: time is the callers' own and the row's time
never goes back. No counter of work in flight, so nothing to repair after a crash.
"""

from dataclasses import dataclass, field
from typing import Any

from tryon_worker.clock import Clock
from tryon_worker.gcra import CallClass, Rate
from tryon_worker.shares import Shares
from tryon_worker.store import keys
from tryon_worker.store.table import ConditionFailed, Row, Table, update
from tryon_worker.traffic import Traffic, traffic_of

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
class Slot:
    """A request may be sent after ``wait_seconds``; ``traffic`` is what else was seen."""

    wait_seconds: float
    traffic: Traffic = field(default_factory=Traffic, compare=False)


@dataclass(frozen=True)
class NoSlot:
    """Nothing near is free; try again in ``retry_seconds``."""

    retry_seconds: float


class Budget:
    """Grants requests to Genlook."""

    def __init__(self, table: Table, shares: Shares, clock: Clock) -> None:
        self._table = table
        self._shares = shares
        self._rate: Rate = shares.rate
        self._clock = clock

    def take(self, call: CallClass) -> Slot | NoSlot:
        """Books the next slot for a request of the class, if one is near."""
        row = self._table.get(keys.BUDGET) or {}
        for _ in range(_ROUNDS):
            now = int(self._clock() * 1000)
            if refused := self._refusal(row, call, now):
                return refused
            try:
                return self._book(row, call, now)
            except ConditionFailed as failed:
                row = failed.old.get(0) or {}
        return NoSlot(self._rate.interval_ms / 1000)

    @property
    def per_minute(self) -> float:
        """Requests a minute that go at a steady rate."""
        return self._rate.per_minute

    def traffic(self) -> Traffic:
        """What was granted lately."""
        row = self._table.get(keys.BUDGET) or {}
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
                    keys.BUDGET,
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

    def _refusal(self, row: Row, call: CallClass, now: int) -> NoSlot | None:
        tat = self._rate.current(_whole(row.get("tat")), now)
        wait = max(
            _paused_ms(row, now),
            tat - self._rate.furthest_ms(now, call),
            self._shares.wait_ms(_lanes(row), call, now),
        )
        return NoSlot(wait / 1000) if wait > 0 else None

    def _book(self, row: Row, call: CallClass, now: int) -> Slot:
        """Writes what the row becomes, if it still is what was seen."""
        tat = self._rate.current(_whole(row.get("tat")), now)
        traffic = _faded(row, now)
        # Whoever booked moved the first, whoever paused all meanwhile the second.
        unchanged = [
            f"#{name} = :{name}Seen" if name in row else f"attribute_not_exists(#{name})"
            for name in ("tat", "pausedUntil")
        ]
        self._table.write(
            update(
                keys.BUDGET,
                "SET #tat = :tat, #lanes = :lanes, #traffic = :traffic, #seenAt = :now",
                condition=" AND ".join(unchanged),
                tatSeen=row.get("tat"),
                pausedUntilSeen=row.get("pausedUntil"),
                tat=tat + self._rate.interval_ms,
                lanes=self._shares.moved(_lanes(row), call, now),
                traffic=traffic.with_one(call).to_row(),
                now=now,
            )
        )
        slot = self._rate.slot_ms(tat, call)
        return Slot(max(0, slot - now) / 1000, traffic)


def _paused_ms(row: Row, now: int) -> int:
    left = _whole(row.get("pausedUntil")) - now
    return left if left <= _ABSURD_PAUSE_MS else 0


def _lanes(row: Row) -> dict[str, int]:
    lanes = row.get("lanes")
    return {name: _whole(lane) for name, lane in lanes.items()} if isinstance(lanes, dict) else {}


def _faded(row: Row, now: int) -> Traffic:
    return traffic_of(row.get("traffic")).faded(now - _whole(row.get("seenAt")))


def _whole(value: Any) -> int:
    """A time of the row; what is none is long ago."""
    return value if isinstance(value, int) else 0
