"""Inbound events: their envelope, their checks, and how a refusal is published."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from tryon_worker.batch import Message
from tryon_worker.clock import from_iso, iso
from tryon_worker.events.fields import Model, json_size, plain_json
from tryon_worker.events.publisher import Publisher

QUEUE = "aws.sqs"
"""The source of a message sent to a queue directly, which IAM allows to few.

No event can claim it, because PutEvents refuses sources that begin with ``aws.``.
"""

# How far the shop's clock may be ahead of the worker's.
AHEAD_SECONDS = 3600

# The limit of EventBridge (AWS). A queue takes more, but a row of the table at most 400 KB.
MAX_DETAIL_BYTES = 256 * 1024

# The errors of pydantic in terms of JSON, because a shop knows no tuples and no model classes.
_MESSAGES = {
    "missing": "is missing",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "tuple_type": "must be a list",
    "enum": "must be {expected}",
    "string_too_short": "is too short: the least is {min_length}",
    "string_too_long": "is too long: the most is {max_length}",
    "too_short": "is too short: the least is {min_length}",
    "too_long": "is too long: the most is {max_length}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "value_error": "{error}",
}

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
    """The event cannot become a request; ``field`` is the first invalid one."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


def parse(model: type[_Model], detail: Mapping[str, Any]) -> _Model:
    """``detail`` as ``model``; only the names of the JSON count, not those of the code.

    Raises
    ------
    InvalidEvent
        With the dotted path of the first invalid field.
    """
    try:
        if json_size(plain_json(detail)) > MAX_DETAIL_BYTES:
            raise InvalidEvent(
                "INVALID", "detail", f"must not be longer than {MAX_DETAIL_BYTES} bytes"
            )
        return model.model_validate(detail, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        template = _MESSAGES.get(first["type"])
        message = template.format(**first.get("ctx", {})) if template else first["msg"]
        raise InvalidEvent("INVALID", _path(first["loc"]), message) from None
    except ValueError as error:
        raise InvalidEvent("INVALID", "detail", str(error)) from None


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
        raise InvalidEvent("INVALID", field, "must be an ISO 8601 time with an offset") from None
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


@dataclass(frozen=True)
class RefusalPublisher:
    """Publishes why an event could not become a request."""

    publisher: Publisher

    def __call__(self, event: InboundEvent, reason: str, field: str, message: str) -> None:
        """Publishes ``RequestRefused`` with the event's id and the invalid field."""
        self.publisher.publish(
            "RequestRefused",
            {
                "reason": reason,
                "field": field,
                "message": message,
                "eventId": event.id,
                "eventType": event.detail_type,
            },
        )


def _path(loc: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in loc) or "detail"
