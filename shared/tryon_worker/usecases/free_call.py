"""Makes a call to Genlook that costs no credit: within the budget, and never in a hurry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tryon_worker.breaker import Breaker, Gate, ShutBy
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Sleep
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import (
    Fault,
    GenlookError,
    InvalidApiKey,
    RateLimited,
    Refused,
    UncataloguedRefusal,
    Unknown,
)
from tryon_worker.observability import logger
from tryon_worker.secrets import Secret

_Answer = TypeVar("_Answer")

FIRST_PAUSE_SECONDS = 30
"""Housekeeping comes each minute: nothing is gained by a shorter wait."""

LONGEST_PAUSE_SECONDS = 6 * 3600

# A shut breaker is probed each minute: until then the key is known to be refused.
_KEY_SECONDS = 60


class NotServed(Exception):
    """Genlook did not do it, and it is not the request's fault; ``seconds`` until it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class EndUnknown(NotServed):
    """The call went out and its answer never came: Genlook may still carry it out."""


class Busy(NotServed):
    """The account has no room for it in the next seconds."""


def soon(seconds: float, tries: int) -> int:
    """In how many seconds who found no room asks again: ever more rarely, up to once a minute.

    Where many ask at once, only some of them get what is free.
    """
    return max(int(seconds) + 1, min(60, 1 << min(tries, 6)))


def pause_after(tries: int) -> int:
    """Seconds until the next try of a call that failed ``tries`` times before: ever longer."""
    return int(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 16)))


@dataclass(frozen=True)
class FreeCall:
    """Such a call may be repeated; but who waits for it waits in the table, not in a queue."""

    budget: Budget
    breaker: Breaker
    api_key: Secret
    sleep: Sleep

    def __call__(
        self, kind: CallClass, call: Callable[[], _Answer], *, tries: int = 0, urgent: bool = False
    ) -> _Answer:
        """Makes the call when its slot has come.

        ``tries`` is how often it failed before. ``urgent`` goes also with a key that was refused.

        Raises
        ------
        NotServed
            No slot, no usable account, or no answer: again later.
        Refused
            Genlook does not take the request as it is.
        """
        state = self.breaker.state()
        if not urgent and state.gate is Gate.SHUT and state.shut_by is ShutBy.INVALID_API_KEY:
            raise NotServed(_KEY_SECONDS)
        slot = self.budget.take(kind)
        if isinstance(slot, NoSlot):
            raise Busy(slot.retry_seconds)
        self.sleep(slot.wait_seconds)
        try:
            return call()
        except GenlookError as error:
            raise self._meaning(error, kind, tries) from error

    def _meaning(self, error: GenlookError, kind: CallClass, tries: int) -> Exception:
        logger.warning(
            "free call ended in an error",
            extra={
                "call": kind,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        if isinstance(error, RateLimited):
            return NotServed(self.budget.pause(error.retry_after))
        if isinstance(error, InvalidApiKey):
            if self.api_key.reread():
                return NotServed(0)  # the key was changed; this process still had the old one
            self.breaker.shut(ShutBy.INVALID_API_KEY)
        if isinstance(error, Refused) and _blames_the_request(error):
            return error
        end = EndUnknown if isinstance(error, Unknown) else NotServed
        return end(pause_after(tries))


def _blames_the_request(error: Refused) -> bool:
    """Whether Genlook itself refuses this request.

    A 4xx that carries no words of Genlook's may come from a proxy or a wrong base URL. The next
    try may reach Genlook.
    """
    if isinstance(error, UncataloguedRefusal):
        return error.code is not None
    return error.fault is not Fault.ACCOUNT
