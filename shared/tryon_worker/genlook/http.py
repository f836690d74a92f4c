"""One call over HTTP: on a connection of its own, within a total time, never repeated."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import httpx

from tryon_worker.genlook import classify
from tryon_worker.genlook.classify import SURE_WITHOUT_BODY, Endpoint
from tryon_worker.genlook.errors import InvalidApiKey, InvalidRequest, NotSent
from tryon_worker.genlook.requests import Body
from tryon_worker.genlook.timeouts import CallContext, Deadline, Timeouts

# All exceptions of httpx. InvalidURL and StreamError are no RequestErrors.
Failure = (httpx.RequestError, httpx.InvalidURL, httpx.StreamError)

_ALWAYS = {
    "user-agent": "tryon-worker",
    "accept-encoding": "identity",  # so that the size limits count the bytes as sent
    "connection": "close",
}


def request(
    method: str,
    url: httpx.URL | str,
    context: CallContext,
    timeouts: Timeouts,
    *,
    headers: Mapping[str, str],
    body: Body | None = None,
    query: Mapping[str, str] | None = None,
) -> httpx.Request:
    """A request that takes nothing from the environment, cookies or earlier calls."""
    body = body or Body()
    json_header = {} if body.json is None else {"content-type": "application/json"}
    return httpx.Request(
        method,
        url,
        headers={**_ALWAYS, **headers, **json_header},
        params=query or None,
        content=body.json,
        data=body.fields or None,
        files=body.files or None,
        extensions={
            "timeout": {
                "connect": timeouts.connect,
                "write": timeouts.write,
                "read": timeouts.read,
            },
            CallContext.EXTENSION: context,
        },
    )


@contextmanager
def send(transport: httpx.BaseTransport, request: httpx.Request) -> Iterator[httpx.Response]:
    """Sends a request and closes the response at the end of the context.

    It does not use httpx's client, which would log each URL at INFO (links, and shoppers' ids in
    paths), keep cookies, and read proxies and netrc from the environment.
    """
    response = transport.handle_request(request)
    try:
        yield response
    finally:
        response.close()


def read_chunks(response: httpx.Response, context: CallContext) -> Iterator[bytes]:
    """Reads a response in pieces until the deadline, also if the transport keeps none."""
    for chunk in response.iter_bytes():
        if context.deadline.left() <= 0:
            raise httpx.ReadTimeout("the call's total time is used up")
        yield chunk


# Far above a page of 200 products; a response without end must not fill the memory.
_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Call:
    """One call; ``path`` is relative to the API's base URL."""

    method: str
    path: str
    body: Body = field(default_factory=Body)
    query: Mapping[str, str] = field(default_factory=dict)
    endpoint: Endpoint = field(default_factory=Endpoint)
    success: Container[int] = _SUCCESS


def path_segment(value: str) -> str:
    """An id as one segment of a path.

    It refuses dot segments, which would name another resource however they are encoded.
    """
    if value in ("", ".", ".."):
        raise InvalidRequest("an id that no path can carry")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidRequest("an id that no path can carry") from None


@dataclass(frozen=True)
class ApiCaller:
    """Makes calls with the account's key, to the API's own origin only."""

    base: httpx.URL
    api_key: Callable[[], str]
    timeouts: Timeouts
    transport: httpx.BaseTransport
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]

    def __call__(self, call: Call) -> bytes:
        """Returns the body of a successful response, or raises a ``GenlookError``."""
        context = self.new_context()
        key = self._key()
        try:
            request = self._request(call, key, context)
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise InvalidRequest("the request cannot be written") from None
        try:
            with send(self.transport, request) as response:
                body = _body(response, context)
        except Failure as exc:
            raise classify.transport_error(exc, wrote=context.wrote) from None
        status = response.status_code
        if status in call.success:
            return body
        raise classify.response_error(status, response.headers, body, call.endpoint, self.clock())

    def new_context(self, *, public_only: bool = False) -> CallContext:
        """The context of a call that starts now."""
        deadline = Deadline(self.timeouts.total, self.monotonic)
        return CallContext(deadline, public_only=public_only)

    def _key(self) -> str:
        try:
            key = self.api_key()
        # The caller's function may raise anything. Nothing was sent, so a paid call must not end
        # in an error that says it may have been charged.
        except Exception as exc:
            raise NotSent("the API key could not be read") from exc
        return _header_safe(key)

    def _request(self, call: Call, key: str, context: CallContext) -> httpx.Request:
        return request(
            call.method,
            f"{str(self.base).rstrip('/')}/{call.path}",
            context,
            self.timeouts,
            headers={"x-api-key": key, "accept": "application/json"},
            body=call.body,
            query=call.query,
        )


def checked_base(url: str) -> httpx.URL:
    """Parses the API's base URL, so that a wrong one fails when the client is made.

    Raises
    ------
    ValueError
        It is no http(s) address of a host and a path alone.
    """
    try:
        base = httpx.URL(url)
        host = base.host  # a malformed international name fails only when it is decoded here
    except (httpx.InvalidURL, ValueError):
        raise ValueError("the API's base address cannot be parsed") from None
    if base.scheme not in ("http", "https") or not host:
        raise ValueError("the API's base address must be an http(s) address")
    if base.userinfo or base.query or base.fragment:
        raise ValueError("the API's base address must be no more than host and path")
    return base


def _header_safe(key: str) -> str:
    """The key without the white space that is often pasted with a secret.

    It refuses a key that no header can carry, because the transport's exception would quote it.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise InvalidApiKey("the API key is empty or holds characters that no header can carry")
    return key


def _body(response: httpx.Response, context: CallContext) -> bytes:
    """Reads a response's body; a status that is sure without a body needs none."""
    try:
        return b"".join(_capped(read_chunks(response, context)))
    except httpx.RequestError:
        if response.status_code not in SURE_WITHOUT_BODY:
            raise
        return b""


def _capped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _MAX_RESPONSE_BYTES:
            raise httpx.ReadError("a response without end")
        yield chunk
