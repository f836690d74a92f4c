"""The breaker: shut, no credit is tried; what would be tried waits in the table.

It lies in the budget's row. A refusal of the account (401, 402) or three unknown ends in a row
shut it. While it is shut a free call probes; when that works, one submit goes before all others
(the trial), and only its success opens it again.
"""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.clock import Clock
from tryon_worker.store import keys
from tryon_worker.store.table import ConditionFailed, Row, Table, update

UNKNOWN_ENDS_IN_A_ROW = 3
"""Each costs a person a review: three is an outage, not bad luck."""

# Longer than a try-on Lambda lives (its timeout in template.yaml): a trial whose worker died is
# given to another.
TRIAL_SECONDS = 180


class Gate(StrEnum):
    """What the breaker lets through."""

    OPEN = "OPEN"
    TRIAL = "TRIAL"
    SHUT = "SHUT"


class ShutBy(StrEnum):
    """What shut the breaker."""

    INVALID_API_KEY = "INVALID_API_KEY"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"
    UNKNOWN_ENDS = "UNKNOWN_ENDS"


@dataclass(frozen=True)
class BreakerState:
    """What the row says of the breaker. ``shut_before`` is the time of earlier shut spells."""

    gate: Gate = Gate.OPEN
    shut_by: ShutBy | None = None
    shut_at: int | None = None
    shut_before: int = 0

    def shut_seconds(self, now: int) -> int:
        """How long it has been shut in all: deadlines of running try-ons stand still for it."""
        running = now - self.shut_at if self.shut_at is not None else 0
        return self.shut_before + max(0, running)


class Breaker:
    """Reads and moves the breaker."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def state(self) -> BreakerState:
        """What the breaker is now."""
        return _state(self._table.get(keys.BUDGET) or {})

    def admits(self, attempt: str) -> bool:
        """Whether ``attempt`` may make the paid call: always when open, once in a trial."""
        gate = self.state().gate
        if gate is not Gate.TRIAL:
            return gate is Gate.OPEN
        now = int(self._clock())
        try:
            self._table.write(
                update(
                    keys.BUDGET,
                    "SET #trialBy = :attempt, #trialUntil = :until",
                    condition="#gate = :trial AND (attribute_not_exists(#trialBy) "
                    "OR #trialBy = :attempt OR #trialUntil < :now)",
                    trial=Gate.TRIAL,
                    attempt=attempt,
                    until=now + TRIAL_SECONDS,
                    now=now,
                )
            )
        except ConditionFailed:
            return False
        return True

    def shut(self, shut_by: ShutBy) -> bool:
        """Shuts it; whether it was not shut before (so that the outside is told once)."""
        now = int(self._clock())
        try:
            self._table.write(
                update(
                    keys.BUDGET,
                    "SET #gate = :shut, #shutBy = :by, #shutAt = if_not_exists(#shutAt, :now) "
                    "REMOVE #trialBy, #trialUntil, #unknownEnds",
                    condition="attribute_not_exists(#gate) OR #gate <> :shut",
                    shut=Gate.SHUT,
                    by=shut_by,
                    now=now,
                )
            )
        except ConditionFailed:
            return False
        return True

    def try_one(self) -> None:
        """The free call worked: one submit may go before all others."""
        self._move(Gate.SHUT, "SET #gate = :to", to=Gate.TRIAL)

    def unknown_end(self) -> bool:
        """Counts an unknown end of the paid call; whether that shut the breaker."""
        row = self._table.write(update(keys.BUDGET, "ADD #unknownEnds :one", one=1))
        in_trial = _state(row).gate is Gate.TRIAL
        if in_trial or row["unknownEnds"] >= UNKNOWN_ENDS_IN_A_ROW:
            return self.shut(ShutBy.UNKNOWN_ENDS)
        return False

    def known_end(self) -> bool:
        """The paid call came to a known end; whether that ended a trial and opened the breaker."""
        row = self._table.get(keys.BUDGET) or {}
        if row.get("unknownEnds"):
            self._table.write(update(keys.BUDGET, "REMOVE #unknownEnds"))
        state = _state(row)
        if state.gate is not Gate.TRIAL:
            return False
        return self._move(
            Gate.TRIAL,
            "SET #shutBefore = :total REMOVE #gate, #shutBy, #shutAt, #trialBy, #trialUntil",
            total=state.shut_seconds(int(self._clock())),
        )

    def _move(self, source: Gate, expression: str, **values: object) -> bool:
        try:
            self._table.write(
                update(
                    keys.BUDGET, expression, condition="#gate = :source", source=source, **values
                )
            )
        except ConditionFailed:
            return False
        return True


def _state(row: Row) -> BreakerState:
    return BreakerState(
        Gate(row["gate"]) if row.get("gate") else Gate.OPEN,
        ShutBy(row["shutBy"]) if row.get("shutBy") else None,
        row.get("shutAt"),
        row.get("shutBefore", 0),
    )
