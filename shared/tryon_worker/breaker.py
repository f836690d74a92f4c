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

# A trial that goes wrong may cost a review too, so each one waits four times as long as the last:
# ten minutes in which Genlook answers probes and not submits cost five reviews, not ten. The
# longest pause is also how long every try-on may wait after an outage is over.
_FIRST_PAUSE_SECONDS = 60
_PAUSE_FACTOR = 4
_LONGEST_PAUSE_SECONDS = 600

# The fifth has the longest pause: 1, 4, 10 minutes after the third, fourth, fifth.
_COUNTED_STRIKES = UNKNOWN_ENDS_IN_A_ROW + 2


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
    """What the row says of the breaker. ``shut_before`` is the time of earlier shut spells.

    ``struck`` names the unknown ends and failed trials since the last known end; ``untold`` if the
    outside has not yet heard that the credits are used up.
    """

    gate: Gate = Gate.OPEN
    shut_by: ShutBy | None = None
    shut_at: int | None = None
    shut_before: int = 0
    struck: frozenset[str] = frozenset()
    trial_by: str | None = None
    trial_until: int = 0
    trial_after: int = 0
    untold: bool = False

    @property
    def strikes(self) -> int:
        """How many there are, up to the number from which on the pause grows no longer."""
        return len(self.struck)

    def shut_seconds(self, now: int) -> int:
        """How long it has been shut in all: deadlines of running try-ons stand still for it."""
        running = now - self.shut_at if self.shut_at is not None else 0
        return self.shut_before + max(0, running)

    def worth_a_probe(self, now: int) -> bool:
        """Whether a free call could lead to a trial now."""
        return self.gate is Gate.SHUT and self.trial_after <= now

    def turns_away(self, now: int) -> bool:
        """Whether nobody new is let through, as far as a look can tell; ``admits`` decides."""
        taken = self.trial_by is not None and self.trial_until >= now
        return self.gate is Gate.SHUT or taken


class Breaker:
    """Reads and moves the breaker."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def state(self) -> BreakerState:
        """What the breaker is now."""
        return _state(self._table.get(keys.BUDGET) or {})

    def admits(self, attempt: str) -> bool:
        """Whether ``attempt`` may make the paid call: always when open, one at a time in a trial.

        Also one at a time from the first unknown end on, until an end is known: else each worker
        would add a review before the third is counted.
        """
        state = self.state()
        if state.gate is Gate.OPEN and not state.strikes:
            return True
        now = int(self._clock())
        return self._change(
            "SET #trialBy = :attempt, #trialUntil = :until",
            condition="(attribute_not_exists(#gate) OR #gate = :trial) AND "
            "(attribute_not_exists(#trialBy) OR #trialBy = :attempt OR #trialUntil < :now)",
            trial=Gate.TRIAL,
            attempt=attempt,
            until=now + TRIAL_SECONDS,
            now=now,
        )

    def give_back(self, attempt: str) -> None:
        """``attempt`` came to no end that says anything: another may have its turn."""
        self._change(
            "REMOVE #trialBy, #trialUntil", condition="#trialBy = :attempt", attempt=attempt
        )

    def shut(self, shut_by: ShutBy) -> bool:
        """Shuts it; whether it was not shut before (so that the outside is told once)."""
        state, now = self.state(), int(self._clock())
        strike = state.gate is Gate.TRIAL and shut_by is not ShutBy.UNKNOWN_ENDS
        # In the same write: the count must neither lack it nor have it twice.
        struck = _with(state.struck, f"{shut_by}@{now}") if strike else state.struck
        return self._change(
            "SET #gate = :shut, #shutBy = :by, #untold = :untold, "
            "#shutAt = if_not_exists(#shutAt, :now)"
            + (", #strikes = :struck, #trialAfter = :after" if strike else "")
            + " REMOVE #trialBy, #trialUntil",
            condition="attribute_not_exists(#gate) OR #gate <> :shut"
            # What the account itself is told weighs more than a guess.
            + ("" if shut_by is ShutBy.UNKNOWN_ENDS else " OR #shutBy = :guess"),
            shut=Gate.SHUT,
            by=shut_by,
            guess=ShutBy.UNKNOWN_ENDS,
            now=now,
            untold=shut_by is ShutBy.INSUFFICIENT_CREDITS,
            struck=set(struck),
            after=now + _pause(len(struck)),
        )

    def told(self) -> None:
        """The outside has heard that the credits are used up."""
        self._change("REMOVE #untold", condition="attribute_exists(#untold)")

    def try_one(self) -> bool:
        """The free call worked: one submit may go before all others, unless one just failed.

        Deadlines run again from here on: Genlook can be asked, and the trial may have to wait for
        a wish all night.
        """
        state = self.state()
        now = int(self._clock())
        return self._change(
            "SET #gate = :trial, #shutBefore = :total REMOVE #shutAt",
            condition="#gate = :shut AND #shutAt = :seen "
            "AND (attribute_not_exists(#trialAfter) OR #trialAfter <= :now)",
            trial=Gate.TRIAL,
            shut=Gate.SHUT,
            total=state.shut_seconds(now),
            seen=state.shut_at,
            now=now,
        )

    def unknown_end(self, attempt: str) -> bool:
        """Counts an unknown end of the paid call; whether that shut the breaker."""
        state = self._strike(attempt)
        if state.gate is Gate.TRIAL or state.strikes >= UNKNOWN_ENDS_IN_A_ROW:
            return self.shut(ShutBy.UNKNOWN_ENDS)
        self.give_back(attempt)
        return False

    def known_end(self, attempt: str) -> bool:
        """The paid call came to a known end; whether that ended a trial and opened the breaker."""
        state = self.state()
        if state.gate is Gate.OPEN and state.strikes:
            self._change(
                "REMOVE #strikes, #trialAfter, #trialBy, #trialUntil",
                condition="attribute_not_exists(#gate)",
            )
        if state.gate is not Gate.TRIAL:
            return False
        # A call that was under way when the breaker shut says nothing about now.
        return self._change(
            "REMOVE #gate, #shutBy, #untold, #strikes, #trialAfter, #trialBy, #trialUntil",
            condition="#gate = :trial AND #trialBy = :attempt",
            trial=Gate.TRIAL,
            attempt=attempt,
        )

    def _strike(self, attempt: str) -> BreakerState:
        """Counts the attempt as one more in a row, and puts off the next trial.

        A set and not a number: the SDK repeats a write whose answer it lost, and an attempt is in
        the set once. The row is read for each call to Genlook, so it takes no more names than
        the pauses tell apart.
        """
        state = self.state()
        if state.strikes < _COUNTED_STRIKES:
            added = update(keys.BUDGET, "ADD #strikes :attempt", attempt={attempt})
            state = _state(self._table.write(added))
        if pause := _pause(state.strikes):
            after = int(self._clock()) + pause
            self._table.write(update(keys.BUDGET, "SET #trialAfter = :after", after=after))
        return state

    def _change(self, expression: str, *, condition: str, **values: object) -> bool:
        """Changes the row if ``condition`` holds; whether it did."""
        try:
            self._table.write(update(keys.BUDGET, expression, condition=condition, **values))
        except ConditionFailed:
            return False
        return True


def _pause(strikes: int) -> int:
    """Seconds until the next trial may come after so many strikes."""
    more = strikes - UNKNOWN_ENDS_IN_A_ROW
    if more < 0:
        return 0
    return int(min(_FIRST_PAUSE_SECONDS * _PAUSE_FACTOR**more, _LONGEST_PAUSE_SECONDS))


def _with(struck: frozenset[str], name: str) -> frozenset[str]:
    return struck | {name} if len(struck) < _COUNTED_STRIKES else struck


def _state(row: Row) -> BreakerState:
    return BreakerState(
        Gate(row["gate"]) if row.get("gate") else Gate.OPEN,
        ShutBy(row["shutBy"]) if row.get("shutBy") else None,
        row.get("shutAt"),
        row.get("shutBefore", 0),
        frozenset(row.get("strikes", ())),
        row.get("trialBy"),
        row.get("trialUntil", 0),
        row.get("trialAfter", 0),
        row.get("untold", False),
    )
