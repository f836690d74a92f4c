"""One policy under one load: what all policies share, and what is seen of each try-on."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Self

from bench import overheads
from bench.account import Account, Call, Generation
from bench.cases import Case, TryOnInput
from bench.clockwork import Clockwork, Process

START = 1_800_000_000.0

# After the last arrival what waits is worked off; whoever is not done by then is lost.
_DRAIN_MINUTES = 180


@dataclass
class Seen:
    """What came of the try-ons."""

    looks: int = 0
    ends: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


class Run(ABC):
    """A policy at work; one that drains is let finish what waits when the arrivals are over."""

    policy: ClassVar[str]
    drains: ClassVar[bool] = True

    def __init__(self, case: Case, seed: int) -> None:
        self.case = case
        self.try_ons = case.try_ons(seed)
        self.random = Random(f"{seed} {type(self).__name__} {case.name}")
        self.clockwork = Clockwork(START)
        self.account = Account(self.clockwork, self.random)
        self.seen = Seen()

    def __call__(self) -> Self:
        """Runs until everything is done."""
        for try_on in self.try_ons:
            self.clockwork.spawn(self.arrive(try_on), after=try_on.arrives_at)
        self.begin()
        end = START + self.case.minutes * 60
        self.clockwork.run(end)
        while self.drains and not self.all_done():
            if self.clockwork.now() > end + _DRAIN_MINUTES * 60:
                break
            self.clockwork.run(self.clockwork.now() + 10)
        return self

    def all_done(self) -> bool:
        """Whether each request came to its end."""
        return len(self.seen.delays) == len(self.try_ons)

    def begin(self) -> None:
        """Starts what runs beside the try-ons."""
        return

    @abstractmethod
    def arrive(self, try_on: TryOnInput) -> Process:
        """What a request sets off."""

    def fetched(self, generation: Generation) -> Process:
        """The picture is copied and the event published."""
        yield self.random.uniform(overheads.LEAST_DOWNLOAD, overheads.MOST_DOWNLOAD)
        yield overheads.OUTCOME
        now = self.clockwork.now()
        self.seen.delays.append(now - generation.ends_at)
        self.seen.ends.append(now - START)

    def look(self, call: Call, *, at_once: bool = False) -> Process:
        """One GET."""
        self.seen.looks += 1
        yield from self.account.call(call, at_once=at_once)
