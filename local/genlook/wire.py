"""What all routes share: the memory, the caller's journal entry, and how an answer is sent."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse

from local.genlook.answers import Answer, ErrorAnswer, GenerationPage, ProductAnswer, ProductPage
from local.genlook.errors import validation_failed
from local.genlook.fetch import Fetcher
from local.genlook.journal import Call
from local.genlook.store import State

T = TypeVar("T")
NULLS_STAY = (GenerationPage, ProductAnswer, ProductPage)
"""The pages show these with null for what is unset."""
PAGE_DEFAULT = 50
PAGE_MAX = 200

Responses = dict[int | str, dict[str, Any]]


@dataclass(frozen=True)
class Desk:
    """What a route works with."""

    state: State
    fetcher: Fetcher

    def call(self, request: Request) -> Call:
        """Return the journal entry of this request."""
        call = request.state.call
        assert isinstance(call, Call)  # noqa: S101 (the gate set it)
        return call

    def account(self, request: Request) -> str:
        """Return the account whose key came."""
        return self.call(request).account or ""

    def reply(self, operation: str, answer: Answer, status: int = 200) -> JSONResponse:
        """Send an answer, with the quirks that are switched on."""
        quirks = self.state.quirks
        keep_nulls = quirks.nulls or isinstance(answer, NULLS_STAY)
        data = answer.model_dump(mode="json", by_alias=True, exclude_none=not keep_nulls)
        if quirks.extra_fields:
            data |= {"requestId": "req_local", "_links": {"self": None}, "beta": True}
        return JSONResponse(data, quirks.success_status.get(operation, status))

    @property
    def ignore_extra(self) -> bool:
        """Whether undocumented body keys are let pass."""
        return self.state.quirks.extra_keys == "ignore"


def error_responses(*statuses: int) -> Responses:
    """Describe the errors of an endpoint for the OpenAPI page; 401 and 429 come with each."""
    always = {401, 429}
    return {status: {"model": ErrorAnswer} for status in sorted(always | set(statuses))}


def page(items: Sequence[T], limit: str | None, cursor: str | None) -> tuple[list[T], str | None]:
    """Cut one page out of a list; return it with the next page's cursor."""
    size = _size(limit)
    start = _start(cursor)
    chunk = list(items[start : start + size])
    more = start + size < len(items)
    return chunk, _cursor(start + size) if more else None


def _size(limit: str | None) -> int:
    if limit is None:
        return PAGE_DEFAULT
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= PAGE_MAX):
        raise validation_failed(("limit", f"Input should be between 1 and {PAGE_MAX}"))
    return int(limit)


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, b"-_", validate=True).decode().partition(":")
        start = int(number)
    except (binascii.Error, ValueError):
        word, start = "", -1
    if word != "from" or start < 0:
        raise validation_failed(("cursor", "Unknown cursor"))
    return start
