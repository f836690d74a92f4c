"""The sockets under httpx: they keep each deadline and connect to checked addresses only."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from tryon_worker.genlook.addresses import IPAddress, is_public
from tryon_worker.genlook.timeouts import CallContext, Deadline

Resolver = Callable[[str, int, float], list[IPAddress]]


class AddressRefused(httpx.ConnectError):
    """The host has an address that the call may not connect to."""


def resolve(host: str, port: int, timeout: float) -> list[IPAddress]:
    """The addresses of a host, looked up in at most ``timeout`` seconds.

    getaddrinfo has no time limit, so it runs in a thread that is abandoned when it is late.
    """
    found: list[IPAddress] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as exc:
            failed.append(exc if isinstance(exc, OSError) else OSError("not a host name"))
        else:
            found.extend(ipaddress.ip_address(row[4][0]) for row in rows)

    thread = threading.Thread(target=look_up, name="resolve", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError("the host's name was not resolved in time")
    if failed:
        raise failed[0]
    return list(dict.fromkeys(found))


class Backend(httpcore.NetworkBackend):
    """Opens the connection of one call, within the limits of its context."""

    def __init__(self, context: CallContext, resolver: Resolver = resolve) -> None:
        self._context = context
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 (httpcore's signature)
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 (same)
    ) -> httpcore.NetworkStream:
        """Connects to the checked address itself, so that no second lookup can change it."""
        try:
            phase = Deadline(self._context.deadline.cap(timeout))
            addresses = self._resolver(host, port, phase.cap(None))
            self._check(addresses)
            return Stream(_connect(addresses, port, phase), self._context)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout(str(exc)) from exc
        except OSError as exc:
            raise httpcore.ConnectError(str(exc)) from exc

    def _check(self, addresses: list[IPAddress]) -> None:
        if not addresses:
            raise OSError("the host has no address")
        if self._context.public_only and not all(is_public(address) for address in addresses):
            raise AddressRefused("the host has an address that is not public")


def _connect(addresses: list[IPAddress], port: int, phase: Deadline) -> socket.socket:
    """Tries the addresses in turn, each for its share of the time that is left."""
    last = OSError("the host has no address")
    for tried, address in enumerate(addresses):
        share = phase.cap(None) / (len(addresses) - tried)
        try:
            return socket.create_connection((str(address), port), share)
        except OSError as exc:
            last = exc
    raise last


class Stream(httpcore.NetworkStream):
    """A connected socket; every wait on it ends at the call's deadline."""

    def __init__(self, sock: socket.socket, context: CallContext) -> None:
        with suppress(OSError):  # the connection is already reset; the first read raises
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._context = context

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Waits for the next bytes."""
        try:
            self._sock.settimeout(self._context.deadline.cap(timeout))
            return self._sock.recv(max_bytes)
        except TimeoutError as exc:
            raise httpcore.ReadTimeout(str(exc)) from exc
        except OSError as exc:
            raise httpcore.ReadError(str(exc)) from exc

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Writes the whole buffer, and first records that a byte of the request may be sent."""
        rest = memoryview(buffer)
        try:
            while rest:
                self._sock.settimeout(self._context.deadline.cap(timeout))
                self._context.wrote = True
                rest = rest[self._sock.send(rest) :]
        except TimeoutError as exc:
            raise httpcore.WriteTimeout(str(exc)) from exc
        except OSError as exc:
            raise httpcore.WriteError(str(exc)) from exc

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Makes the TLS handshake; nothing of the request is sent before it has succeeded."""
        try:
            self._sock.settimeout(self._context.deadline.cap(timeout))
            return Stream(
                ssl_context.wrap_socket(self._sock, server_hostname=server_hostname), self._context
            )
        except TimeoutError as exc:
            self.close()
            raise httpcore.ConnectTimeout(str(exc)) from exc
        except (OSError, ValueError) as exc:  # ValueError: a name that TLS cannot carry
            self.close()
            raise httpcore.ConnectError(str(exc)) from exc

    def close(self) -> None:
        """Closes the socket."""
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        """Gives httpcore the TLS connection."""
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return None


_IN_HTTPX: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raises httpx's exception for each of httpcore's."""
    try:
        yield
    except tuple(_IN_HTTPX) as exc:
        raise _IN_HTTPX[type(exc)](str(exc)) from exc


class _Body(httpx.SyncByteStream):
    """The rest of a response; closing it closes the connection."""

    def __init__(self, stream: Iterator[bytes], connection: httpcore.HTTPConnection) -> None:
        self._stream = stream
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._stream

    def close(self) -> None:
        self._connection.close()


class SocketTransport(httpx.BaseTransport):
    """Sends each request over a socket of its own, within the request's ``CallContext``."""

    def __init__(
        self, *, ssl_context: SSLContext | None = None, resolver: Resolver = resolve
    ) -> None:
        self._given_ssl_context = ssl_context
        self._resolver = resolver

    @cached_property
    def _ssl_context(self) -> SSLContext:
        """Made on first use, because reading the certificate bundle takes tens of milliseconds."""
        return self._given_ssl_context or httpx.create_ssl_context(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request and returns when the response's headers have arrived."""
        context: CallContext = request.extensions[CallContext.EXTENSION]
        context.wrote = False
        call = _to_httpcore(request)
        connection = httpcore.HTTPConnection(
            call.url.origin,
            ssl_context=self._ssl_context if request.url.scheme == "https" else None,
            network_backend=Backend(context, self._resolver),
        )
        try:
            with _httpx_errors():
                response = connection.handle_request(call)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.iter_stream(), connection),
        )


def _to_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    if url.scheme not in ("http", "https"):
        raise httpx.UnsupportedProtocol("only http and https are supported")
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"timeout": request.extensions["timeout"]},
    )
