"""A relay between a real process and a real server: it passes on, or the process is gone."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.crash.calls import Call
from local.crash.names import Names
from local.crash.relay import Route, relaying
from local.crash.watch import Step, Watch, When
from local.crash.workers import Workers

_CALLER = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1] + "/x", data=b"body", timeout=60).read().decode())
"""


class _Server(HTTPServer):
    taken = 0


class _Upstream(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, _Server)
        self.rfile.read(int(self.headers["content-length"]))
        self.server.taken += 1
        body = f'{{"link": "http://127.0.0.1:{self.server.server_port}/files/1"}}'.encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Upstream) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def _relay(upstream: _Server, watch: Watch) -> Iterator[str]:
    origin = f"http://127.0.0.1:{upstream.server_port}"
    route = Route("tryon", origin, lambda *_: Call("call", (), None))
    with relaying(route, watch, Workers(os.getpid())) as here:
        yield here


def _call(origin: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _CALLER, origin],
        env={"no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_call_passes_and_links_lead_back_to_the_relay(upstream: _Server) -> None:
    watch = Watch(Names())
    with _relay(upstream, watch) as here:
        done = _call(here)
        assert done.stdout.strip() == f'{{"link": "{here}/files/1"}}'
    assert upstream.taken == 1
    assert [seen.step for seen in watch.seen] == [Step("tryon", "call", 1)]


@pytest.mark.parametrize(("when", "taken"), [(When.BEFORE, 0), (When.AFTER, 1)])
def test_a_caller_dies_before_or_after_its_call(upstream: _Server, when: When, taken: int) -> None:
    watch = Watch(Names())
    watch.chance = lambda _: when
    with _relay(upstream, watch) as here:
        assert _call(here).returncode == -9
    assert upstream.taken == taken
