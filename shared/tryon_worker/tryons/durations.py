"""How long recent generations took: a small row of the newest ones, each in a place of its own."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from tryon_worker.aws import keys
from tryon_worker.aws.table import Row, Table, update

# As many as a rush of one and a half minutes has: what is older says less. The row stays small
# enough for one unit of DynamoDB's reads (4 KB).
PLACES = 64

# Shorter or longer is no generation but an error of a clock.
_LEAST_SECONDS = 0.5
_MOST_SECONDS = 3_600.0


class Durations:
    """Remembers durations; best effort, for the plan only gets a little worse without one."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, generation_id: str, seconds: float, *, at: int) -> None:
        """Remembers that a generation took so long; seen twice it still has one place.

        The place follows from the id. So writers need not know of each other, nothing can drift,
        and an old duration gives way sooner or later.
        """
        if not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
            return
        place = crc32(generation_id.encode()) % PLACES
        self._table.write(
            update(keys.DURATIONS, f"SET #d{place} = :took", took=[round(seconds, 1), at])
        )

    def recent(self) -> list[float]:
        """Durations in seconds, the newest first."""
        row: Row = self._table.get(keys.DURATIONS) or {}
        return durations_of(row)


def durations_of(row: Mapping[str, Any]) -> list[float]:
    """The durations of a row; anything else in it is ignored."""
    found = [taken for name, value in row.items() if name[:1] == "d" for taken in _taken(value)]
    return [seconds for _, seconds in sorted(found, reverse=True)]


def _taken(value: Any) -> list[tuple[float, float]]:
    if not isinstance(value, list) or len(value) != 2:
        return []
    seconds, at = value
    numbers = isinstance(seconds, int | float) and isinstance(at, int | float)
    return [(at, seconds)] if numbers and _LEAST_SECONDS <= seconds <= _MOST_SECONDS else []
