"""Finds what no queue holds any more, each minute, and moves it on or ends it.

Every row that is not at its end says when it wants to be looked at; what is moving by itself is
looked at again later. So nothing that was accepted can be forgotten (promise P2).
"""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.queues import ErasureQueue, UploadQueue
from tryon_worker.store import keys
from tryon_worker.store.table import Key, Row, Table
from tryon_worker.usecases.move_on import MoveOn
from tryon_worker.usecases.probe import Probe

# What one round takes from each partition of the index; the rest comes a minute later.
BATCH = 100

# A round ends this long before its Lambda does: the longest step is a look with its copy.
STEP_SECONDS = 20

# How long a message that was sent again has until it is sent once more.
AGAIN_SECONDS = 600


@dataclass(frozen=True)
class Housekeep:
    """One round over all rows that are due."""

    table: Table
    probe: Probe
    move_on: MoveOn
    upload_queue: UploadQueue
    erasure_queue: ErasureQueue
    clock: Clock

    def __call__(self, time_left: Callable[[], float]) -> None:
        """Probes a shut breaker, then moves on what is due until the time is up."""
        self.probe()
        for shard in keys.due_shards():
            for key in self.table.due(shard, int(self.clock()), BATCH):
                if time_left() < STEP_SECONDS:
                    return
                self._row(key)

    def _row(self, key: Key) -> None:
        row = self.table.get(key)
        # The index lags behind: the row may have moved on since.
        if row is None or not 0 < row.get("dueAt", 0) <= self.clock():
            return
        kind = key[1].partition("#")[0]
        if kind == "LEDGER":
            self.move_on(row["tryOnId"])
        elif kind == "PHOTO":
            self._postpone(key, row)
            self.upload_queue.send_upload(row["shopperKey"], row["photoId"])
        elif kind == "ERASURE":
            self._postpone(key, row)
            self.erasure_queue.send_sweep(row["shopperKey"], row["requestKey"])

    def _postpone(self, key: Key, row: Row) -> None:
        self.table.postpone(key, seen=row["dueAt"], until=int(self.clock()) + AGAIN_SECONDS)
