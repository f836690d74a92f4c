"""The circuit breaker: while it is open no paid call is made, and try-ons wait in the table.

Its state lies in the rate limiter's row. A refusal of the account (401, 402) or three unknown ends
in a row open it. While it is open, housekeeping probes Genlook with a free call. When that works
the circuit is half-open: one submit goes before all others, and only its success closes it again.
"""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, update
from tryon_worker.clock import Clock

UNKNOWN_ENDS_IN_A_ROW = 3
"""Each costs a person a review: three is an outage, not bad luck."""

# Longer than a try-on Lambda lives (its timeout in template.yaml): when the worker with the one
# submit of a half-open circuit has died, another may make it.
PROBE_SECONDS = 180

# A submit that fails while half-open may cost a review too, so each one waits four times as long as
# the last: ten minutes in which Genlook answers free calls and not submits cost five reviews, not
# ten. The longest pause is also how long every try-on may wait after an outage is over.
_FIRST_PAUSE_SECONDS = 60
_PAUSE_FACTOR = 4
_LONGEST_PAUSE_SECONDS = 600

# The fifth has the longest pause: 1, 4, 10 minutes after the third, fourth, fifth.
_COUNTED_UNKNOWNS = UNKNOWN_ENDS_IN_A_ROW + 2


class CircuitState(StrEnum):
    """Closed lets paid calls through, open blocks them, half-open lets one try."""

    CLOSED = "CLOSED"
    HALF_OPEN = "HALF_OPEN"
    OPEN = "OPEN"


class OpenReason(StrEnum):
    """What opened the circuit."""

    INVALID_API_KEY = "INVALID_API_KEY"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"
    UNKNOWN_ENDS = "UNKNOWN_ENDS"


@dataclass(frozen=True)
class Circuit:
    """What the row says of the circuit.

    ``open_before`` are the seconds for which it was open before it last opened. The
    ``unknown_attempts`` are the unknown ends, and the failed submits of a half-open circuit, since
    the last definite end. ``unpublished`` says that consumers have not heard yet that the credits
    are used up.
    """

    state: CircuitState = CircuitState.CLOSED
    opened_by: OpenReason | None = None
    opened_at: int | None = None
    open_before: int = 0
    unknown_attempts: frozenset[str] = frozenset()
    probe_by: str | None = None
    probe_until: int = 0
    probe_after: int = 0
    unpublished: bool = False

    @property
    def consecutive_unknowns(self) -> int:
        """How many there are, up to the number from which on the pause grows no longer."""
        return len(self.unknown_attempts)

    def open_seconds(self, now: int) -> int:
        """How long it has been open in all: deadlines of running try-ons stand still for it."""
        running = now - self.opened_at if self.opened_at is not None else 0
        return self.open_before + max(0, running)

    def can_probe(self, now: int) -> bool:
        """Whether a free call could make it half-open now."""
        return self.state is CircuitState.OPEN and self.probe_after <= now

    def is_blocking(self, now: int) -> bool:
        """Whether a new paid call would be blocked, as far as a read can tell.

        ``CircuitBreaker.try_acquire`` decides.
        """
        taken = self.probe_by is not None and self.probe_until >= now
        return self.state is CircuitState.OPEN or taken


class CircuitBreaker:
    """Reads and moves the circuit's state."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def circuit(self) -> Circuit:
        """The circuit as it is now."""
        return _circuit(self._table.get(keys.RATE_LIMITER) or {})

    def try_acquire(self, attempt: str) -> bool:
        """Whether ``attempt`` may make the paid call: always when closed, one when half-open.

        Also one at a time from the first unknown end on, until an end is definite: else each
        worker would add a review before the third is counted.
        """
        circuit = self.circuit()
        if circuit.state is CircuitState.CLOSED and not circuit.consecutive_unknowns:
            return True
        now = int(self._clock())
        return self._change(
            "SET #probeBy = :attempt, #probeUntil = :until",
            condition="(attribute_not_exists(#circuitState) OR #circuitState = :halfOpen) AND "
            "(attribute_not_exists(#probeBy) OR #probeBy = :attempt OR #probeUntil < :now)",
            halfOpen=CircuitState.HALF_OPEN,
            attempt=attempt,
            until=now + PROBE_SECONDS,
            now=now,
        )

    def release(self, attempt: str) -> None:
        """``attempt`` came to no end that says anything: another may have its turn."""
        self._change(
            "REMOVE #probeBy, #probeUntil", condition="#probeBy = :attempt", attempt=attempt
        )

    def open(self, reason: OpenReason) -> bool:
        """Opens it; whether it was not open before, so that one event says so."""
        circuit, now = self.circuit(), int(self._clock())
        failed = circuit.state is CircuitState.HALF_OPEN and reason is not OpenReason.UNKNOWN_ENDS
        # In the same write: the count must neither lack it nor have it twice.
        unknown = circuit.unknown_attempts
        counted = _with(unknown, f"{reason}@{now}") if failed else unknown
        return self._change(
            "SET #circuitState = :open, #openedBy = :by, #unpublished = :unpublished, "
            "#openedAt = if_not_exists(#openedAt, :now)"
            + (", #consecutiveUnknowns = :counted, #probeAfter = :after" if failed else "")
            + " REMOVE #probeBy, #probeUntil",
            condition="attribute_not_exists(#circuitState) OR #circuitState <> :open"
            # What Genlook says of the account weighs more than a guess.
            + ("" if reason is OpenReason.UNKNOWN_ENDS else " OR #openedBy = :guess"),
            open=CircuitState.OPEN,
            by=reason,
            guess=OpenReason.UNKNOWN_ENDS,
            now=now,
            unpublished=reason is OpenReason.INSUFFICIENT_CREDITS,
            counted=set(counted),
            after=now + _pause(len(counted)),
        )

    def published(self) -> None:
        """Consumers have heard that the credits are used up."""
        self._change("REMOVE #unpublished", condition="attribute_exists(#unpublished)")

    def half_open(self) -> bool:
        """The free call worked: one submit may go before all others, unless one just failed.

        Deadlines run again from here on: Genlook can be asked, and the one submit may have to wait
        for a request all night.
        """
        circuit = self.circuit()
        now = int(self._clock())
        return self._change(
            "SET #circuitState = :halfOpen, #openBefore = :total REMOVE #openedAt",
            condition="#circuitState = :open AND #openedAt = :seen "
            "AND (attribute_not_exists(#probeAfter) OR #probeAfter <= :now)",
            halfOpen=CircuitState.HALF_OPEN,
            open=CircuitState.OPEN,
            total=circuit.open_seconds(now),
            seen=circuit.opened_at,
            now=now,
        )

    def record_unknown(self, attempt: str) -> bool:
        """Counts an unknown end of the paid call; whether that opened the circuit."""
        circuit = self._count(attempt)
        if (
            circuit.state is CircuitState.HALF_OPEN
            or circuit.consecutive_unknowns >= UNKNOWN_ENDS_IN_A_ROW
        ):
            return self.open(OpenReason.UNKNOWN_ENDS)
        self.release(attempt)
        return False

    def record_definite(self, attempt: str) -> bool:
        """The paid call came to a definite end; whether that closed a half-open circuit."""
        circuit = self.circuit()
        if circuit.state is CircuitState.CLOSED and circuit.consecutive_unknowns:
            self._change(
                "REMOVE #consecutiveUnknowns, #probeAfter, #probeBy, #probeUntil",
                condition="attribute_not_exists(#circuitState)",
            )
        if circuit.state is not CircuitState.HALF_OPEN:
            return False
        # A call that was under way when the circuit opened says nothing about now.
        return self._change(
            "REMOVE #circuitState, #openedBy, #unpublished, #consecutiveUnknowns, #probeAfter, "
            "#probeBy, #probeUntil",
            condition="#circuitState = :halfOpen AND #probeBy = :attempt",
            halfOpen=CircuitState.HALF_OPEN,
            attempt=attempt,
        )

    def _count(self, attempt: str) -> Circuit:
        """Counts the attempt as one more in a row, and puts off the next submit of a half-open one.

        A set and not a number: the SDK repeats a write whose answer it lost, and an attempt is in
        the set once. The row is read for each call to Genlook, so it takes no more names than
        the pauses tell apart.
        """
        circuit = self.circuit()
        if circuit.consecutive_unknowns < _COUNTED_UNKNOWNS:
            added = update(
                keys.RATE_LIMITER, "ADD #consecutiveUnknowns :attempt", attempt={attempt}
            )
            circuit = _circuit(self._table.write(added))
        if pause := _pause(circuit.consecutive_unknowns):
            after = int(self._clock()) + pause
            self._table.write(update(keys.RATE_LIMITER, "SET #probeAfter = :after", after=after))
        return circuit

    def _change(self, expression: str, *, condition: str, **values: object) -> bool:
        """Changes the row if ``condition`` holds; whether it did."""
        try:
            self._table.write(update(keys.RATE_LIMITER, expression, condition=condition, **values))
        except ConditionFailed:
            return False
        return True


def _pause(unknowns: int) -> int:
    """Seconds until the next submit of a half-open circuit, after so many unknown ends."""
    more = unknowns - UNKNOWN_ENDS_IN_A_ROW
    if more < 0:
        return 0
    return int(min(_FIRST_PAUSE_SECONDS * _PAUSE_FACTOR**more, _LONGEST_PAUSE_SECONDS))


def _with(attempts: frozenset[str], name: str) -> frozenset[str]:
    return attempts | {name} if len(attempts) < _COUNTED_UNKNOWNS else attempts


def _circuit(row: Row) -> Circuit:
    return Circuit(
        CircuitState(row["circuitState"]) if row.get("circuitState") else CircuitState.CLOSED,
        OpenReason(row["openedBy"]) if row.get("openedBy") else None,
        row.get("openedAt"),
        row.get("openBefore", 0),
        frozenset(row.get("consecutiveUnknowns", ())),
        row.get("probeBy"),
        row.get("probeUntil", 0),
        row.get("probeAfter", 0),
        row.get("unpublished", False),
    )
