"""Reads JSON leniently: unknown keys, nulls and missing or invalid optional fields are no error."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

MAX_TEXT = 1000
"""Characters of Genlook's texts that are kept, so that they fit into rows and events."""


def _none_if_invalid(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
    try:
        return parse(value)
    except (ValidationError, OverflowError):  # OverflowError: before the year 1 in UTC
        return None


def _in_utc(moment: datetime) -> datetime:
    """The moment in UTC, also if it has no zone, so that any two can be compared."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


NonEmpty = Annotated[str, Field(min_length=1)]
MaybeText = Annotated[NonEmpty | None, WrapValidator(_none_if_invalid)]
MaybeMessage = Annotated[MaybeText, AfterValidator(lambda text: text and text[:MAX_TEXT])]
MaybeInt = Annotated[int | None, WrapValidator(_none_if_invalid)]
MaybeTime = Annotated[
    Annotated[datetime, AfterValidator(_in_utc)] | None, WrapValidator(_none_if_invalid)
]
MaybeFlag = Annotated[bool | None, WrapValidator(_none_if_invalid)]
MaybeObject = Annotated[dict[str, Any] | None, WrapValidator(_none_if_invalid)]
MaybeList = Annotated[list[Any] | None, WrapValidator(_none_if_invalid)]


class ApiModel(BaseModel):
    """The base of the API's responses: camelCase names, unknown keys ignored."""

    model_config = ConfigDict(
        extra="ignore",
        alias_generator=to_camel,
        coerce_numbers_to_str=True,  # an id that comes as a number is still an id
    )


def parse_json(body: bytes) -> Any:
    """The parsed JSON, or ``None`` if it is none; a broken character spoils only its own field."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
