"""How long a call may take: per phase, and from its start to the last byte of the answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Seconds a call may spend connecting, in one write, in one read, and as a whole.

    `read` and `write` are limits of silence: a server that sends one byte a second never exceeds
    them. `total` is what holds whatever the other side does, name resolution included. `pool` is
    for a transport that shares connections; the client's own does not.
    """

    connect: float = 5.0
    write: float = 10.0
    read: float = 25.0
    pool: float = 5.0
    total: float = 30.0


class Deadline:
    """The moment at which a call must have ended."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Tell the seconds until the end; negative after it."""
        return self._end - self._monotonic()

    def cap(self, seconds: float | None) -> float:
        """Return the shorter of `seconds` and what is left; TimeoutError if nothing is."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("the call's total time is used up")
        return left if seconds is None else min(seconds, left)


class CallContext:
    """What one call allows its transport, and what the transport reports back.

    Travels in the request's extensions under `EXTENSION`. `public_only`: connect to addresses of
    the public internet only. `wrote`: None until a transport that can tell says whether it has
    handed a byte of the request to the network.
    """

    EXTENSION = "tryon_worker.genlook.terms"

    def __init__(self, deadline: Deadline, *, public_only: bool = False) -> None:
        self.deadline = deadline
        self.public_only = public_only
        self.wrote: bool | None = None
