"""Runs one schedule and says what came of it."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from greenlet import getcurrent, greenlet

from local.explore.footprint import Footprint, footprint_of
from local.explore.invariants import InvariantChecker
from local.explore.process import Fault, Process
from local.explore.scenarios import DEEDS, Started, begun
from local.explore.schedule import END, Death, Schedule
from local.explore.system import System

# A review that nobody answers ends after a week; what waits for a photo after a day.
_REST_DAYS = 12.0

# When everything that was delivered comes once more.
_HOURS_LATER = 5 * 3600


@dataclass
class Call:
    """A call of a process: its number, what it was, what it touched, and what went wrong."""

    process: int
    number: int
    name: str
    footprint: Footprint
    what: str = ""
    fault: Fault | None = None


@dataclass
class Ran:
    """What came of a schedule."""

    schedule: Schedule
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def of(self, process: int) -> list[Call]:
        """Return the calls of one process."""
        return [call for call in self.calls if call.process == process]


class _Actor:
    """A process in its greenlet, which stops before its call number ``limit``."""

    def __init__(self, number: int, run: "_Run") -> None:
        schedule, system = run.ran.schedule, run.system
        self.number = number
        self.made = 0
        self.limit = END
        self._run = run
        skew = schedule.skews[number] if number < len(schedule.skews) else 0
        self._process = Process(
            schedule.deeds[number],
            system.time,
            system.cloud,
            system.genlook,
            gate=self._gate,
            skew=skew,
        )
        self._started: Started = DEEDS[schedule.deeds[number]].start(system)
        self._hub = getcurrent()
        self._greenlet = greenlet(lambda: self._started.run(self._process))

    def go_on(self, limit: int) -> None:
        self.limit = limit
        if not self._greenlet.dead:
            self._greenlet.switch()

    def _gate(self, name: str, given: dict[str, Any]) -> Fault | None:
        while self.limit != END and self.made >= self.limit:
            self._hub.switch()
        fault = self._run.ran.schedule.faults.get((self.number, self.made))
        what = str(given.get("UpdateExpression", ""))
        call = Call(self.number, self.made, name, footprint_of(name, given), what, fault)
        self.made += 1
        self._run.ran.calls.append(call)
        return fault


class _Run:
    def __init__(self, schedule: Schedule) -> None:
        self.ran = Ran(schedule)
        self.system: System = pickle.loads(begun(schedule.scenario))  # noqa: S301  our own
        self.system.cloud.dynamodb.index_lag_seconds = schedule.lag

    def __call__(self) -> Ran:
        schedule = self.ran.schedule
        for death in schedule.deaths:
            self._die(death)
        actors = [_Actor(number, self) for number in range(len(schedule.deeds))]
        for process, limit in schedule.turns:
            actors[process].go_on(limit)
        for actor in actors:
            actor.go_on(END)
        self._come_to_rest()
        self.ran.violations += InvariantChecker(self.system).violations()
        self.ran.events += _events_of(self.system)
        return self.ran

    def _come_to_rest(self) -> None:
        rests = self.system.rest(days=_REST_DAYS)
        if rests and self.ran.schedule.again:
            for delivery in list(self.system.delivered):
                self.system.deliver(replace(delivery, receives=0), _HOURS_LATER)
            rests = self.system.rest(days=_REST_DAYS)
        if not rests:
            self.ran.violations.append("P2: it never comes to rest")

    def _die(self, death: Death) -> None:
        """Let a process do a deed and die at a call; its message comes again, or is lost."""
        left = [death.call]

        def gate(_name: str, _given: dict[str, Any]) -> Fault | None:
            left[0] -= 1
            if left[0] >= 0:
                return None
            return Fault.LATE_DIE if death.late else Fault.DIE_AFTER

        system = self.system
        process = Process("before", system.time, system.cloud, system.genlook, gate=gate)
        DEEDS[death.deed].start(system).run(process)
        system.time.now += death.seconds


def run(schedule: Schedule) -> Ran:
    """Run a schedule.

    Raises
    ------
    LookupError
        A deed is none that can be done there.
    """
    return _Run(schedule)()


def _events_of(system: System) -> Iterator[str]:
    for event in system.cloud.events.events:
        detail = {k: v for k, v in event["detail"].items() if k not in {"schemaVersion", "context"}}
        yield f"{event['time']} {event['detail-type']} {detail}"
