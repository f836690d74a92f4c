"""A schedule: which process goes how far before which other goes on, and what goes wrong.

It has a text form, by which a violation is replayed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local.explore.process import Fault

END = -1
"""A process goes on until it ends."""


@dataclass(frozen=True)
class Death:
    """A deed done before the run by a process that died at a call, and how long ago.

    ``late`` says that Genlook carried that call out only minutes later.
    """

    deed: str
    call: int
    seconds: int
    late: bool = False

    def __str__(self) -> str:
        """Write it as ``REPLAY`` takes it."""
        return f"{self.deed}:{self.call}:{self.seconds}{':late' if self.late else ''}"


@dataclass(frozen=True)
class Schedule:
    """``turns`` are pairs of a process and the call before which it stops for another.

    ``faults`` are by process and call; ``skews`` the seconds by which each process's clock is
    wrong; ``lag`` those by which the index is behind; ``again`` if everything that was delivered
    comes once more hours later.
    """

    scenario: str
    deeds: tuple[str, ...]
    turns: tuple[tuple[int, int], ...] = ()
    faults: Mapping[tuple[int, int], Fault] = field(default_factory=dict)
    skews: tuple[int, ...] = ()
    lag: int = 0
    again: bool = False
    deaths: tuple[Death, ...] = ()

    def __str__(self) -> str:
        """Write it as ``REPLAY`` takes it."""
        words = [f"{self.scenario}/{'+'.join(self.deeds)}"]
        words += [f"death={death}" for death in self.deaths]
        words += [f"turn={process}:{call}" for process, call in self.turns]
        words += [f"fault={p}:{call}:{fault}" for (p, call), fault in self.faults.items()]
        words += [f"skews={','.join(map(str, self.skews))}"] if any(self.skews) else []
        words += [f"lag={self.lag}"] if self.lag else []
        words += ["again"] if self.again else []
        return " ".join(words)

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """Read what ``str`` wrote.

        Raises
        ------
        ValueError
            It is none.
        """
        where, *words = text.split()
        scenario, _, deeds = where.partition("/")
        schedule = cls(scenario, tuple(deeds.split("+")))
        for word in words:
            schedule = schedule._with(*word.partition("=")[::2])
        return schedule

    def _with(self, name: str, value: str) -> "Schedule":
        parts = value.split(":")
        if name == "turn":
            return replace(self, turns=(*self.turns, (int(parts[0]), int(parts[1]))))
        if name == "fault":
            fault = {(int(parts[0]), int(parts[1])): Fault(parts[2])}
            return replace(self, faults={**self.faults, **fault})
        if name == "death":
            death = Death(parts[0], int(parts[1]), int(parts[2]), "late" in parts[3:])
            return replace(self, deaths=(*self.deaths, death))
        if name == "skews":
            return replace(self, skews=tuple(int(skew) for skew in value.split(",")))
        if name == "lag":
            return replace(self, lag=int(value))
        if name == "again":
            return replace(self, again=True)
        raise ValueError(f"{name} is no part of a schedule")

    def simpler(self) -> list["Schedule"]:
        """Return schedules with one thing less each: what is left of a violation is easier read."""
        less = [
            replace(self, faults={k: f for k, f in self.faults.items() if k != left_out})
            for left_out in self.faults
        ]
        less += [replace(self, skews=())] if any(self.skews) else []
        less += [replace(self, lag=0)] if self.lag else []
        less += [replace(self, again=False)] if self.again else []
        less += [
            replace(self, deaths=(*self.deaths[:place], *self.deaths[place + 1 :]))
            for place in range(len(self.deaths))
        ]
        less += [
            replace(self, turns=(*self.turns[:place], *self.turns[place + 1 :]))
            for place in range(len(self.turns))
        ]
        return less
