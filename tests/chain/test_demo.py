"""`make demo`: what it shows, what it leaves, and how it ends when it cannot go on."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from PIL import Image

from local.paths import STATE
from tests.support.launcher import Launcher, launched

TOLD = (
    "photo put to s3://",
    "PhotoReady read from the bus",
    "ProductUpserted sent to the bus",
    "OrderPlaced sent to the bus",
    "TryOnSubmitted read from the bus",
    "TryOnCompleted read from the bus",
    "picture fetched from s3://",
    '"detail-type": "TryOnCompleted"',
    "The picture: ",
)


def _left_nothing(launcher: Launcher) -> bool:
    folders = list((STATE / "run").glob(f"{launcher.process.pid}-*"))
    return not launcher.children() and not folders


@pytest.mark.promise("P5", "whole-system-runs")
def test_it_tells_each_step_and_ends_with_the_picture(tmp_path: Path) -> None:
    with launched(["demo", "--out", str(tmp_path)], tmp_path) as launcher:
        assert launcher.end() == 0, launcher.text
    places = [launcher.text.find(words) for words in TOLD]
    assert -1 not in places, launcher.text
    assert places == sorted(places)
    assert "\x1b" not in launcher.text  # plain lines where there is no terminal
    picture = Path(launcher.text.rsplit("The picture: ", 1)[1].strip())
    with Image.open(picture) as image:
        width, height = image.size
    assert min(width, height) > 300
    assert _left_nothing(launcher)


def test_a_killed_stand_in_is_one_clear_line_and_a_failure(tmp_path: Path) -> None:
    with launched(["demo", "--out", str(tmp_path)], tmp_path) as launcher:
        launcher.wait_for("OrderPlaced sent")
        os.kill(launcher.child("local.genlook"), signal.SIGKILL)
        assert launcher.end() == 1
    last = launcher.text.strip().splitlines()[-1]
    assert last == "demo failed: the Genlook stand-in ended unexpectedly (signal SIGKILL)"
    assert "Traceback" not in launcher.text
    assert _left_nothing(launcher)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything(tmp_path: Path, ending: signal.Signals) -> None:
    # As a script's background job has it: it is ended all the same.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = launched(["demo", "--out", str(tmp_path)], tmp_path)
        with run as launcher:
            signal.signal(signal.SIGINT, before)
            launcher.wait_for("engine listens")
            assert launcher.end(ending) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert launcher.text.strip().splitlines()[-1] == "stopped"
    assert _left_nothing(launcher)


def test_a_killed_launcher_leaves_no_server(tmp_path: Path) -> None:
    with launched(["demo", "--out", str(tmp_path)], tmp_path) as launcher:
        launcher.wait_for("engine listens")
        assert launcher.children()
        launcher.end(signal.SIGKILL)
    for _ in range(100):
        if not launcher.children():
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {launcher.children()}")


def test_a_busy_port_that_was_asked_for_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with launched(["demo", "--port", str(port)], tmp_path) as launcher:
            assert launcher.end() == 1
    expected = f"demo failed: port {port}, asked for the engine, cannot be used: "
    assert launcher.text.strip().splitlines()[-1].startswith(expected)
