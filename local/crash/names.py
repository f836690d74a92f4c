"""Which names mean the same shopper, learned from the calls that mention several of them.

The worker calls a shopper by a keyed hash, and a try-on by another: only its own traffic tells,
from outside, whose they are.
"""

import threading
import time
from collections.abc import Iterable


class Names:
    """Sets of names that belong together, and when each set was last heard of."""

    def __init__(self) -> None:
        self._leader: dict[str, str] = {}
        self._heard: dict[str, float] = {}
        self._lock = threading.Lock()

    def learn(self, names: Iterable[str]) -> str | None:
        """Note that all `names` are one shopper's; return what stands for the shopper now."""
        with self._lock:
            leaders = {self._find(name) for name in names}
            if not leaders:
                return None
            first, *others = sorted(leaders)
            for other in others:
                self._leader[other] = first
            self._heard[first] = time.monotonic()
            return first

    def same(self, one: str | None, other: str | None) -> bool:
        """Whether two names are known to be the same shopper's."""
        if one is None or other is None:
            return False
        with self._lock:
            return self._find(one) == self._find(other)

    def silent_for(self, name: str) -> float:
        """Return for how many seconds no call was about the shopper."""
        with self._lock:
            heard = self._heard.get(self._find(name), 0.0)
        return time.monotonic() - heard

    def _find(self, name: str) -> str:
        while (leader := self._leader.setdefault(name, name)) != name:
            name = leader
        return name
