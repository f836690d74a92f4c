"""Lets something else happen between two calls of a process: what it read may be true no more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.kill_switch import KillSwitch, MortalWorld


class InterruptingSwitch(KillSwitch):
    """After the n-th call of the process another process does its work, then this one goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._calls_left = 0
        self._deed: Callable[[], None] | None = None
        self._before: dict[str, Callable[[], None]] = {}

    def interrupt(self, calls: int, deed: Callable[[], None]) -> None:
        """Does ``deed`` after so many more calls."""
        self._calls_left, self._deed = calls, deed

    def interrupt_before(self, call: str, deed: Callable[[], None]) -> None:
        """Does ``deed`` before the next call of that name."""
        self._before[call] = deed

    def before(self, call: str) -> None:
        super().before(call)
        if deed := self._before.pop(call, None):
            deed()

    @property
    def waits(self) -> bool:
        """Whether it has not come to the deed yet."""
        return self._deed is not None

    def after(self, call: str) -> None:
        super().after(call)
        if self._deed is None:
            return
        self._calls_left -= 1
        if self._calls_left <= 0:
            deed, self._deed = self._deed, None
            deed()


@dataclass
class ConcurrentWorld(MortalWorld):
    """A world in which others work too, and that remembers every message that was ever sent."""

    kill_switch: InterruptingSwitch = field(default_factory=InterruptingSwitch)
    sent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def messages(self, role: str) -> list[dict[str, Any]]:
        bodies = super().messages(role)
        self.sent.setdefault(role, []).extend(bodies)
        return bodies
