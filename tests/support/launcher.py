"""Run the launcher as a person would: in a process of its own, watched by its lines."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from local.paths import REPOSITORY, STATE


class Launcher:
    """One run of `python -m local`."""

    def __init__(self, arguments: list[str], output: Path, environment: Mapping[str, str]) -> None:
        self._output = output
        with output.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local", *arguments],
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        """All that it has said."""
        return self._output.read_text()

    def wait_for(self, words: str, seconds: float = 300.0) -> None:
        """Wait until it says something."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert self.process.poll() is None, f"it ended before {words!r}:\n{self.text}"
            assert time.monotonic() < deadline, f"no {words!r} in {seconds} s:\n{self.text}"
            time.sleep(0.05)

    def end(self, with_signal: signal.Signals | None = None, seconds: float = 300.0) -> int:
        """Wait for its end, which a signal may bring about, and return its exit code."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        return self.process.wait(seconds)

    def child(self, module: str) -> int:
        """Return the process id of the child that runs `module`."""
        return next(pid for pid, line in self.children() if f" {module} " in line)

    def children(self) -> list[tuple[int, str]]:
        """Return what runs with a file of this run's folder in its command line."""
        return list(_running(f"{STATE}/run/{self.process.pid}-"))


def _running(words: str) -> Iterator[tuple[int, str]]:
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])  # none: it ended, or is not ours to see
        if words in command:
            yield process.pid, command


@contextmanager
def launched(arguments: list[str], folder: Path, **environment: str) -> Iterator[Launcher]:
    """Run the launcher for the `with` block; it is ended with it if it still runs."""
    launcher = Launcher(arguments, folder / "launcher.txt", environment)
    try:
        yield launcher
    finally:
        if launcher.process.poll() is None:
            launcher.end(signal.SIGTERM)
