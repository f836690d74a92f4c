"""How long a call may take: in each phase, and in all."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Seconds that a call may spend connecting, in one write, in one read, and in all.

    ``read`` and ``write`` limit silence: a server that sends one byte a second never exceeds them.
    ``total`` limits the whole call, from name resolution to the last byte of the response.
    """

    connect: float = 5.0
    write: float = 10.0
    read: float = 25.0
    total: float = 30.0


class Deadline:
    """The moment by which a call must have ended."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def left(self) -> float:
        """The seconds until the deadline; negative after it."""
        return self._end - self._monotonic()

    def cap(self, seconds: float | None) -> float:
        """The smaller of ``seconds`` and what is left; raises TimeoutError if nothing is left."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("the call's total time is used up")
        return left if seconds is None else min(seconds, left)


class CallContext:
    """What one call allows its transport, and what the transport reports back.

    The request carries it in its extensions, under ``EXTENSION``. With ``public_only`` the
    transport connects to public addresses only. ``wrote`` is ``None`` until the transport reports
    whether it has written a byte of the request.
    """

    EXTENSION = "tryon_worker.genlook.context"

    def __init__(self, deadline: Deadline, *, public_only: bool = False) -> None:
        self.deadline = deadline
        self.public_only = public_only
        self.wrote: bool | None = None
