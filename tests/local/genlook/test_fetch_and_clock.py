"""Pictures by URL, and the clock."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from local.genlook.clock import Clock, iso
from local.genlook.drawings import SHIRTS
from local.genlook.fetch import Fetcher, FetchError
from local.genlook.server import StandIn
from tests.local.genlook.helpers import http_get, picture

BIG = 1_000


class Host(BaseHTTPRequestHandler):
    """A picture host: /ok, /big, /moved (to /ok), all else 404."""

    def do_GET(self) -> None:
        body = {"/ok": b"picture", "/big": bytes(BIG + 1)}.get(self.path, b"")
        self.send_response(302 if self.path == "/moved" else 200 if body else 404)
        self.send_header("location", "/ok")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def host() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Host) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(url: str, *, network: bool = True, draw: bool = False, **resolve: Path) -> bytes:
    fetcher = Fetcher(
        {f"https://{name}.example/": path for name, path in resolve.items()},
        network=network,
        draw=draw,
        max_bytes=BIG,
    )
    return asyncio.run(fetcher.fetch(url))


@pytest.mark.parametrize("path", ["/ok", "/moved"])
def test_a_real_download(host: str, path: str) -> None:
    assert fetch(host + path) == b"picture"


@pytest.mark.parametrize("path", ["/gone", "/big"])
def test_a_download_that_fails(host: str, path: str) -> None:
    with pytest.raises(FetchError):
        fetch(host + path)


def test_nobody_is_there() -> None:
    with pytest.raises(FetchError):
        fetch("http://127.0.0.1:1/x.png")


def test_no_network_unless_allowed(host: str) -> None:
    with pytest.raises(FetchError, match="not reachable"):
        fetch(f"{host}/ok", network=False)


def test_reserved_names_are_never_looked_up() -> None:
    with pytest.raises(FetchError, match="not reachable"):
        fetch("https://cdn.shop.example/x.png")


@pytest.mark.parametrize("name", SHIRTS)
def test_a_shop_that_is_always_there(stand_in: StandIn, name: str) -> None:
    drawn = fetch(f"https://shop.example/pictures/{name}", network=False)
    assert picture(drawn).mode == "RGBA"
    assert http_get(f"{stand_in.origin}/pictures/{name}").content == drawn


def test_a_picture_nobody_drew(stand_in: StandIn) -> None:
    with pytest.raises(FetchError):
        fetch("https://shop.example/pictures/hat.png")
    assert http_get(f"{stand_in.origin}/pictures/hat.png").status_code == 404


def test_what_cannot_be_fetched_is_drawn_where_that_is_asked_for() -> None:
    one, other = (fetch(f"https://cdn.shop.example/{n}.png", draw=True) for n in ("a", "b"))
    assert picture(one).mode == picture(other).mode == "RGBA"
    assert one != other
    assert fetch("https://cdn.shop.example/a.png", draw=True) == one


def test_an_invalid_host_stays_unreachable_also_then() -> None:
    with pytest.raises(FetchError, match="not reachable"):
        fetch("https://cdn.shop.invalid/a.png", draw=True)


def test_what_can_be_fetched_is_not_drawn(host: str) -> None:
    assert fetch(f"{host}/ok", draw=True) == b"picture"


def test_a_folder_answers_for_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(b"x")
    assert fetch("https://shop.example/a%20b.png?v=2", network=False, shop=tmp_path) == b"x"


@pytest.mark.parametrize("rest", ["none.png", "", "../secret", "%2e%2e/secret", "/etc/passwd"])
def test_a_folder_gives_only_its_own(tmp_path: Path, rest: str) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "public"
    folder.mkdir()
    with pytest.raises(FetchError, match="404"):
        fetch(f"https://shop.example/{rest}", shop=folder)


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = Clock(frozen=True, start=1_000.25)
    assert (clock.frozen, clock.now(), clock.now()) == (True, 1_000.25, 1_000.25)
    assert clock.advance(10) == 1_010.25
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    assert iso(clock.now()) == "1970-01-01T00:16:50.250Z"


def test_a_running_clock_can_be_moved_on() -> None:
    clock = Clock(start=1_000)
    clock.advance(86_400)
    assert 87_400 <= clock.now() < 87_410


def test_waiting_follows_the_clock() -> None:
    clock = Clock(frozen=True, start=0)

    async def both() -> float:
        waiting = asyncio.create_task(clock.wait_until(100))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        clock.advance(100)
        await waiting
        return clock.now()

    assert asyncio.run(both()) == 100
