"""How calls end over real sockets: what was never sent, what was lost, what was refused."""

import ipaddress
import socket
import threading

import pytest

from tests.shared.genlook.fakes import (
    WISH,
    RawServer,
    Script,
    over_socket,
    read_request,
    replying,
    reset,
)
from tryon_worker.genlook import (
    GenlookClient,
    NotSent,
    PhotoRefused,
    ResponseLost,
    SocketTransport,
    Timeouts,
    UnknownRefusal,
    transport,
)

OK = (
    b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"
    b'content-length: 23\r\n\r\n{"generationId": "cm1"}'
)


def test_a_call_over_a_socket_works() -> None:
    with over_socket(replying(OK)) as (genlook, _):
        assert genlook.create_try_on(WISH).generation_id == "cm1"


def _read_a_little_and_reset(connection: socket.socket) -> None:
    connection.recv(10)
    reset(connection)


def _close(connection: socket.socket) -> None:
    connection.close()


LOST: dict[str, Script] = {
    "closed at once": _close,
    "reset in the middle of the request": _read_a_little_and_reset,
    "closed without an answer": replying(b""),
    "reset without an answer": replying(b"", reset),
    "closed in the status line": replying(b"HTTP/1.1 2"),
    "closed in the headers": replying(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "closed in the body": replying(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"),
    "reset in the body": replying(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", reset),
    "closed in a chunk": replying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"),
    "not HTTP": replying(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP/0.9": replying(b"<html>hello</html>"),
    "a bad length": replying(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
    "two lengths": replying(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
    "endless headers": replying(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 40_000),
    "an upgrade": replying(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
    ),
    "broken compression": replying(
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope"
    ),
}


@pytest.mark.parametrize("script", LOST.values(), ids=LOST.keys())
def test_an_answer_that_is_lost_or_garbled_is_unknown(script: Script) -> None:
    with over_socket(script) as (genlook, server):
        with pytest.raises(ResponseLost):
            genlook.create_try_on(WISH)
        assert server.connections == 1


def test_a_connection_that_is_reset_at_once_may_have_failed_before_or_after() -> None:
    """Whether the reset is seen while connecting or later is up to the kernel; both are right."""
    with over_socket(reset) as (genlook, _), pytest.raises((NotSent, ResponseLost)):
        genlook.create_try_on(WISH)


def test_an_interim_answer_is_not_the_answer() -> None:
    with over_socket(replying(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK)) as (c, _):
        assert c.create_try_on(WISH).generation_id == "cm1"


def test_a_refused_connection_sends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    genlook = GenlookClient(api_key=lambda: "k", base_url=f"http://127.0.0.1:{port}/tryon/v1")
    with pytest.raises(NotSent, match="refused"):
        genlook.create_try_on(WISH)


def test_a_connection_that_nobody_accepts_sends_nothing() -> None:
    with socket.socket() as listener, socket.socket() as queued:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued.connect(listener.getsockname())  # the queue holds one; Linux drops the next
        genlook = GenlookClient(
            api_key=lambda: "k",
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/tryon/v1",
            timeouts=Timeouts(connect=0.2),
        )
        with pytest.raises(NotSent):
            genlook.create_try_on(WISH)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example"])
def test_a_name_that_does_not_resolve_sends_nothing(host: str) -> None:
    genlook = GenlookClient(api_key=lambda: "k", base_url=f"https://{host}/tryon/v1")
    with pytest.raises(NotSent):
        genlook.create_try_on(WISH)


def test_a_host_without_addresses_sends_nothing() -> None:
    transport = SocketTransport(resolver=lambda *_: [])
    genlook = GenlookClient(api_key=lambda: "k", base_url="http://x.example", transport=transport)
    with pytest.raises(NotSent, match="no address"):
        genlook.credits()


def test_the_next_address_is_tried_where_the_first_is_dead() -> None:
    addresses = [ipaddress.ip_address("127.0.0.2"), ipaddress.ip_address("127.0.0.1")]
    with RawServer(replying(OK)) as server:
        genlook = GenlookClient(
            api_key=lambda: "k",
            base_url=f"http://genlook.example:{server.port}",
            transport=SocketTransport(resolver=lambda *_: list(addresses)),
        )
        assert genlook.create_try_on(WISH).generation_id == "cm1"


def test_a_refusal_sent_before_the_body_was_read_is_heard() -> None:
    """The commonest end of a photo that is too large: 413 comes while it is still being sent."""

    def script(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with over_socket(script) as (genlook, _), pytest.raises(PhotoRefused):
        _upload(genlook)


def test_a_server_that_stops_reading_loses_the_answer() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(1000)
        done.wait(60)

    done = threading.Event()
    limits = Timeouts(connect=10, write=0.3, read=10, total=30)
    with over_socket(script, limits) as (genlook, _):
        with pytest.raises(ResponseLost, match="WriteTimeout"):
            _upload(genlook)
        done.set()


def test_a_refusal_whose_body_breaks_off_is_still_a_refusal() -> None:
    reply = b'HTTP/1.1 404 Not Found\r\ncontent-length: 99\r\n\r\n{"code": "PROD'
    with over_socket(replying(reply)) as (genlook, _), pytest.raises(UnknownRefusal):
        genlook.create_try_on(WISH)


@pytest.mark.promise("The paid call", "transport-never-repeats")
def test_each_call_has_a_connection_of_its_own() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        for _ in range(2):  # a server that would gladly keep the connection
            seen.append(read_request(connection))
            connection.sendall(OK)

    with over_socket(script) as (genlook, server):
        for _ in range(3):
            genlook.create_try_on(WISH)
        assert server.connections == len(seen) == 3
    assert all(b"connection: close\r\n" in request.lower() for request in seen)


@pytest.mark.promise("Nothing leaks", "environment-cannot-redirect-the-client")
def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with over_socket(replying(OK)) as (genlook, _):
        assert genlook.create_try_on(WISH).generation_id == "cm1"


def test_one_client_serves_many_threads() -> None:
    ends: list[str] = []

    def submit() -> None:
        ends.append(genlook.create_try_on(WISH).generation_id)

    with over_socket(replying(OK)) as (genlook, _):
        threads = [threading.Thread(target=submit) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert ends == ["cm1"] * 8


def test_names_are_resolved_without_doubles() -> None:
    assert ipaddress.ip_address("127.0.0.1") in transport.resolve("localhost", 80, 5)
    found = transport.resolve("127.0.0.1", 80, 5)
    assert found == [ipaddress.ip_address("127.0.0.1")]


def _upload(genlook: GenlookClient) -> None:
    data = bytes(9_000_000)
    genlook.upload_image(data, filename="a", content_type="image/png", external_user_id="u")
