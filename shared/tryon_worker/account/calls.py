"""Calls to Genlook that cost no credit, within the rate limiter and the circuit breaker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tryon_worker.account.circuit_breaker import CircuitBreaker, CircuitState, OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied, RateLimiter
from tryon_worker.aws.secrets import Secret
from tryon_worker.clock import Sleep
from tryon_worker.genlook import (
    AccountRefused,
    Forbidden,
    GenlookError,
    InvalidApiKey,
    RateLimited,
    Refused,
    Unknown,
    UnknownRefusal,
)
from tryon_worker.observability import logger

_Response = TypeVar("_Response")

FIRST_PAUSE_SECONDS = 30
"""Housekeeping runs each minute, so a shorter pause would gain nothing."""

LONGEST_PAUSE_SECONDS = 6 * 3600

# Housekeeping probes an open circuit breaker each minute; until then Genlook refuses the key.
_KEY_SECONDS = 60


class Unavailable(Exception):
    """The call failed, and not because of what it asked for; try again in ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class EndUnknown(Unavailable):
    """The call was sent and got no usable response: Genlook may still carry it out."""


class NoCapacity(Unavailable):
    """The rate limiter denied a permit."""


def backoff_seconds(seconds: float, tries: int) -> int:
    """Seconds until a denied caller asks again: at least ``seconds``, growing to a minute.

    The growth keeps many denied callers from asking for the same few permits each time.
    """
    return max(int(seconds) + 1, min(60, 1 << min(tries, 6)))


def growing_pause(tries: int) -> int:
    """Seconds until the next try of a call that failed ``tries`` times before."""
    return int(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 16)))


@dataclass(frozen=True)
class UnbilledCall:
    """Makes calls that cost no credit, and so may be repeated."""

    rate_limiter: RateLimiter
    circuit_breaker: CircuitBreaker
    api_key: Secret
    sleep: Sleep

    def __call__(
        self,
        priority: Priority,
        call: Callable[[], _Response],
        *,
        tries: int = 0,
        urgent: bool = False,
    ) -> _Response:
        """Makes the call when its permit is due.

        ``tries`` is how often it failed before. An ``urgent`` call is made although Genlook
        refused the API key.

        Raises
        ------
        Unavailable
            No permit, no usable account, or no response: try again later.
        Refused
            Genlook refuses what the call asks for.
        """
        state = self.circuit_breaker.circuit()
        if (
            not urgent
            and state.state is CircuitState.OPEN
            and state.opened_by is OpenReason.INVALID_API_KEY
        ):
            raise Unavailable(_KEY_SECONDS)
        permit = self.rate_limiter.take(priority)
        if isinstance(permit, Denied):
            raise NoCapacity(permit.retry_seconds)
        self.sleep(permit.wait_seconds)
        try:
            return call()
        except GenlookError as error:
            raise self._translated(error, priority, tries) from error

    def _translated(self, error: GenlookError, priority: Priority, tries: int) -> Exception:
        """What the caller raises for ``error``; a 429 and a refused key also stop other calls."""
        logger.warning(
            "unbilled call failed",
            extra={
                "call": priority,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        if isinstance(error, RateLimited):
            return Unavailable(self.rate_limiter.pause(error.retry_after))
        if isinstance(error, InvalidApiKey):
            if self.api_key.reread():
                return Unavailable(0)  # the key was rotated, and this process had the old one
            self.circuit_breaker.open(OpenReason.INVALID_API_KEY)
        if isinstance(error, Refused) and _blames_the_request(error):
            return error
        raised = EndUnknown if isinstance(error, Unknown) else Unavailable
        return raised(growing_pause(tries))


def _blames_the_request(error: Refused) -> bool:
    """Whether Genlook itself refuses this request.

    A 4xx without one of Genlook's error codes may come from a proxy or a wrong base URL, so the
    next try may reach Genlook.
    """
    if isinstance(error, UnknownRefusal):
        return error.code is not None
    return not isinstance(error, AccountRefused | Forbidden)
