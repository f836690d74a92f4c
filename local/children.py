"""Child processes that say when they are ready and never outlive us."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.engine.environment import HOST
from local.failures import LocalSystemError
from local.paths import REPOSITORY

POLL_SECONDS = 0.02


class ChildError(LocalSystemError):
    """A child did not start, or ended when it should not have."""


class Child:
    """A module of ours in a process of its own, with its output in a log file.

    It runs under `local.watched`, so that it ends when we do, and with an environment that holds
    only what is given: nothing of the user's shell changes how the local system behaves.
    """

    def __init__(
        self,
        name: str,
        python: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [python, "-m", "local.watched", *arguments],
                cwd=REPOSITORY,
                env={"PATH": os.defpath, "PYTHONUNBUFFERED": "1", **environment},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C is for us, who then end our children in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raise if it ended."""
        code = self._process.poll()
        if code is not None:
            words = "" if code < 0 else f": {self.tail()}"  # who was killed had no last words
            raise ChildError(f"the {self.name} ended unexpectedly ({_ending(code)}){words}")

    def tail(self, lines: int = 3) -> str:
        """Return the last words of its log."""
        text = self.log.read_text(errors="replace").strip().splitlines()
        return " | ".join(text[-lines:]) or "no output"

    def wait_ready(self, ready_file: Path, timeout: float) -> dict[str, Any]:
        """Wait for its ready file and return what it says."""
        deadline = time.monotonic() + timeout
        while not ready_file.exists():
            self.check()
            if time.monotonic() > deadline:
                raise ChildError(f"the {self.name} was not ready after {timeout:.0f} s")
            time.sleep(POLL_SECONDS)
        content: dict[str, Any] = json.loads(ready_file.read_text())
        return content

    def stop(self, timeout: float = 5.0) -> None:
        """End it: asked first, then made to. Ending what has ended is fine."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._sweep()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _sweep(self) -> None:
        """End what it left behind: workers that were in the middle of something."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def require_free_port(port: int, purpose: str) -> None:
    """Raise if somebody has the port that was asked for; 0 asks for none."""
    with socket.socket() as probe:
        # As servers do: what waits for the last packets of an ended connection is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = error.strerror or str(error)
            message = f"port {port}, asked for the {purpose}, cannot be used: {why}"
            raise LocalSystemError(message) from error


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
