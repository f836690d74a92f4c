"""One call over HTTP: a connection of its own, a total time limit, nothing repeated."""

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

# All that httpx raises. InvalidURL and StreamError are no RequestErrors.
Failure = (httpx.RequestError, httpx.InvalidURL, httpx.StreamError)

_ALWAYS = {
    "user-agent": "tryon-worker",
    "accept-encoding": "identity",  # so that a size cap counts what was sent
    "connection": "close",
}


def request(
    method: str,
    url: httpx.URL | str,
    terms: CallContext,
    timeouts: Timeouts,
    *,
    headers: Mapping[str, str],
    body: Body | None = None,
    query: Mapping[str, str] | None = None,
) -> httpx.Request:
    """Write a request; nothing of an environment, a cookie or an earlier call goes into it."""
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
        extensions={"timeout": _phases(timeouts), CallContext.EXTENSION: terms},
    )


def _phases(timeouts: Timeouts) -> dict[str, float | None]:
    phases = httpx.Timeout(
        connect=timeouts.connect, write=timeouts.write, read=timeouts.read, pool=timeouts.pool
    )
    return phases.as_dict()


@contextmanager
def answer(transport: httpx.BaseTransport, sent: httpx.Request) -> Iterator[httpx.Response]:
    """Send a request and hand out the answer until it is closed.

    The transport is used without httpx's client: that would log each URL at INFO (links, and the
    shoppers' ids in paths), keep cookies, and read proxies and netrc from the environment.
    """
    response = transport.handle_request(sent)
    try:
        yield response
    finally:
        response.close()


def chunks(response: httpx.Response, terms: CallContext) -> Iterator[bytes]:
    """Read an answer piece by piece; late is late even where the transport keeps no deadline."""
    for chunk in response.iter_bytes():
        if terms.deadline.left() <= 0:
            raise httpx.ReadTimeout("the call's total time is used up")
        yield chunk


# Far above a page of 200 products; an answer that never ends must not fill the memory.
_LARGEST_ANSWER = 16 * 1024 * 1024
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Call:
    """What is asked: the endpoint's path below the base, and what goes with it."""

    method: str
    path: str
    body: Body = field(default_factory=Body)
    query: Mapping[str, str] = field(default_factory=dict)
    endpoint: Endpoint = field(default_factory=Endpoint)
    success: Container[int] = _SUCCESS


def segment(value: str) -> str:
    """Write an id as one segment of a path.

    Dot segments are refused: they would name another resource, and no encoding hides them.
    """
    if value in ("", ".", ".."):
        raise InvalidRequest("an id that no path can carry")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidRequest("an id that no path can carry") from None


@dataclass(frozen=True)
class Exchange:
    """Makes calls with the account's key, to the API's own origin and to nothing else."""

    base: httpx.URL
    api_key: Callable[[], str]
    timeouts: Timeouts
    transport: httpx.BaseTransport
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]

    def __call__(self, call: Call) -> bytes:
        """Return the body of a success, or raise what the call ended in."""
        terms = self.terms()
        key = self._key()
        try:
            request = self._request(call, key, terms)
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise InvalidRequest("the request cannot be written") from None
        try:
            with answer(self.transport, request) as response:
                body = _body(response, terms)
        except Failure as exc:
            raise classify.of_transport(exc, wrote=terms.wrote) from None
        status = response.status_code
        if status in call.success:
            return body
        raise classify.of_answer(status, response.headers, body, call.endpoint, self.clock())

    def terms(self, *, public_only: bool = False) -> CallContext:
        """Start the time of a call."""
        deadline = Deadline(self.timeouts.total, self.monotonic)
        return CallContext(deadline, public_only=public_only)

    def _key(self) -> str:
        try:
            key = self.api_key()
        # The boundary to the caller's own function: anything may come out, but nothing was sent,
        # and a paid call must not look as if it might have been.
        except Exception as exc:
            raise NotSent("the API key could not be read") from exc
        return _header_safe(key)

    def _request(self, call: Call, key: str, terms: CallContext) -> httpx.Request:
        return request(
            call.method,
            f"{str(self.base).rstrip('/')}/{call.path}",
            terms,
            self.timeouts,
            headers={"x-api-key": key, "accept": "application/json"},
            body=call.body,
            query=call.query,
        )


def checked_base(url: str) -> httpx.URL:
    """Parse the API's base address; what is wrong with it shows when the client is made."""
    try:
        base = httpx.URL(url)
        host = base.host  # decoded here: a malformed international name fails only when it is
    except (httpx.InvalidURL, ValueError):
        raise ValueError("the API's base address cannot be parsed") from None
    if base.scheme not in ("http", "https") or not host:
        raise ValueError("the API's base address must be an http(s) address")
    if base.userinfo or base.query or base.fragment:
        raise ValueError("the API's base address must be no more than host and path")
    return base


def _header_safe(key: str) -> str:
    """Take the white space off that secrets are pasted with; what is left must fit a header.

    Checked here, since a broken header would be quoted, key and all, in the transport's exception.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise InvalidApiKey("the API key is empty or holds what no header can carry")
    return key


def _body(response: httpx.Response, terms: CallContext) -> bytes:
    """Read an answer's body. A refusal's status is sure even where its body breaks off."""
    try:
        return b"".join(_capped(chunks(response, terms)))
    except httpx.RequestError:
        if response.status_code not in SURE_WITHOUT_BODY:
            raise
        return b""


def _capped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _LARGEST_ANSWER:
            raise httpx.ReadError("an answer without end")
        yield chunk
