"""What the tests of the client talk to: scripted answers, with a socket and without one."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest

from tryon_worker.genlook import (
    GenlookClient,
    GenlookError,
    PersonById,
    Product,
    ResultPicture,
    Timeouts,
    TryOnInput,
)

NOW = datetime(2026, 6, 20, 12, 0, 0, tzinfo=UTC)
BASE = "https://api.genlook.test/tryon/v1"
LINK = "https://storage.example/results/r.jpg?X-Goog-Signature=abc"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
WISH = TryOnInput(Product.reference("shirt-1"), PersonById("img_1"), "shopper-1")

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, **options: Any) -> GenlookClient:
    """Make a client whose calls are answered by a function."""
    given: dict[str, Any] = {"api_key": lambda: "gk_test", "base_url": BASE, "clock": lambda: NOW}
    return GenlookClient(transport=httpx.MockTransport(handler), **(given | options))


def answering(status: int, **content: Any) -> Handler:
    """Answer every call with the same."""
    return lambda _: httpx.Response(status, **content)


def error(code: str, message: str = "no", status: int = 400, **more: Any) -> dict[str, Any]:
    """Write Genlook's error body."""
    return {"code": code, "message": message, "status": status, **more}


def end_of(call: Callable[[], object]) -> GenlookError:
    """Return the error that a call ends in."""
    with pytest.raises(GenlookError) as raised:
        call()
    return raised.value


def end_of_submitting(handler: Handler) -> GenlookError:
    """Return the error that the paid call ends in where it is answered so."""
    return end_of(lambda: client(handler).create_try_on(WISH))


def download(
    genlook: GenlookClient, link: str = LINK, max_bytes: int = 10_000
) -> tuple[ResultPicture, bytes]:
    """Download a picture into memory."""
    sink = BytesIO()
    picture = genlook.download_result(link, sink, max_bytes=max_bytes)
    return picture, sink.getvalue()


class Recorder:
    """Answers as told, and keeps what was asked."""

    def __init__(self, *responses: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self._responses = iter(responses)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return next(self._responses)


Script = Callable[[socket.socket], None]


class RawServer:
    """A TCP server on loopback that treats each connection as a script says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tryon/v1"

    def __enter__(self) -> "RawServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self._script(connection)


def read_request(connection: socket.socket) -> bytes:
    """Read one whole request off a connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if b"content-length" in line.lower()
        ),
        0,
    )
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the client is gone")
    return data


def reset(connection: socket.socket) -> None:
    """Close a connection with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def replying(data: bytes, then: Script | None = None) -> Script:
    """Read the request, send these bytes, then do something else or close."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(data)
        if then:
            then(connection)

    return script


@contextlib.contextmanager
def over_socket(
    script: Script, timeouts: Timeouts | None = None
) -> Iterator[tuple[GenlookClient, RawServer]]:
    """Give a real client and the server that treats it badly."""
    timeouts = timeouts or Timeouts(connect=20, write=20, read=20, total=40)
    with RawServer(script) as server:
        yield (
            GenlookClient(api_key=lambda: "gk_test", base_url=server.base_url, timeouts=timeouts),
            server,
        )
