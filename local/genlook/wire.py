"""What all routes share: the memory, the caller's journal entry, and how an answer is sent."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from fastapi.responses import JSONResponse

from local.genlook.answers import Answer, ErrorAnswer, GenerationPage, ProductAnswer, ProductPage
from local.genlook.fetch import Fetcher
from local.genlook.journal import Call
from local.genlook.store import State

NULLS_STAY = (GenerationPage, ProductAnswer, ProductPage)
"""The pages show these with null for what is unset."""

Responses = dict[int | str, dict[str, Any]]


@dataclass(frozen=True)
class Desk:
    """What a route works with."""

    state: State
    fetcher: Fetcher

    def call(self, request: Request) -> Call:
        """Return the journal entry of this request."""
        call: Call = request.state.call  # the gate set it
        return call

    def named(self, segment: str) -> str:
        """Return the id that one raw segment of a path stands for."""
        return unquote(segment, errors="replace")

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
