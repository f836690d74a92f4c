"""Reads Genlook's error body."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError

from tryon_worker.genlook.errors import FieldError
from tryon_worker.genlook.tolerant import LONGEST_TEXT, Answer, MaybeList, parse_json

_MOST_DETAILS = 50


class _ErrorBody(Answer):
    code: Annotated[str, Field(min_length=1, strict=True)]  # a gateway's own is often a number
    message: str
    details: MaybeList = None


class _Detail(Answer):
    path: str = ""
    message: str = ""


@dataclass(frozen=True)
class ErrorReport:
    """Genlook's error body."""

    code: str | None
    message: str
    details: tuple[FieldError, ...]


def read_error_report(body: bytes) -> ErrorReport | None:
    """Read Genlook's error body; None where the body is something else.

    Its `status` is not looked at: the HTTP status is the one to trust.
    """
    try:
        error = _ErrorBody.model_validate(parse_json(body))
    except ValidationError:
        return None
    details = tuple(_details(error.details or ()))
    return ErrorReport(error.code[:LONGEST_TEXT], error.message[:LONGEST_TEXT], details)


def _details(entries: Sequence[Any]) -> list[FieldError]:
    found = []
    for entry in entries[:_MOST_DETAILS]:
        try:
            detail = _Detail.model_validate(entry)
        except ValidationError:
            continue
        found.append(FieldError(detail.path[:LONGEST_TEXT], detail.message[:LONGEST_TEXT]))
    return found
