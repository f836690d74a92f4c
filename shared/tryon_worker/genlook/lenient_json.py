"""Reads JSON leniently: unknown keys, nulls and missing fields are no error."""

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

LONGEST_TEXT = 1000
"""Of Genlook's own words: they go into rows and events, and what is too large for these is lost."""


def _none_if_senseless(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
    try:
        return parse(value)
    except (ValidationError, OverflowError):  # OverflowError: a moment before the year 1 in UTC
        return None


def _in_utc(moment: datetime) -> datetime:
    """Give every moment a zone, so that any two can be compared; ISO 8601 without one is UTC."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


Given = Annotated[str, Field(min_length=1)]
MaybeText = Annotated[Given | None, WrapValidator(_none_if_senseless)]
MaybeWords = Annotated[MaybeText, AfterValidator(lambda text: text and text[:LONGEST_TEXT])]
MaybeInt = Annotated[int | None, WrapValidator(_none_if_senseless)]
MaybeTime = Annotated[
    Annotated[datetime, AfterValidator(_in_utc)] | None, WrapValidator(_none_if_senseless)
]
MaybeFlag = Annotated[bool | None, WrapValidator(_none_if_senseless)]
MaybeObject = Annotated[dict[str, Any] | None, WrapValidator(_none_if_senseless)]
MaybeList = Annotated[list[Any] | None, WrapValidator(_none_if_senseless)]


class Answer(BaseModel):
    """The base of every answer: camelCase names, unknown keys ignored."""

    model_config = ConfigDict(
        extra="ignore",
        alias_generator=to_camel,
        coerce_numbers_to_str=True,  # an id that comes as a number is still an id
    )


def parse_json(body: bytes) -> Any:
    """Parse JSON; None where it is none. A broken character in one field must not cost the rest."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
