"""Children: ready when they say so, ended when we end, and clear about why they ended."""

import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local.children import Child, ChildError, require_free_port
from local.failures import LocalSystemError

READY = """
import json, pathlib, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({ready!r}).write_text(json.dumps({{"n": 1}}))
time.sleep(60)
"""


@contextmanager
def child(tmp_path: Path, code: str) -> Iterator[Child]:
    """Run `code` as a child: its module is found by the path that it is given."""
    (tmp_path / "trial_module.py").write_text(code)
    started = Child(
        "trial",
        sys.executable,
        ["trial_module"],
        log=tmp_path / "log.txt",
        environment={"PYTHONPATH": str(tmp_path)},
    )
    try:
        yield started
    finally:
        started.stop()


def test_it_is_waited_for_until_it_says_that_it_is_ready(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with child(tmp_path, READY.format(ready=str(ready))) as started:
        assert started.wait_ready(ready, 60) == {"n": 1}
        started.check()


def test_it_ends_with_all_that_it_started(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with child(tmp_path, READY.format(ready=str(ready))) as started:
        started.wait_ready(ready, 60)
        family = [psutil.Process(started.pid), *psutil.Process(started.pid).children()]
        assert len(family) == 2
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_its_last_words_are_told_when_it_does_not_start(tmp_path: Path) -> None:
    code = "import sys; print('no luck today'); sys.exit(7)"
    with (
        child(tmp_path, code) as started,
        pytest.raises(ChildError, match=r"trial ended unexpectedly \(exit code 7\): no luck"),
    ):
        started.wait_ready(tmp_path / "never", 60)


def test_it_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with (
        child(tmp_path, "import time; time.sleep(60)") as started,
        pytest.raises(ChildError, match="not ready after 0 s"),
    ):
        started.wait_ready(tmp_path / "never", 0.2)


def test_nothing_of_our_environment_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    seen = tmp_path / "seen.json"
    code = "import json, os, pathlib; s = json.dumps(dict(os.environ))\n"
    code += f"pathlib.Path({str(seen)!r}).write_text(s)"
    with child(tmp_path, code) as started:
        while started.is_running():
            time.sleep(0.02)
    assert set(json.loads(seen.read_text())) - {"LC_CTYPE"} == {
        "PATH",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
    }


def test_a_port_that_somebody_has_is_named() -> None:
    require_free_port(0, "engine")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalSystemError, match=f"port {port}, asked for the engine"):
            require_free_port(port, "engine")
