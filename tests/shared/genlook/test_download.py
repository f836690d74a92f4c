"""How a finished picture is fetched: capped, without the key, from nowhere private."""

import gzip
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import (
    BASE,
    JPEG,
    LINK,
    Recorder,
    answering,
    client,
    download,
    over_socket,
    read_request,
    replying,
)
from tryon_worker.genlook import (
    NotSent,
    Refused,
    ResultDownloadFailed,
    ResultLinkDead,
    ResultPicture,
    ResultTooLarge,
    ResultUnavailable,
    Timeouts,
    Unknown,
)


@pytest.mark.promise("Results are copied", "download-sends-no-key")
def test_a_picture_is_written_to_the_sink_without_the_key() -> None:
    recorder = Recorder(httpx.Response(200, content=JPEG, headers={"content-type": "image/jpeg"}))
    picture, written = download(client(recorder))
    assert picture == ResultPicture("image/jpeg", len(JPEG))
    assert written == JPEG
    (request,) = recorder.requests
    assert str(request.url) == LINK
    assert "x-api-key" not in request.headers
    assert b"gk_test" not in b"".join(value for _, value in request.headers.raw)


def test_the_key_does_not_go_to_the_apis_own_origin_either() -> None:
    recorder = Recorder(httpx.Response(200, content=JPEG))
    download(client(recorder), BASE + "/results/r.jpg")
    assert "x-api-key" not in recorder.requests[0].headers


@pytest.mark.parametrize(
    ("content", "said", "content_type"),
    [
        (JPEG, "text/html", "image/jpeg"),
        (JPEG, None, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/jpeg", "image/png"),
        (b"RIFF....WEBPVP8 ", "application/octet-stream", "image/webp"),
        (b"GIF89a..", None, "image/gif"),
        (b"....ftypavif....", None, "image/avif"),
        (b"....ftypheic....", None, "image/heic"),
        (b"....ftypisom....", "video/mp4", "application/octet-stream"),
        (b"II*\x00", "Image/TIFF; q=1", "image/tiff"),
        (b"<html>", "text/html", "application/octet-stream"),
        (b"x", None, "application/octet-stream"),
    ],
)
def test_a_pictures_type_is_what_its_bytes_say(
    content: bytes, said: str | None, content_type: str
) -> None:
    headers = {"content-type": said} if said else {}
    picture, _ = download(client(answering(200, content=content, headers=headers)))
    assert picture.content_type == content_type


def test_a_type_is_told_from_bytes_that_come_one_by_one() -> None:
    stream = _Pieces([JPEG[n : n + 1] for n in range(len(JPEG))])
    assert download(client(answering(200, stream=stream)))[0].content_type == "image/jpeg"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_link_that_has_died(status: int) -> None:
    with pytest.raises(ResultLinkDead) as raised:
        download(client(answering(status, content=b"<Error>Expired</Error>")))
    assert raised.value.status == status


@pytest.mark.parametrize("status", [204, 206, 304, 408, 429, 500, 502, 503, 504])
def test_a_host_that_cannot_serve_it_now(status: int) -> None:
    with pytest.raises(ResultDownloadFailed):
        download(client(answering(status)))


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError]
)
def test_a_transport_that_fails(failure: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure(str(request.url))

    with pytest.raises(ResultDownloadFailed) as raised:
        download(client(fail))
    assert "storage.example" not in str(raised.value)


def test_an_empty_picture_is_no_picture() -> None:
    with pytest.raises(ResultDownloadFailed):
        download(client(answering(200, content=b"")))


def test_a_picture_of_just_the_size_that_is_allowed() -> None:
    genlook = client(answering(200, content=JPEG))
    assert download(genlook, max_bytes=len(JPEG))[0].bytes == len(JPEG)
    hiding = client(answering(200, stream=_Pieces([JPEG])))
    assert download(hiding, max_bytes=len(JPEG))[0].bytes == len(JPEG)
    with pytest.raises(ResultTooLarge):
        download(hiding, max_bytes=len(JPEG) - 1)


def test_a_picture_that_says_it_is_too_large_is_not_read() -> None:
    def unread() -> Iterator[bytes]:
        pytest.fail("read")
        yield b""

    headers = {"content-length": "101"}
    genlook = client(answering(200, content=unread(), headers=headers))
    with pytest.raises(ResultTooLarge):
        download(genlook, max_bytes=100)


@pytest.mark.promise("Results are copied", "size-is-limited")
@pytest.mark.parametrize("length", ["5", "²", "-1", ""])
def test_a_picture_that_hides_its_size_is_cut_off(length: str) -> None:
    sink, served = BytesIO(), []

    def endless() -> Iterator[bytes]:
        while True:
            served.append(1)
            yield b"x" * 40

    headers = [(b"content-length", length.encode())]
    genlook = client(lambda _: httpx.Response(200, content=endless(), headers=headers))
    with pytest.raises(ResultTooLarge):
        genlook.download_result(LINK, sink, max_bytes=100)
    assert sink.tell() <= 100
    assert len(served) == 3


def test_a_compressed_picture_is_refused_and_never_unpacked() -> None:
    headers = {"content-encoding": "gzip"}
    genlook = client(answering(200, stream=_Pieces([gzip.compress(JPEG)]), headers=headers))
    with pytest.raises(ResultDownloadFailed):
        download(genlook)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + JPEG,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n68\r\n" + JPEG,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no answer", "cut short", "cut in a chunk", "garbled"],
)
def test_a_picture_that_breaks_off_is_not_a_picture(reply: bytes) -> None:
    with over_socket(replying(reply)) as (genlook, server), pytest.raises(ResultDownloadFailed):
        download(genlook, f"http://127.0.0.1:{server.port}/r.jpg")


def test_a_sink_that_fails_is_the_callers_own_error() -> None:
    class Full(BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(f"disk full before {len(data)} more")

    with pytest.raises(OSError, match="disk full"):
        client(answering(200, content=JPEG)).download_result(LINK, Full(), max_bytes=1000)


def test_a_picture_is_streamed_and_not_gathered() -> None:
    first = threading.Event()

    class Watching(BytesIO):
        def write(self, data: Any) -> int:
            first.set()
            return super().write(data)

    def wait_for_the_first_piece(connection: Any) -> None:
        assert first.wait(3)
        connection.sendall(JPEG)

    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (2 * len(JPEG))
    sink = Watching()
    with over_socket(replying(head + JPEG, wait_for_the_first_piece)) as (genlook, server):
        genlook.download_result(f"http://127.0.0.1:{server.port}/", sink, max_bytes=1000)
    assert sink.getvalue() == JPEG * 2


def test_a_download_that_is_given_up_closes_its_connection() -> None:
    closed: list[bool] = []

    def script(connection: Any) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
        closed.append(connection.recv(1) == b"")

    with over_socket(script) as (genlook, server), pytest.raises(ResultTooLarge) as kept:
        download(genlook, f"http://127.0.0.1:{server.port}/", max_bytes=100)
    assert closed == [True]
    assert kept.value  # which holds the frames, so it was not the garbage collector that closed


def test_a_failed_download_is_no_end_of_a_paid_call() -> None:
    assert not issubclass(ResultUnavailable, NotSent | Refused | Unknown)


def test_hops_share_one_total() -> None:
    now = 0.0

    def slow_hop(_: httpx.Request) -> httpx.Response:
        nonlocal now
        now += 6
        return (
            httpx.Response(200, content=JPEG)
            if now > 11
            else httpx.Response(302, headers={"location": LINK})
        )

    with pytest.raises(ResultDownloadFailed):
        download(client(slow_hop, monotonic=lambda: now, timeouts=Timeouts(total=10)))


class _Pieces(httpx.SyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
