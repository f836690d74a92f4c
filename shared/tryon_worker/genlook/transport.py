"""The transport: one call, one new connection, closed after it.

No connection is kept: one that idled while a function was frozen is the commonest way to lose the
answer of a call that was processed, and 100 calls a minute are all that the account may make.
Proxies and certificate bundles named by the environment are ignored, so the key and the photos go
to the API's own host and nowhere else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from ssl import SSLContext

import httpcore
import httpx

from tryon_worker.genlook.limits import Deadline, Terms
from tryon_worker.genlook.sockets import Backend, Resolver, resolve

_IN_HTTPX: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


@contextmanager
def _in_httpx_terms() -> Iterator[None]:
    """Raise httpx's exception for each of httpcore's."""
    try:
        yield
    except tuple(_IN_HTTPX) as exc:
        raise _IN_HTTPX[type(exc)](str(exc)) from exc


class _Body(httpx.SyncByteStream):
    """The rest of an answer; closing it closes the connection."""

    def __init__(self, stream: Iterator[bytes], connection: httpcore.HTTPConnection) -> None:
        self._stream = stream
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        with _in_httpx_terms():
            yield from self._stream

    def close(self) -> None:
        self._connection.close()


class SocketTransport(httpx.BaseTransport):
    """Carries a request over a socket of its own, on the `Terms` in the request's extensions."""

    def __init__(
        self, *, ssl_context: SSLContext | None = None, resolver: Resolver = resolve
    ) -> None:
        self._given_ssl_context = ssl_context
        self._resolver = resolver

    @cached_property
    def _ssl_context(self) -> SSLContext:
        """Made when first needed: reading the certificate bundle takes tens of milliseconds."""
        return self._given_ssl_context or httpx.create_ssl_context(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return once the answer's headers are in."""
        terms = request.extensions.get(Terms.EXTENSION) or Terms(Deadline(float("inf")))
        terms.wrote = False
        call = _to_httpcore(request)
        connection = httpcore.HTTPConnection(
            call.url.origin,
            ssl_context=self._ssl_context if request.url.scheme == "https" else None,
            network_backend=Backend(terms, self._resolver),
        )
        try:
            with _in_httpx_terms():
                answer = connection.handle_request(call)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.iter_stream(), connection),
        )


def _to_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    if url.scheme not in ("http", "https"):
        raise httpx.UnsupportedProtocol("only http and https are spoken")
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"timeout": request.extensions.get("timeout", {})},
    )
