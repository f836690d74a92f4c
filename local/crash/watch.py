"""Follows what each process of a function is doing, call by call, and decides where one dies."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from local.crash.calls import Call
from local.crash.names import Names


class When(StrEnum):
    """Whether the call that is killed still takes effect."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Step:
    """The `turn`-th call of that kind for one shopper within one invocation of a handler."""

    handler: str
    label: str
    turn: int

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.label} ({self.turn})" if self.turn > 1 else self.label


@dataclass
class Seen:
    """A step as it was made; `shopper` is None until the invocation has named one.

    `status` is what the server answered: None if nothing was, or nothing was sent.
    """

    step: Step
    shopper: str | None
    pid: int
    killed: When | None
    status: int | None = None


Chance = Callable[[Step], When | None]


@dataclass
class _Invocation:
    trace: str | None = None
    shopper: str | None = None
    turns: Counter[tuple[str | None, str]] = field(default_factory=Counter)


class Watch:
    """What was seen; ``chance`` says at which calls a process dies, and whether before or after."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.seen: list[Seen] = []
        self.chance: Chance | None = None
        self._running: dict[int, _Invocation] = {}
        self._lock = threading.Lock()

    def arrived(self, handler: str, pid: int, call: Call) -> Seen:
        """Note a call, and with it whether its caller dies."""
        with self._lock:
            running = self._running.setdefault(pid, _Invocation())
            if call.invocation is not None and call.invocation != running.trace:
                running = self._running[pid] = _Invocation(call.invocation)
            if call.names:
                running.shopper = self.names.learn(call.names)
            elif running.shopper is not None:
                self.names.learn([running.shopper])
            key = (running.shopper, call.label)
            running.turns[key] += 1
            step = Step(handler, call.label, running.turns[key])
            killed = self.chance(step) if self.chance else None
            self.seen.append(Seen(step, running.shopper, pid, killed))
            return self.seen[-1]
