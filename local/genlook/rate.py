"""The account's rate limit: so many requests in any sixty seconds."""

from collections import deque

WINDOW_SECONDS = 60.0


class SlidingMinute:
    """Remembers the moments of the last minute's requests."""

    def __init__(self, limit: int, *, count_refused: bool = True) -> None:
        self.limit = limit
        self.count_refused = count_refused
        self._moments: deque[float] = deque()

    def take(self, now: float) -> float:
        """Count one request; return 0 if it may pass, else the seconds until one may."""
        self._forget(now)
        free = len(self._moments) < self.limit
        if free or self.count_refused:
            self._moments.append(now)
        return 0.0 if free else self._seconds_until_free(now)

    def used(self, now: float) -> int:
        """Return how many requests the last minute holds."""
        self._forget(now)
        return len(self._moments)

    def _forget(self, now: float) -> None:
        while self._moments and self._moments[0] <= now - WINDOW_SECONDS:
            self._moments.popleft()

    def _seconds_until_free(self, now: float) -> float:
        if self.limit <= 0:
            return WINDOW_SECONDS
        return self._moments[-self.limit] + WINDOW_SECONDS - now
