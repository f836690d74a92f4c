"""Lines for a person: what happened and when, and on a terminal what is being waited for."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_CLEAR_LINE = "\r\x1b[K"


class Console:
    """A line a step with its time; between steps one live line, where there is a terminal."""

    def __init__(
        self, stream: TextIO = sys.stdout, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._start = clock()
        self._step = self._start
        self._live = False
        self._turns = 0

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self._clear()
        print(text, file=self._stream, flush=True)

    def step(self, text: str) -> None:
        """Print what just happened, with the seconds since the start."""
        self._step = self._clock()
        self.say(f"{self._step - self._start:6.1f} s  {text}")

    def waiting(self, text: str) -> None:
        """Show what is being waited for, and for how long already; on a terminal only."""
        if not self._stream.isatty():
            return
        self._turns += 1
        sign = _SPINNER[self._turns % len(_SPINNER)]
        waited = self._clock() - self._step
        self._stream.write(f"{_CLEAR_LINE}{sign:>8}  {text} ({waited:.0f} s)")
        self._stream.flush()
        self._live = True

    def _clear(self) -> None:
        if self._live:
            self._stream.write(_CLEAR_LINE)
            self._live = False
