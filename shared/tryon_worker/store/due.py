"""What is due in several partitions of the index, so that none waits for another."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from tryon_worker.store.table import Key, Table


def due_in_turn(table: Table, shards: Sequence[str], until: int) -> Iterator[tuple[Key, int]]:
    """Rows whose time has come, each with that time, one from each partition in turn."""
    for turn in zip_longest(*(table.due(shard, until) for shard in shards)):
        yield from (row for row in turn if row is not None)
