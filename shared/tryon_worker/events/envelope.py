"""An event as it came in, whatever door it took, and what is said when it cannot be used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from tryon_worker.batch import Message
from tryon_worker.clock import from_iso, iso
from tryon_worker.events.fields import Model, json_size, plain_json
from tryon_worker.events.publisher import Publisher

QUEUE = "aws.sqs"
"""The source of a message put straight on a queue: IAM has checked who may.

No event can come by it: a source that begins with ``aws.`` is AWS's own (PutEvents refuses it).
"""

# How far a shop's clock may be ahead of ours.
AHEAD_SECONDS = 3600

# EventBridge takes no more (AWS), a queue does; a row of the table ends at 400 KB.
MAX_DETAIL_BYTES = 256 * 1024

# What pydantic has against a value, in words of JSON: a shop knows no tuples and no model classes.
_WORDS = {
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

_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True)
class InboundEvent:
    """An event; ``time`` is when it happened, in seconds since the epoch.

    It is at most the time at which the event's message was sent: a producer gives its events
    their time, and one whose clock is ahead would carry what it asks for past a tombstone.
    """

    id: str
    source: str
    detail_type: str
    time: int
    detail: Mapping[str, Any]
    part: int | None = None
    """The place of the first item, where this is a part of an event with very many."""
    dated_by_queue: bool = False
    """Whether ``time`` is the message's own, which is lost when the message is driven back."""

    @classmethod
    def from_bus(cls, message: Message) -> Self:
        """From EventBridge's envelope; also an event, or a part, that we sent to ourselves."""
        envelope = message.body
        told = int(from_iso(envelope["time"]))
        return cls(
            id=envelope["id"],
            source=envelope["source"],
            detail_type=envelope["detail-type"],
            time=min(told, message.sent_at),
            detail=envelope["detail"],
            part=envelope.get("part"),
            dated_by_queue=told > message.sent_at,
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
        """A part of the event in the bus's envelope, with this of its detail."""
        return {**self.in_envelope(), "detail": detail, "part": first}

    @classmethod
    def direct(cls, message: Message, detail_type: str) -> Self:
        """From a message whose body is the detail itself."""
        return cls(
            message.id, QUEUE, detail_type, message.sent_at, message.body, dated_by_queue=True
        )


class InvalidEvent(Exception):
    """The event cannot become a request; ``field`` is the first that is wrong."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


def parse(model: type[_M], detail: Mapping[str, Any]) -> _M:
    """``detail`` as ``model``.

    Raises
    ------
    Malformed
        With the first field that is wrong, by its dotted path; names of ours are no names outside.
    """
    try:
        if json_size(plain_json(detail)) > MAX_DETAIL_BYTES:
            raise InvalidEvent(
                "INVALID", "detail", f"must not be longer than {MAX_DETAIL_BYTES} bytes"
            )
        return model.model_validate(detail, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        words = _WORDS.get(first["type"])
        message = words.format(**first.get("ctx", {})) if words else first["msg"]
        raise InvalidEvent("INVALID", _path(first["loc"]), message) from None
    except ValueError as error:
        raise InvalidEvent("INVALID", "detail", str(error)) from None


def moment(field: str, text: str, *, now: float) -> float:
    """The time that a field of an event says.

    Raises
    ------
    Malformed
        It says none, or one that is still to come: everything later would be taken for older.
    """
    try:
        told = from_iso(text)
    except (ValueError, OverflowError):
        raise InvalidEvent("INVALID", field, "must be an ISO 8601 time with an offset") from None
    if told > now + AHEAD_SECONDS:
        raise InvalidEvent("INVALID", field, "must not be in the future")
    return told


def check_source(event: InboundEvent, trusted: frozenset[str]) -> None:
    """Lets only trusted sources go on.

    Raises
    ------
    Malformed
        The source is not trusted.
    """
    if event.source != QUEUE and event.source not in trusted:
        raise InvalidEvent("SOURCE_NOT_TRUSTED", "source", "is not among TrustedSources")


@dataclass(frozen=True)
class RefusalPublisher:
    """Tells the outside why an event could not become a request."""

    publisher: Publisher

    def __call__(self, event: InboundEvent, reason: str, field: str, message: str) -> None:
        """Publishes ``RequestRefused``: by the event's id and in the field's words."""
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
