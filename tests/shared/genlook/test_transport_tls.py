"""TLS is checked, and a failed handshake has sent nothing."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address

import pytest
import trustme

from tests.shared.genlook.fakes import WISH, RawServer, read_request, replying
from tests.shared.genlook.test_transport import OK
from tryon_worker.genlook import GenlookClient, NotSent, SocketTransport
from tryon_worker.genlook.addresses import IPAddress


def _loopback(*_: object) -> list[IPAddress]:
    return [IPv4Address("127.0.0.1")]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_a_trusted_server_is_spoken_to(authority: trustme.CA) -> None:
    with _tls_server(authority, "genlook.test") as port:
        genlook = _client(port, trusting=authority)
        assert genlook.create_try_on(WISH).generation_id == "cm1"


def test_a_certificate_of_an_unknown_authority_sends_nothing(authority: trustme.CA) -> None:
    with _tls_server(authority, "genlook.test") as port, _refused("certificate verify failed"):
        _client(port).create_try_on(WISH)


def test_a_certificate_for_another_name_sends_nothing(authority: trustme.CA) -> None:
    with _tls_server(authority, "other.test") as port, _refused("certificate verify failed"):
        _client(port, trusting=authority).create_try_on(WISH)


@pytest.mark.parametrize(
    "script",
    [
        lambda connection: connection.close(),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"),
        replying(OK),
    ],
    ids=["closes", "speaks before it is spoken to", "waits for a plain request"],
)
def test_a_server_that_speaks_no_tls_gets_nothing(script: Callable[[socket.socket], None]) -> None:
    seen: list[bytes] = []

    def watched(connection: socket.socket) -> None:
        seen.append(connection.recv(65536, socket.MSG_PEEK))
        connection.settimeout(0.2)
        script(connection)

    with RawServer(watched) as server, pytest.raises(NotSent):
        _client(server.port).create_try_on(WISH)
    assert all(b"gk_test" not in data for data in seen)


@pytest.mark.promise("Nothing leaks", "environment-cannot-redirect-the-client")
def test_a_bundle_named_by_the_environment_is_not_trusted(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    with authority.cert_pem.tempfile() as bundle, _tls_server(authority, "genlook.test") as port:
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
        with pytest.raises(NotSent):
            _client(port).create_try_on(WISH)


def _refused(why: str) -> pytest.RaisesExc[NotSent]:
    return pytest.raises(NotSent, match=why)


@contextlib.contextmanager
def _tls_server(authority: trustme.CA, name: str) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            read_request(secure)
            secure.sendall(OK)

    with RawServer(script) as server:
        yield server.port


def _client(port: int, trusting: trustme.CA | None = None) -> GenlookClient:
    context = None
    if trusting:
        context = ssl.create_default_context()
        trusting.configure_trust(context)
    return GenlookClient(
        api_key=lambda: "gk_test",
        base_url=f"https://genlook.test:{port}/tryon/v1",
        transport=SocketTransport(ssl_context=context, resolver=_loopback),
    )
