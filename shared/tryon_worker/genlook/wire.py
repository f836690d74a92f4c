"""Sends one request and reads one answer, on a deadline; knows nothing of what they mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from tryon_worker.genlook.bodies import Body
from tryon_worker.genlook.limits import Terms, Timeouts

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
    terms: Terms,
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
        extensions={"timeout": _phases(timeouts), Terms.EXTENSION: terms},
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


def chunks(response: httpx.Response, terms: Terms) -> Iterator[bytes]:
    """Read an answer piece by piece; late is late even where the transport keeps no deadline."""
    for chunk in response.iter_bytes():
        if terms.deadline.left() <= 0:
            raise httpx.ReadTimeout("the call's total time is used up")
        yield chunk
