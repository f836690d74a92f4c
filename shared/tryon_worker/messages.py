"""The messages that the functions send to each other's queues.

Each says by its ``type`` what it asks for. All are safe to deliver twice, late or never: the rows
know what is done, and housekeeping sends again what no queue holds any more.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel


class InvalidMessage(ValueError):
    """The body of a message is none that a function could act on."""


class _Internal(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )

    def body(self) -> dict[str, Any]:
        """The message as it is sent."""
        return self.model_dump(by_alias=True)


class StepMessage(_Internal):
    """Asks for the next step of a try-on; ``requested_at`` is the time of its request."""

    type: Literal["step"] = "step"
    try_on_id: str
    requested_at: int


class UploadMessage(_Internal):
    """Asks for a photo that Genlook no longer has, or whose upload was not finished."""

    type: Literal["upload"] = "upload"
    shopper_key: str
    photo_id: str


class SweepMessage(_Internal):
    """Asks for the next sweep of an open erasure."""

    type: Literal["sweep"] = "sweep"
    shopper_key: str
    request_key: str


class RedactionMessage(_Internal):
    """Asks for the next walk over the shoppers of a shop that is to be forgotten."""

    type: Literal["redaction"] = "redaction"
    request_key: str


class ExportMessage(_Internal):
    """Asks for an export that is open, or not yet published."""

    type: Literal["export"] = "export"
    shopper_key: str
    request_key: str


Internal = StepMessage | UploadMessage | SweepMessage | RedactionMessage | ExportMessage

_ANY: TypeAdapter[Internal] = TypeAdapter(Annotated[Internal, Field(discriminator="type")])


def internal(body: Mapping[str, Any]) -> Internal | None:
    """The message of ours that a body is; ``None`` if it came from outside.

    Raises
    ------
    InvalidMessage
        It has a ``type``, and is not what the type needs.
    """
    if "type" not in body:
        return None
    try:
        return _ANY.validate_python(body)
    except ValidationError as error:
        raise InvalidMessage(f"{error.error_count()} errors in an internal message") from None
