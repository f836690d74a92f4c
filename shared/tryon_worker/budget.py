"""The one budget that every call to Genlook draws on (promise P3), and the pause for all.

One row, one conditional update a call, whoever calls: time is the callers' own and the row's time
never goes back. No counter of work in flight, so nothing to repair after a crash.
"""

from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.gcra import PERIOD_MS, CallClass, Rate
from tryon_worker.store import keys
from tryon_worker.store.table import ConditionFailed, Row, Table, update

# A longer pause than this is a mistake of whoever asks for it: waiting costs shoppers.
MAX_PAUSE_SECONDS = 300

# A 429 without Retry-After: the window slides, so after a few seconds some of it is free again.
DEFAULT_PAUSE_SECONDS = 5

# Between the read of the row and the write others may write: each round has newer facts.
_ROUNDS = 6


@dataclass(frozen=True)
class Slot:
    """A request may be sent after ``wait_seconds``."""

    wait_seconds: float


@dataclass(frozen=True)
class NoSlot:
    """Nothing near is free; try again in ``retry_seconds``."""

    retry_seconds: float


class Budget:
    """Grants requests to Genlook."""

    def __init__(self, table: Table, rate: Rate, clock: Clock) -> None:
        self._table = table
        self._rate = rate
        self._clock = clock

    def take(self, call: CallClass) -> Slot | NoSlot:
        """Books the next slot for a request of the class, if one is near."""
        row: Row | None = None
        for _ in range(_ROUNDS):
            now = int(self._clock() * 1000)
            try:
                return self._book(row, call, now)
            except ConditionFailed as failed:
                row = failed.old.get(0) or {}
                if refused := self._refusal(row, call, now):
                    return refused
        return NoSlot(self._rate.interval_ms / 1000)

    def pause(self, seconds: float | None) -> None:
        """Stops everybody: Genlook said 429. ``seconds`` is its ``Retry-After``, if it gave one."""
        wait = DEFAULT_PAUSE_SECONDS if seconds is None else seconds
        until = int((self._clock() + min(max(wait, 1), MAX_PAUSE_SECONDS)) * 1000)
        try:
            self._table.write(
                update(
                    keys.BUDGET,
                    "SET #pausedUntil = :until",
                    condition="attribute_not_exists(#pausedUntil) OR #pausedUntil < :until",
                    until=until,
                )
            )
        except ConditionFailed:
            return  # somebody else asked for a longer one

    def _book(self, row: Row | None, call: CallClass, now: int) -> Slot:
        """One conditional update; which of the two depends on what the row was seen to hold."""
        interval = self._rate.interval_ms
        awake = "(attribute_not_exists(#pausedUntil) OR #pausedUntil <= :now)"
        tat = (row or {}).get("tat")
        if row is not None and (tat is None or tat < now or tat > now + PERIOD_MS + interval):
            # Idle since, new, or from a clock that ran far ahead: begin at now.
            self._table.write(
                update(
                    keys.BUDGET,
                    "SET #tat = :next",
                    condition="(attribute_not_exists(#tat) OR #tat < :now OR #tat > :absurd) "
                    f"AND {awake}",
                    next=now + interval,
                    now=now,
                    absurd=now + PERIOD_MS + interval,
                )
            )
            return Slot(0)
        written = self._table.write(
            update(
                keys.BUDGET,
                "SET #tat = #tat + :interval",
                condition=f"#tat BETWEEN :now AND :furthest AND {awake}",
                interval=interval,
                now=now,
                furthest=self._rate.furthest_ms(now, call),
            )
        )
        slot = self._rate.slot_ms(written["tat"] - interval, call)
        return Slot(max(0, slot - now) / 1000)

    def _refusal(self, row: Row, call: CallClass, now: int) -> NoSlot | None:
        paused = row.get("pausedUntil", 0)
        if paused > now:
            return NoSlot((paused - now) / 1000)
        ahead = row.get("tat", 0) - self._rate.furthest_ms(now, call)
        if 0 < ahead <= PERIOD_MS:
            return NoSlot(ahead / 1000)
        return None
