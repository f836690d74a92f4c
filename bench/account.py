"""Genlook's account in virtual time: counts requests when they arrive, and knows who is done."""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from bench.cases import TryOnInput
from bench.clockwork import Clockwork, Process
from local.genlook.rate import SlidingMinute

LIMIT = 100

# Of a call, there and back; the time of its arrival lies anywhere in it.
_LEAST_LATENCY = 0.05
_MOST_LATENCY = 0.8


@dataclass
class Call:
    """One request; its process fills in what came of it."""

    refused: bool = False
    arrived_at: float = 0.0


@dataclass
class Generation:
    """A generation under way."""

    try_on: TryOnInput
    created_at: float
    name: str = ""

    @property
    def ends_at(self) -> float:
        """When its picture is there."""
        return self.created_at + self.try_on.seconds


@dataclass
class Account:
    """What arrives is counted by the stand-in's own window.

    Refused requests do not count against the limit: the kinder reading for those who are refused.
    """

    clockwork: Clockwork
    random: Random
    requests: int = 0
    rate_limited: int = 0
    busiest_minute: int = 0
    window: SlidingMinute = field(default_factory=lambda: SlidingMinute(LIMIT, count_refused=False))
    _arrivals: deque[float] = field(default_factory=deque)

    def call(self, call: Call, *, at_once: bool = False) -> Process:
        """Takes as long as a request takes; one that arrives at once has its way back to go."""
        latency = self.random.uniform(_LEAST_LATENCY, _MOST_LATENCY)
        there = 0.0 if at_once else latency * self.random.random()
        yield there
        self._arrive(call)
        yield latency - there

    def room(self) -> bool:
        """Whether a request that arrived now would pass; nobody but an oracle can ask this."""
        return self.window.used(self.clockwork.now()) < LIMIT

    def _arrive(self, call: Call) -> None:
        now = call.arrived_at = self.clockwork.now()
        self.requests += 1
        self._arrivals.append(now)
        while self._arrivals[0] <= now - 60:
            self._arrivals.popleft()
        self.busiest_minute = max(self.busiest_minute, len(self._arrivals))
        call.refused = self.window.take(now) > 0
        self.rate_limited += call.refused
