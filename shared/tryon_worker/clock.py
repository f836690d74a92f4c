"""Time, injected everywhere, so that a test can let days pass."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Seconds since the epoch, as ``time.time`` gives them."""

Sleep = Callable[[float], None]
"""Waits for some seconds, as ``time.sleep`` does."""

TimeLeft = Callable[[], float]
"""The seconds until the worker is stopped."""

DAY = 86_400
"""Seconds in a day."""

system_clock: Clock = time.time


def no_deadline() -> float:
    """The ``TimeLeft`` of a worker that is never stopped."""
    return math.inf


def iso(seconds: float) -> str:
    """``seconds`` since the epoch as ISO 8601 in UTC with milliseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def from_iso(text: str) -> float:
    """The seconds since the epoch of an ISO 8601 time.

    Raises
    ------
    ValueError
        ``text`` is no ISO 8601 time with an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return moment.timestamp()
