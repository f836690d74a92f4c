"""Chooses schedules: all with at most two switches between two processes, and random ones of more.

Of two processes every order with one or two switches is tried, as far as it can make a difference:
a switch is tried before the calls that touch what the other process touches (CHESS's bounded
preemption, with the calls that commute left out). Each call of each process also dies, is lost, is
repeated, is refused or comes late, with the other process going on right there. Three processes,
deaths long before, clocks that differ and an index that lags are drawn with a seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement

from local.explore.process import Fault
from local.explore.run import Call, Ran, run
from local.explore.scenarios import SCENARIOS
from local.explore.schedule import END, Death, Schedule

_SKEWS = (-5, 5)
_LAG_SECONDS = 45
_WAITS = (1, 61, 130, 361, 900, 4_300)
_DEATHS_CALLS = 25
_FAULTS_OF_READS = (Fault.DIE_BEFORE, Fault.FAIL, Fault.SLOW)
_FAULTS_OF_WRITES = (*_FAULTS_OF_READS, Fault.DIE_AFTER, Fault.LOSE, Fault.REPEAT)
_FAULTS_OF_GENLOOK = (
    Fault.DIE_BEFORE,
    Fault.DIE_AFTER,
    Fault.LOSE,
    Fault.REFUSE,
    Fault.LATE,
    Fault.LATE_DIE,
)


@dataclass
class Tally:
    """What was tried."""

    schedules: int = 0
    calls: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, ran: Ran) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.calls += len(ran.calls)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        for call in ran.calls:
            if call.fault:
                self.faults[call.fault] = self.faults.get(call.fault, 0) + 1
        for _ in ran.schedule.deaths:
            self.faults["death before"] = self.faults.get("death before", 0) + 1

    def merge(self, other: "Tally") -> None:
        """Add what another worker tried."""
        self.schedules += other.schedules
        self.calls += other.calls
        for mine, theirs in ((self.kinds, other.kinds), (self.faults, other.faults)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count


def pairs() -> list[Schedule]:
    """Return every two deeds that make sense together, also the same one twice."""
    return [
        Schedule(scenario.name, deeds)
        for scenario in SCENARIOS.values()
        for deeds in combinations_with_replacement(scenario.deeds, 2)
        if not _twice_at_once(deeds)
    ]


def _twice_at_once(deeds: tuple[str, ...]) -> bool:
    """A message that a run takes from the system is there only once."""
    return deeds == ("upload", "upload")


@dataclass(frozen=True)
class Tried:
    """A schedule that was run, and why."""

    kind: str
    ran: Ran


def systematic(pair: Schedule) -> Iterator[Tried]:
    """Try a pair of deeds in every order with up to two switches, and with each fault of a call."""
    solo = [run(replace(pair, turns=((first, END),))) for first in (0, 1)]
    yield from (Tried("one after the other", ran) for ran in solo)
    yield from (
        Tried("clocks differ", run(replace(pair, turns=((first, END),), skews=skews)))
        for first in (0, 1)
        for skews in ((-5, 5), (5, -5), (-5, 0), (0, -5))
    )
    meeting = [_meeting(process, solo) for process in (0, 1)]
    for first, other in ((0, 1), (1, 0)):
        for call in meeting[first]:
            yield Tried("one switch", run(_turns(pair, (first, call), (other, END))))
    for first, other in ((0, 1), (1, 0)):
        for ran in solo:
            yield from _with_faults(pair, first, other, ran.of(first))
    for first, other in ((0, 1), (1, 0)):
        for call in meeting[first]:
            for back in meeting[other]:
                turns = _turns(pair, (first, call), (other, back), (first, END))
                yield Tried("two switches", run(turns))


def _with_faults(pair: Schedule, first: int, other: int, calls: list[Call]) -> Iterator[Tried]:
    for call in calls:
        for fault in faults_of(call):
            turns = _turns(pair, (first, call.number + 1), (other, END))
            yield Tried("one fault", run(replace(turns, faults={(first, call.number): fault})))


def _turns(pair: Schedule, *turns: tuple[int, int]) -> Schedule:
    return replace(pair, turns=turns)


def faults_of(call: Call) -> tuple[Fault, ...]:
    """Return what can go wrong with a call."""
    if call.name == "sleep":
        return ()
    if call.name.startswith("genlook"):
        return _FAULTS_OF_GENLOOK
    if call.footprint.writes:
        refused = (Fault.REFUSE,) if call.name == "events.PutEvents" else ()
        return (*_FAULTS_OF_WRITES, *refused)
    return _FAULTS_OF_READS


def _meeting(process: int, solo: list[Ran]) -> list[int]:
    """Return the calls of a process before which a switch can make a difference."""
    other = 1 - process
    theirs = {call.footprint for ran in solo for call in ran.of(other)}
    return sorted(
        {
            call.number
            for ran in solo
            for call in ran.of(process)
            if call.number and any(call.footprint.meets(footprint) for footprint in theirs)
        }
    )


def drawn(dice: random.Random) -> Schedule:
    """Draw a schedule of two or three processes, and what happened before."""
    scenario = dice.choice(list(SCENARIOS.values()))
    count = dice.choice((2, 3, 3))
    deeds = tuple(dice.choice(scenario.deeds) for _ in range(count))
    if deeds.count("upload") > 1:
        deeds = (*deeds[:1], *("tick" if deed == "upload" else deed for deed in deeds[1:]))
    deaths = tuple(
        Death(
            _before(dice, scenario.deeds),
            dice.randrange(_DEATHS_CALLS),
            dice.choice(_WAITS),
            dice.random() < 0.3,
        )
        for _ in range(dice.choice((0, 0, 1, 2)))
    )
    turns = tuple(
        (dice.randrange(count), dice.randrange(1, 30)) for _ in range(dice.randrange(2, 7))
    )
    faults = {
        (dice.randrange(count), dice.randrange(25)): dice.choice(list(Fault))
        for _ in range(dice.choice((0, 0, 1, 2)))
    }
    skews = tuple(dice.choice((0, *_SKEWS)) for _ in range(count))
    return Schedule(
        scenario.name,
        deeds,
        turns,
        faults,
        skews if dice.random() < 0.4 else (),
        _LAG_SECONDS if dice.random() < 0.2 else 0,
        dice.random() < 0.3,
        deaths,
    )


def _before(dice: random.Random, deeds: tuple[str, ...]) -> str:
    possible = [deed for deed in deeds if deed != "upload"]
    return dice.choice(possible)


def simplified(ran: Ran) -> Ran:
    """Leave out of a schedule what its violation does not need."""
    wanted = {violation[:12] for violation in ran.violations}
    for _ in range(20):
        for simpler in ran.schedule.simpler():
            try:
                again = run(simpler)
            except LookupError:
                continue
            if wanted & {violation[:12] for violation in again.violations}:
                ran = again
                break
        else:
            return ran
    return ran
