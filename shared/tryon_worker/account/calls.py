"""Makes a call to Genlook that costs no credit: within the budget, and never in a hurry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tryon_worker.account.circuit_breaker import CircuitBreaker, CircuitState, OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied, RateLimiter
from tryon_worker.aws.secrets import Secret
from tryon_worker.clock import Sleep
from tryon_worker.genlook import (
    Fault,
    GenlookError,
    InvalidApiKey,
    RateLimited,
    Refused,
    Unknown,
    UnknownRefusal,
)
from tryon_worker.observability import logger

_Answer = TypeVar("_Answer")

FIRST_PAUSE_SECONDS = 30
"""Housekeeping comes each minute: nothing is gained by a shorter wait."""

LONGEST_PAUSE_SECONDS = 6 * 3600

# A shut breaker is probed each minute: until then the key is known to be refused.
_KEY_SECONDS = 60


class Unavailable(Exception):
    """Genlook did not do it, and it is not the request's fault; ``seconds`` until it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class EndUnknown(Unavailable):
    """The call went out and its answer never came: Genlook may still carry it out."""


class NoCapacity(Unavailable):
    """The account has no room for it in the next seconds."""


def backoff_seconds(seconds: float, tries: int) -> int:
    """In how many seconds who found no room asks again: ever more rarely, up to once a minute.

    Where many ask at once, only some of them get what is free.
    """
    return max(int(seconds) + 1, min(60, 1 << min(tries, 6)))


def growing_pause(tries: int) -> int:
    """Seconds until the next try of a call that failed ``tries`` times before: ever longer."""
    return int(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 16)))


@dataclass(frozen=True)
class UnbilledCall:
    """Such a call may be repeated; but who waits for it waits in the table, not in a queue."""

    rate_limiter: RateLimiter
    circuit_breaker: CircuitBreaker
    api_key: Secret
    sleep: Sleep

    def __call__(
        self, kind: Priority, call: Callable[[], _Answer], *, tries: int = 0, urgent: bool = False
    ) -> _Answer:
        """Makes the call when its slot has come.

        ``tries`` is how often it failed before. ``urgent`` goes also with a key that was refused.

        Raises
        ------
        Unavailable
            No slot, no usable account, or no answer: again later.
        Refused
            Genlook does not take the request as it is.
        """
        state = self.circuit_breaker.circuit()
        if (
            not urgent
            and state.state is CircuitState.OPEN
            and state.opened_by is OpenReason.INVALID_API_KEY
        ):
            raise Unavailable(_KEY_SECONDS)
        slot = self.rate_limiter.take(kind)
        if isinstance(slot, Denied):
            raise NoCapacity(slot.retry_seconds)
        self.sleep(slot.wait_seconds)
        try:
            return call()
        except GenlookError as error:
            raise self._meaning(error, kind, tries) from error

    def _meaning(self, error: GenlookError, kind: Priority, tries: int) -> Exception:
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
            return Unavailable(self.rate_limiter.pause(error.retry_after))
        if isinstance(error, InvalidApiKey):
            if self.api_key.reread():
                return Unavailable(0)  # the key was changed; this process still had the old one
            self.circuit_breaker.open(OpenReason.INVALID_API_KEY)
        if isinstance(error, Refused) and _blames_the_request(error):
            return error
        end = EndUnknown if isinstance(error, Unknown) else Unavailable
        return end(growing_pause(tries))


def _blames_the_request(error: Refused) -> bool:
    """Whether Genlook itself refuses this request.

    A 4xx that carries no words of Genlook's may come from a proxy or a wrong base URL. The next
    try may reach Genlook.
    """
    if isinstance(error, UnknownRefusal):
        return error.code is not None
    return error.fault is not Fault.ACCOUNT
