"""Which links and redirects are followed, and to which addresses."""

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import (
    BASE,
    JPEG,
    LINK,
    RawServer,
    Recorder,
    client,
    download,
    over_socket,
    replying,
)
from tryon_worker.genlook import (
    GenlookClient,
    ResultDownloadFailed,
    ResultLinkRefused,
    SocketTransport,
)
from tryon_worker.genlook.addresses import IPAddress

REFUSED_LINKS = [
    "",
    "r.jpg",
    "//storage.example/r.jpg",
    "http://storage.example/r.jpg",
    "ftp://storage.example/r.jpg",
    "file:///etc/passwd",
    "data:image/png;base64,AAAA",
    "https://",
    "https:///r.jpg",
    "https://user:pass@storage.example/r.jpg",
    "https://user@api.genlook.test/r.jpg",
    "https://127.0.0.1/r.jpg",
    "https://169.254.169.254/latest/meta-data",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://8.8.8.8/r.jpg",
    "http://api.genlook.test/r.jpg",
    "https://xn--.example/",
    "https://storage.example:port/",
    "https://a\nb/",
    "https://" + "a" * 70_000,
    "http://api.genlook.test:443/r.jpg",
]


@pytest.mark.promise("Results are copied", "only-https-or-the-apis-origin")
@pytest.mark.parametrize("link", REFUSED_LINKS, ids=lambda link: link[:40])
def test_a_link_that_leads_astray_is_not_followed(link: str) -> None:
    recorder = Recorder()
    with pytest.raises(ResultLinkRefused):
        download(client(recorder), link)
    assert recorder.requests == []


# A Location without a host, or with a line break, is another address than a link that is alone.
REFUSED_HOPS = [
    link for link in REFUSED_LINKS[3:] if link[8:9] not in ("", "/") and "\n" not in link
]


@pytest.mark.promise("Results are copied", "no-redirect-to-a-private-address")
@pytest.mark.parametrize("link", REFUSED_HOPS, ids=lambda link: link[:40])
def test_nor_is_it_after_a_redirect(link: str) -> None:
    headers = [(b"location", link.encode())]
    recorder = Recorder(httpx.Response(302, headers=headers), httpx.Response(404))
    with pytest.raises(ResultLinkRefused):
        download(client(recorder))
    assert len(recorder.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_by_hand(status: int) -> None:
    recorder = Recorder(
        httpx.Response(status, headers={"location": "https://cdn.example/b?sig=1"}),
        httpx.Response(status, headers={"location": "/c"}),
        httpx.Response(200, content=JPEG),
    )
    assert download(client(recorder))[1] == JPEG
    assert [str(request.url) for request in recorder.requests] == [
        LINK,
        "https://cdn.example/b?sig=1",
        "https://cdn.example/c",
    ]
    assert all("x-api-key" not in request.headers for request in recorder.requests)


def test_redirects_in_a_circle_end() -> None:
    recorder = Recorder(*[httpx.Response(302, headers={"location": LINK})] * 9)
    with pytest.raises(ResultLinkRefused):
        download(client(recorder))
    assert len(recorder.requests) == 4


def test_a_redirect_to_nowhere_is_a_link_to_itself_and_ends() -> None:
    with pytest.raises(ResultLinkRefused):
        download(client(lambda _: httpx.Response(302)))


@pytest.mark.promise("Results are copied", "no-redirect-to-a-private-address")
@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["::1"], ["64:ff9b::a00:1"]],
)
def test_a_name_with_a_private_address_is_not_connected_to(addresses: list[str]) -> None:
    genlook = GenlookClient(
        api_key=lambda: "k",
        base_url=BASE,
        transport=SocketTransport(resolver=lambda *_: [ip_address(a) for a in addresses]),
    )
    with pytest.raises(ResultLinkRefused, match="not public"):
        download(genlook)


def test_a_name_is_looked_up_once_so_it_cannot_change_after_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public when it is checked, private when it is connected to."""
    answers: Iterator[str] = iter(["192.0.2.1", "127.0.0.1"])
    connected: list[str] = []

    def changing(*_: Any) -> list[IPAddress]:
        return [IPv4Address(next(answers))]

    def connect(address: tuple[str, int], *_: Any) -> Any:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("tryon_worker.genlook.transport.is_public", lambda _: True)
    monkeypatch.setattr("socket.create_connection", connect)
    genlook = GenlookClient(
        api_key=lambda: "k", base_url=BASE, transport=SocketTransport(resolver=changing)
    )
    with pytest.raises(ResultDownloadFailed):
        download(genlook)
    assert connected == ["192.0.2.1"]
    assert next(answers) == "127.0.0.1"


@pytest.mark.promise("Results are copied", "only-https-or-the-apis-origin")
def test_the_apis_own_origin_may_be_private() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(JPEG)
    with over_socket(replying(head + JPEG)) as (genlook, server):
        assert download(genlook, f"http://127.0.0.1:{server.port}/r.jpg")[1] == JPEG


@pytest.mark.promise("Results are copied", "only-https-or-the-apis-origin")
def test_another_port_of_the_apis_host_is_another_origin() -> None:
    with over_socket(replying(b"")) as (genlook, _), RawServer(replying(b"")) as other:
        with pytest.raises(ResultLinkRefused):
            download(genlook, f"http://127.0.0.1:{other.port}/r.jpg")
        assert other.connections == 0
