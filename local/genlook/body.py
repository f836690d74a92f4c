"""Reads request bodies, counting bytes as they come so that no limit is noticed too late."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from local.genlook.errors import ApiError, validation_failed
from local.genlook.orders import parse_object
from local.genlook.store import State

DRAIN_BYTES = 256 * 1024 * 1024
FORM_OVERHEAD = 64 * 1024
JSON_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Form:
    """A multipart body: its text fields and its file parts."""

    fields: dict[str, str]
    files: Mapping[str, bytes]


async def drain(receive: Receive, allowance: int = DRAIN_BYTES) -> None:
    """Read what the caller still sends: a close with unread bytes would reset the connection."""
    more = True
    while more and allowance > 0:
        message = await receive()
        allowance -= len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)


def capped(receive: Receive, limit: int, refusal: ApiError) -> Receive:
    """Return a `receive` that raises `refusal` as soon as more than `limit` bytes have come."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            if message.get("more_body", False):
                await drain(receive)
            raise refusal
        return message

    return counting


def too_large(state: State) -> ApiError:
    """Return the refusal of a file or body over its limit."""
    status, _, code = state.quirks.too_large.partition(":")
    limit = state.settings.max_file_bytes
    return ApiError(int(status), code, f"A file may have at most {limit} bytes.")


async def read_form(request: Request, state: State, body_limit: int) -> Form:
    """Read a multipart body within `body_limit` bytes, each of its files within the file limit."""
    refusal = too_large(state)
    limited = Request(request.scope, capped(request.receive, body_limit, refusal))
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    try:
        async with limited.form() as form:
            for name, value in form.multi_items():
                if name in fields or name in files:
                    raise validation_failed((name, "The part came more than once."))
                if isinstance(value, UploadFile):
                    files[name] = await value.read()
                else:
                    fields[name] = value
    except (HTTPException, FormParserError, UnicodeError, LookupError) as error:
        raise validation_failed(("", "The multipart body cannot be read.")) from error
    except ClientDisconnect as error:
        raise validation_failed(("", "The body ended early.")) from error
    if any(len(data) > state.settings.max_file_bytes for data in files.values()):
        raise refusal
    return Form(fields, files)


async def read_json(request: Request, state: State) -> dict[str, Any]:
    """Read a JSON object."""
    limited = Request(request.scope, capped(request.receive, JSON_BYTES, too_large(state)))
    try:
        return parse_object(await limited.body())
    except ClientDisconnect as error:
        raise validation_failed(("", "The body ended early.")) from error


async def read_any(request: Request, state: State) -> tuple[dict[str, Any], Mapping[str, bytes]]:
    """Read a JSON body, or a multipart one whose text part `data` holds the JSON."""
    kind = media_type(request)
    if kind == "application/json":
        return await read_json(request, state), {}
    if kind != "multipart/form-data":
        await drain(request.receive)
        raise validation_failed(("", "Send application/json or multipart/form-data."))
    form = await read_form(request, state, state.settings.max_body_bytes)
    if "data" not in form.fields:
        raise validation_failed(("data", "Field required"))
    if len(form.fields) > 1:
        names = sorted(form.fields.keys() - {"data"})
        raise validation_failed(*((name, "Unknown part") for name in names))
    return parse_object(form.fields["data"]), form.files


def media_type(request: Request) -> str:
    """Return the body's media type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
