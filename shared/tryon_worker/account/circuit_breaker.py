"""The circuit breaker: while it is open no paid call is made, and try-ons wait in the table.

Its state is in the rate limiter's row. A refusal of the account (401, 402) or three unknown ends
of paid calls in a row open it. While it is open, housekeeping probes Genlook with an unbilled call.
When that works the circuit half-opens: one submit goes before all others, and only its success
closes the circuit again.
"""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, update
from tryon_worker.clock import Clock

UNKNOWN_ENDS_IN_A_ROW = 3
"""Each unknown end costs a manual review; three in a row are an outage, not chance."""

# Longer than the timeout of the try-on Lambda (template.yaml): when the worker that may make the
# one submit of a half-open circuit has crashed, another may make it.
PROBE_SECONDS = 180

# A submit that fails while half-open may cost a review too, so the pause before each is four times
# the last: ten minutes in which Genlook answers unbilled calls but no submit cost five reviews, not
# ten. Every try-on may also wait this longest pause after an outage is over.
_FIRST_PAUSE_SECONDS = 60
_PAUSE_FACTOR = 4
_LONGEST_PAUSE_SECONDS = 600

# The pauses are 1, 4 and 10 minutes after the third, fourth and fifth: counting more changes none.
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
    """The circuit as the row has it.

    ``open_before`` are the seconds for which it was open before it last opened.
    ``unknown_attempts`` names the attempts with an unknown end, and the failed submits of a
    half-open circuit, since the last definite end. ``unpublished`` means that ``CreditsExhausted``
    has yet to be published.
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
        """How many unknown ends came in a row, up to the number that has the longest pause."""
        return len(self.unknown_attempts)

    def open_seconds(self, now: int) -> int:
        """The seconds it has been open in all, by which deadlines of try-ons are extended."""
        open_now = now - self.opened_at if self.opened_at is not None else 0
        return self.open_before + max(0, open_now)

    def can_probe(self, now: int) -> bool:
        """Whether an unbilled call that works would half-open it now."""
        return self.state is CircuitState.OPEN and self.probe_after <= now

    def is_blocking(self, now: int) -> bool:
        """Whether it would block a new paid call; ``CircuitBreaker.try_acquire`` decides."""
        taken = self.probe_by is not None and self.probe_until >= now
        return self.state is CircuitState.OPEN or taken


class CircuitBreaker:
    """Reads and changes the circuit's state."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def circuit(self) -> Circuit:
        """The circuit as it is now."""
        return _circuit(self._table.get(keys.RATE_LIMITER) or {})

    def try_acquire(self, attempt: str) -> bool:
        """Whether ``attempt`` may make the paid call: each when closed, one when half-open.

        After an unknown end only one at a time may, until an end is definite: else each worker
        could add a review before the third is counted.
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
        """Lets another attempt make the call, because this one says nothing of Genlook."""
        self._change(
            "REMOVE #probeBy, #probeUntil", condition="#probeBy = :attempt", attempt=attempt
        )

    def open(self, reason: OpenReason) -> bool:
        """Opens the circuit; whether it was not open before, so that one caller publishes it."""
        circuit, now = self.circuit(), int(self._clock())
        failed = circuit.state is CircuitState.HALF_OPEN and reason is not OpenReason.UNKNOWN_ENDS
        # The same write counts the failed submit, so that it is counted exactly once.
        counted = circuit.unknown_attempts
        if failed and len(counted) < _COUNTED_UNKNOWNS:
            counted |= {f"{reason}@{now}"}
        return self._change(
            "SET #circuitState = :open, #openedBy = :by, #unpublished = :unpublished, "
            "#openedAt = if_not_exists(#openedAt, :now)"
            + (", #consecutiveUnknowns = :counted, #probeAfter = :after" if failed else "")
            + " REMOVE #probeBy, #probeUntil",
            condition="attribute_not_exists(#circuitState) OR #circuitState <> :open"
            # A refusal of the account replaces unknown ends as the reason.
            + ("" if reason is OpenReason.UNKNOWN_ENDS else " OR #openedBy = :unknownEnds"),
            open=CircuitState.OPEN,
            by=reason,
            unknownEnds=OpenReason.UNKNOWN_ENDS,
            now=now,
            unpublished=reason is OpenReason.INSUFFICIENT_CREDITS,
            counted=set(counted),
            after=now + _pause(len(counted)),
        )

    def published(self) -> None:
        """Records that ``CreditsExhausted`` was published."""
        self._change("REMOVE #unpublished", condition="attribute_exists(#unpublished)")

    def half_open(self) -> bool:
        """Lets one submit go before all others, unless the last such one has just failed.

        From here on deadlines run again: Genlook answers polls, and the next request to submit may
        come only in the morning.
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
        """Counts an unknown end of the paid call; whether it opened the circuit."""
        circuit = self._count(attempt)
        if (
            circuit.state is CircuitState.HALF_OPEN
            or circuit.consecutive_unknowns >= UNKNOWN_ENDS_IN_A_ROW
        ):
            return self.open(OpenReason.UNKNOWN_ENDS)
        self.release(attempt)
        return False

    def record_definite(self, attempt: str) -> bool:
        """Records a definite end of the paid call; whether it closed a half-open circuit."""
        circuit = self.circuit()
        if circuit.state is CircuitState.CLOSED and circuit.consecutive_unknowns:
            self._change(
                "REMOVE #consecutiveUnknowns, #probeAfter, #probeBy, #probeUntil",
                condition="attribute_not_exists(#circuitState)",
            )
        if circuit.state is not CircuitState.HALF_OPEN:
            return False
        # Only the half-open circuit's own attempt counts: others began before it opened.
        return self._change(
            "REMOVE #circuitState, #openedBy, #unpublished, #consecutiveUnknowns, #probeAfter, "
            "#probeBy, #probeUntil",
            condition="#circuitState = :halfOpen AND #probeBy = :attempt",
            halfOpen=CircuitState.HALF_OPEN,
            attempt=attempt,
        )

    def _count(self, attempt: str) -> Circuit:
        """Counts the attempt's unknown end, and sets when the circuit may half-open next.

        The count is a set of attempts, because the SDK repeats a write whose response is lost and
        a number would then grow twice. The row is read for each call to Genlook, so the set stops
        growing where the pauses do.
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
        """Updates the row if ``condition`` holds; whether it did."""
        try:
            self._table.write(update(keys.RATE_LIMITER, expression, condition=condition, **values))
        except ConditionFailed:
            return False
        return True


def _pause(unknowns: int) -> int:
    """Seconds until the circuit may half-open, after so many unknown ends in a row."""
    more = unknowns - UNKNOWN_ENDS_IN_A_ROW
    if more < 0:
        return 0
    return int(min(_FIRST_PAUSE_SECONDS * _PAUSE_FACTOR**more, _LONGEST_PAUSE_SECONDS))


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
