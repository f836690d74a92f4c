"""The stand-in as a process: starts, says where, stops; and says plainly why it does not."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.genlook.control import Control
from local.genlook.server import listen
from tests.local.genlook.helpers import PHOTOS, SHIRT

ROOT = Path(__file__).parents[3]


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.genlook", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def running(ready: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    process = start("--ready-file", str(ready), *arguments)
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process, json.loads(ready.read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_options_reach_the_service(tmp_path: Path) -> None:
    (tmp_path / "shirt.png").write_bytes(SHIRT)
    options = [
        "--api-key", "gk_a", "--api-key", "gk_b", "--credits", "3", "--median-seconds", "0",
        "--requests-per-minute", "7", "--resolve", f"https://shop.example/p/={tmp_path}",
        "--quirks", '{"successStatus": {"upload": 200}}',
    ]  # fmt: skip
    with running(tmp_path / "ready.json", *options) as (_, facts):
        assert facts["apiKey"] == "gk_a"
        with (
            httpx.Client(base_url=facts["baseUrl"], headers={"x-api-key": "gk_b"}) as http,
            Control(facts["controlUrl"]) as control,
        ):
            files = {"file": (PHOTOS / "shopper.webp").read_bytes()}
            upload = http.post("/images/upload", files=files)
            assert upload.status_code == 200
            body = {
                "products": [{"images": [{"source": {"url": "https://shop.example/p/shirt.png"}}]}],
                "person": {"image": {"source": {"id": upload.json()["imageId"]}}},
            }
            generation = http.post("/try-on", json=body).json()["generationId"]
            assert http.get(f"/generations/{generation}").json()["status"] == "COMPLETED"
            assert control.account("account-2")["credits"] == 2
            assert control.account("account-2")["requestsPerMinute"] == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with (
        running(tmp_path / "ready.json") as (process, facts),
        socket.create_connection(("127.0.0.1", int(facts["baseUrl"].split(":")[2].split("/")[0]))),
    ):
        process.send_signal(number)  # also while somebody holds a connection
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert facts["baseUrl"] in out
    assert err == ""


def test_answers_do_not_wait_for_more() -> None:
    """Only a socket that is named as TCP gets Nagle's algorithm turned off by asyncio."""
    with listen(0) as bound:
        assert bound.proto == socket.IPPROTO_TCP


def test_a_busy_port_gets_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert err.count("\n") == 1
    assert f"127.0.0.1:{port}" in err
    assert "in use" in err


@pytest.mark.parametrize(
    "arguments",
    [["--resolve", "https://x/"], ["--quirks", "{"], ["--keep-for-days", "2"],
     ["--logo", "/nowhere.png"]],
)  # fmt: skip
def test_a_wrong_option_gets_no_traceback(arguments: list[str]) -> None:
    process = start(*arguments)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert arguments[0] in err


def test_it_is_bound_to_loopback_only(tmp_path: Path) -> None:
    with running(tmp_path / "ready.json") as (_, facts):
        assert facts["baseUrl"].startswith("http://127.0.0.1:")
        port = int(facts["baseUrl"].split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=1)
