"""A call ends when its total time is over, whatever the other side does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import WISH, RawServer, answering, client, read_request
from tryon_worker.genlook import GenlookClient, GenlookError, NotSent, ResponseLost, Timeouts
from tryon_worker.genlook.timeouts import Deadline

TOTAL = 0.5
SLACK = 8.0  # for a busy machine; the servers below would go on for longer
LIMITS = Timeouts(connect=30, write=30, read=30, total=TOTAL)


class Stop(threading.Event):
    """Lets a slow server go on until the test is over, and no longer."""

    def drip(self, connection: socket.socket, data: bytes) -> None:
        for n in range(len(data)):
            if self.wait(0.03):
                return
            connection.sendall(data[n : n + 1])


@pytest.fixture
def stop() -> Iterator[Stop]:
    event = Stop()
    yield event
    event.set()


Scripts = dict[str, Callable[[Stop], Callable[[socket.socket], None]]]


def _answer_dripping(head: bytes, drip: bytes) -> Callable[[Stop], Callable[[socket.socket], None]]:
    def for_test(stop: Stop) -> Callable[[socket.socket], None]:
        def script(connection: socket.socket) -> None:
            read_request(connection)
            connection.sendall(head)
            stop.drip(connection, drip)
            stop.wait(60)

        return script

    return for_test


def _never_reads(stop: Stop) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        stop.wait(60)

    return script


def _reads_slowly(stop: Stop) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not stop.wait(0.02):
            connection.recv(2048)

    return script


SLOW: Scripts = {
    "never answers": _answer_dripping(b"", b""),
    "drips its status line": _answer_dripping(b"", b"HTTP/1.1 200 OK" * 50),
    "drips headers": _answer_dripping(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 99),
    "drips interim answers": _answer_dripping(b"", b"HTTP/1.1 103 x\r\n\r\n" * 50),
    "drips a body": _answer_dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n", b" " * 999),
    "drips chunks": _answer_dripping(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 99
    ),
    "never reads": _never_reads,
    "reads slowly": _reads_slowly,
}


@pytest.mark.promise("The paid call", "only-with-time-left")
@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW.keys())
def test_the_total_holds_against_a_server_that(
    slow: Callable[[Stop], Callable[[socket.socket], None]], stop: Stop
) -> None:
    with RawServer(slow(stop)) as server:
        genlook = _client(server.base_url)
        raised, took = _timed(lambda: _upload(genlook))
        stop.set()
    assert type(raised) is ResponseLost
    assert TOTAL - 0.05 <= took <= TOTAL + SLACK


def test_the_total_holds_while_a_refusal_drips_and_the_refusal_is_sure(stop: Stop) -> None:
    slow = _answer_dripping(b"HTTP/1.1 402 Pay\r\ncontent-length: 999\r\n\r\n", b" " * 999)
    with RawServer(slow(stop)) as server:
        genlook = _client(server.base_url)
        raised, took = _timed(lambda: genlook.create_try_on(WISH))
        stop.set()
    assert raised.status == 402
    assert took <= TOTAL + SLACK


def test_the_total_holds_while_tls_shakes_hands_and_nothing_was_sent(stop: Stop) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(1)
        stop.drip(connection, b"\x16\x03\x03\x40\x00" + bytes(500))

    with RawServer(script) as server:
        base = f"https://127.0.0.1:{server.port}"
        raised, took = _timed(lambda: _client(base).create_try_on(WISH))
        stop.set()
    assert type(raised) is NotSent
    assert took <= TOTAL + SLACK


def test_the_total_holds_while_a_name_is_resolved(
    stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_: Any, **__: Any) -> Any:
        stop.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "late")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    raised, took = _timed(lambda: _client("http://slow.example").create_try_on(WISH))
    assert type(raised) is NotSent
    assert took <= TOTAL + SLACK


def test_phases_are_shorter_than_the_whole(stop: Stop) -> None:
    slow = _answer_dripping(b"", b"")
    limits = Timeouts(connect=30, write=30, read=0.3, total=30)
    with RawServer(slow(stop)) as server:
        genlook = _client(server.base_url, limits)
        raised, took = _timed(lambda: genlook.create_try_on(WISH))
        stop.set()
    assert type(raised) is ResponseLost
    assert took <= 0.3 + SLACK


def test_a_download_keeps_the_same_total(stop: Stop) -> None:
    slow = _answer_dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n", b"x" * 999)
    with RawServer(slow(stop)) as server:
        genlook = _client(server.base_url)
        link = server.base_url + "/picture"
        raised, took = _timed(lambda: genlook.download_result(link, BytesIO(), max_bytes=9999))
        stop.set()
    assert "ResultDownloadFailed" in repr(raised)
    assert took <= TOTAL + SLACK


def test_the_total_holds_between_pieces_even_on_a_foreign_transport() -> None:
    now = 0.0

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            nonlocal now
            while True:
                now += 10
                yield b" "

    genlook = client(answering(200, stream=Drip()), monotonic=lambda: now)
    with pytest.raises(ResponseLost):
        genlook.create_try_on(WISH)
    assert now == 30


def test_a_deadline_gives_what_is_left_and_no_more() -> None:
    now = 100.0
    deadline = Deadline(10, lambda: now)
    assert (deadline.cap(3), deadline.cap(30), deadline.cap(None)) == (3, 10, 10)
    now = 108.0
    assert (deadline.cap(3), deadline.left()) == (2, 2)
    now = 110.0
    with pytest.raises(TimeoutError):
        deadline.cap(3)


def _client(base_url: str, timeouts: Timeouts = LIMITS) -> GenlookClient:
    return GenlookClient(api_key=lambda: "gk", base_url=base_url, timeouts=timeouts)


def _upload(genlook: GenlookClient) -> None:
    data = bytes(8_000_000)
    genlook.upload_image(data, filename="a", content_type="image/png", external_user_id="u")


def _timed(call: Callable[[], object]) -> tuple[GenlookError, float]:
    start = time.monotonic()
    with pytest.raises(GenlookError) as raised:
        call()
    return raised.value, time.monotonic() - start
