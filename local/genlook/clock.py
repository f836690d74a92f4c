"""The stand-in's clock: real time plus what a test or a demo has let pass."""

import asyncio
import time
from datetime import UTC, datetime

TICK_SECONDS = 0.05
MINUTE = 60.0
DAY = 86_400.0


class Clock:
    """Seconds since 1970, moved on by real time (unless frozen) and by `advance`."""

    def __init__(self, *, frozen: bool = False, start: float | None = None) -> None:
        self._frozen = frozen
        self._offset = (time.time() if start is None else start) - (0 if frozen else time.time())

    @property
    def frozen(self) -> bool:
        """Whether only `advance` moves this clock."""
        return self._frozen

    def now(self) -> float:
        """Return the present moment in seconds since 1970."""
        return self._offset if self._frozen else self._offset + time.time()

    def set(self, moment: float) -> None:
        """Show another moment, also an earlier one: for a stand-in that begins anew."""
        self._offset = moment - (0 if self._frozen else time.time())

    def advance(self, seconds: float) -> float:
        """Let `seconds` pass at once; return the new moment."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._offset += seconds
        return self.now()

    async def wait_until(self, moment: float) -> None:
        """Return when this clock, not the wall's, has reached `moment`."""
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(TICK_SECONDS if self._frozen else min(left, TICK_SECONDS))


def iso(moment: float) -> str:
    """Write a moment as the API does: ISO 8601 with milliseconds and Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
