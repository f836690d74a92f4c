"""Inbound events: their envelope, their checks, and how a refusal is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from tryon_worker.batch import Message
from tryon_worker.clock import from_iso, iso
from tryon_worker.events.fields import Model, json_size, plain_json
from tryon_worker.events.problems import Problem, problems_of, strayed, value_at
from tryon_worker.events.publisher import Publisher
from tryon_worker.observability import Metric, count

QUEUE = "aws.sqs"
"""The source of a message sent to a queue directly, which IAM allows to few.

No event can claim it, because PutEvents refuses sources that begin with ``aws.``.
"""

# How far the shop's clock may be ahead of the worker's.
AHEAD_SECONDS = 3600

# The limit of EventBridge (AWS). A queue takes more, but a row of the table at most 400 KB.
MAX_DETAIL_BYTES = 256 * 1024

_Model = TypeVar("_Model", bound=Model)


@dataclass(frozen=True)
class InboundEvent:
    """An event; ``time`` is when it happened, in seconds since the epoch.

    The producer dates its events, but ``time`` is at most when the message was sent: else an event
    of a producer whose clock is ahead would seem to come after an erasure that it precedes.
    """

    id: str
    source: str
    detail_type: str
    time: int
    detail: Mapping[str, Any]
    part: int | None = None
    """The place of the first item, if this is a part of an event with very many items."""
    dated_by_queue: bool = False
    """Whether ``time`` is the message's, which is lost when the message is redriven."""

    @classmethod
    def from_bus(cls, message: Message) -> Self:
        """From EventBridge's envelope, in which the worker also sends events to itself."""
        envelope = message.body
        stated = int(from_iso(envelope["time"]))
        return cls(
            id=envelope["id"],
            source=envelope["source"],
            detail_type=envelope["detail-type"],
            time=min(stated, message.sent_at),
            detail=envelope["detail"],
            part=envelope.get("part"),
            dated_by_queue=stated > message.sent_at,
        )

    def in_envelope(self) -> dict[str, Any]:
        """The event as the bus would deliver it."""
        envelope = {
            "id": self.id,
            "source": self.source,
            "detail-type": self.detail_type,
            "time": iso(self.time),
            "detail": self.detail,
        }
        return envelope if self.part is None else {**envelope, "part": self.part}

    def part_of(self, detail: Mapping[str, Any], first: int) -> dict[str, Any]:
        """A part of the event in the bus's envelope; ``first`` is the place of its first item."""
        return {**self.in_envelope(), "detail": detail, "part": first}

    @classmethod
    def direct(cls, message: Message, detail_type: str) -> Self:
        """From a message whose body is the detail itself."""
        return cls(
            message.id, QUEUE, detail_type, message.sent_at, message.body, dated_by_queue=True
        )


class InvalidEvent(Exception):
    """The event cannot become a request; ``field`` is the first of its ``problems``."""

    def __init__(
        self, reason: str, field: str, message: str, *, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field
        self.problems = tuple(problems) or (Problem(field, message),)


def parse(model: type[_Model], detail: Mapping[str, Any]) -> _Model:
    """``detail`` as ``model``; only the names of the JSON count, not those of the code.

    Raises
    ------
    InvalidEvent
        With every problem, each by the dotted path of its field.
    """
    try:
        if json_size(plain_json(detail)) > MAX_DETAIL_BYTES:
            raise InvalidEvent(
                "INVALID", "detail", f"must not be longer than {MAX_DETAIL_BYTES} bytes"
            )
    except ValueError as error:
        raise InvalidEvent("INVALID", "detail", str(error)) from None
    problems = strayed(model, detail)
    try:
        valid = model.model_validate(detail, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [*problems_of(error, model, detail), *problems]
    if problems:
        first = problems[0]
        raise InvalidEvent("INVALID", first.field, first.message, problems=problems)
    return valid


def moment(field: str, text: str, *, now: float) -> float:
    """The time in a field of an event, in seconds since the epoch.

    Raises
    ------
    InvalidEvent
        It is no time, or one in the future, which would make all later events seem older.
    """
    try:
        stated = from_iso(text)
    except (ValueError, OverflowError):
        wanted = "must be an ISO 8601 time with an offset, as 2026-06-01T09:30:00Z"
        raise InvalidEvent("INVALID", field, wanted) from None
    if stated > now + AHEAD_SECONDS:
        raise InvalidEvent("INVALID", field, "must not be in the future")
    return stated


def check_source(event: InboundEvent, trusted: frozenset[str]) -> None:
    """Checks that the event may make requests.

    Raises
    ------
    InvalidEvent
        Its source is not trusted.
    """
    if event.source != QUEUE and event.source not in trusted:
        raise InvalidEvent("SOURCE_NOT_TRUSTED", "source", "is not among TrustedSources")


# One refusal names so many problems: nobody mends more at once, and an event has a limit (AWS).
MOST_PROBLEMS = 20

# A value is there to recognise it by.
_MAX_ECHO = 100

# A larger number loses its end in most JSON parsers, so it goes back as text.
_EXACT = 2**53

# Below these lies what may be personal: a refusal is kept by whoever listens on the bus, and no
# erasure finds it there.
_PERSONAL = frozenset({"externalUserId", "tryOnFor", "photo", "context", "payload"})

_ERASED = "CUSTOMER_ERASED"
"""The reason of a refusal that says nothing of the event but its id."""


@dataclass(frozen=True)
class RefusalPublisher:
    """Publishes why an event could not become a request."""

    publisher: Publisher

    def publish(self, event: InboundEvent, refused: InvalidEvent) -> None:
        """Publishes what an event was refused for."""
        self(event, refused.reason, refused.field, str(refused), problems=refused.problems)

    def __call__(
        self,
        event: InboundEvent,
        reason: str,
        field: str,
        message: str,
        *,
        problems: Sequence[Problem] = (),
    ) -> None:
        """Publishes ``RequestRefused`` with the event's id and every problem.

        What the producer calls its order or request goes back with it, and the values that were
        refused. Of an erased shopper's event only its id does.
        """
        count(Metric.REQUESTS_REFUSED)
        named = problems or (Problem(field, message),)
        echo: Mapping[str, Any] = {} if reason == _ERASED else event.detail
        self.publisher.publish(
            "RequestRefused",
            {
                "reason": reason,
                "field": field,
                "message": message,
                "problems": [_said(one, event, echo) for one in named[:MOST_PROBLEMS]],
                "moreProblems": len(named) - MOST_PROBLEMS if len(named) > MOST_PROBLEMS else None,
                "eventId": event.id,
                "eventType": event.detail_type,
                "orderId": _echo(echo.get("orderId")),
                "requestId": _echo(echo.get("requestId")),
            },
        )


def _said(problem: Problem, event: InboundEvent, echo: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"field": problem.field, "message": problem.message}
    if problem.field == "source":
        said["value"] = _echo(event.source)
    elif not _PERSONAL.intersection(problem.field.split(".")):
        given = value_at(echo, problem.field)
        if given is None or _echo(given) is not None:
            said["value"] = _echo(given)
    return said


def _echo(value: Any) -> str | int | float | None:
    """A value as a refusal repeats it: short, and printable. Lists and objects are not repeated."""
    if isinstance(value, str):
        short = value if len(value) <= _MAX_ECHO else value[:_MAX_ECHO] + "…"
        return "".join(letter if letter.isprintable() else "\ufffd" for letter in short)
    if isinstance(value, int) and abs(value) > _EXACT:
        return _echo(str(value))
    return value if isinstance(value, int | float) and isfinite(value) else None
