"""Virtual time: processes that say how long they wait, each let on when its time has come."""

import heapq
from collections.abc import Generator
from itertools import count
from typing import TypeVar

_Result = TypeVar("_Result")

Steps = Generator[float, None, _Result]
"""Yields the seconds it waits, and comes to a result."""

Process = Generator[float, None, None]
"""Yields the seconds it waits."""


class Clockwork:
    """Runs processes in the order of their times."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._order = count()
        self._due: list[tuple[float, int, Process]] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def spawn(self, process: Process, *, after: float = 0.0) -> None:
        """Lets a process begin."""
        heapq.heappush(self._due, (self._now + after, next(self._order), process))

    def run(self, until: float) -> None:
        """Lets time pass."""
        while self._due and self._due[0][0] <= until:
            self._now, _, process = heapq.heappop(self._due)
            wait = next(process, None)
            if wait is not None:
                self.spawn(process, after=max(0.0, wait))
        self._now = max(self._now, until)
