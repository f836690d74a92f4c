"""Lets requests that came in bulk go, few at a time, so that live ones never stand behind them.

They wait in the table, in a line of their own (partitions of the index ``due``), not in the queue:
there a live request would wait until all that came before it were handed out. Each round of
housekeeping lets as many go as the account could take until the next one, evenly spread. One that
then finds the account busy goes back to its place in the line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tryon_worker.account.circuit_breaker import CircuitBreaker
from tryon_worker.account.quotas import Quotas
from tryon_worker.aws import keys
from tryon_worker.aws.queues import SEND_BATCH, TryOnQueue
from tryon_worker.aws.table import Table, due_in_turn, in_batches
from tryon_worker.clock import Clock, TimeLeft
from tryon_worker.observability import logger
from tryon_worker.tryons.model import TryOn, try_on_of

# Housekeeping's own rhythm: what one round lets go is spread until the next comes.
ROUND_SECONDS = 60

# A try-on takes a submit and at least one poll of its generation.
REQUESTS_A_TRY_ON = 2

# Each costs a write of some 10 ms, and the rest of the round has other things to do.
MOST_A_ROUND = 1000

PART_SECONDS = 5
"""Of a round, for those that have waited for too long, and again for those that may go. What they
do not have time for waits for the next one; what is due besides must not wait for them."""

# One that was let go and whose message was lost is let go again. Its message waits for at most a
# round, and behind what is live.
LOST_SECONDS = 600


@dataclass(frozen=True)
class DispatchBulk:
    """One round of it."""

    table: Table
    tryon_queue: TryOnQueue
    circuit_breaker: CircuitBreaker
    quotas: Quotas
    clock: Clock
    requests_per_minute: int
    wait_seconds: int

    def __call__(self, time_left: TimeLeft) -> None:
        """Sends a step for those that waited longest, as long as it has time for them."""
        now = int(self.clock())
        # One that has waited for too long is sent in any case: its step ends it.
        over = self._let_go(now - self.wait_seconds, now, MOST_A_ROUND, time_left)
        going = self._let_go(now, now, self._room(now), time_left)
        if over or going:
            logger.info("bulk dispatched", extra={"going": going, "over": over})

    def _let_go(self, until: int, now: int, most: int, time_left: TimeLeft) -> int:
        """Sends each few as soon as they are taken: a round that dies here loses no more."""
        gone, end = 0, time_left() - PART_SECONDS
        apart = ROUND_SECONDS / max(most, 1)
        for batch in in_batches(islice(self._taken(until, now), most), SEND_BATCH):
            steps = [(try_on.try_on_id, try_on.requested_at) for try_on in batch]
            self.tryon_queue.send_steps(steps, apart=apart, first_after=gone * apart)
            gone += len(batch)
            if time_left() <= end:
                break
        return gone

    def _room(self, now: int) -> int:
        """How many the rate affords until the next round, if nothing else used it."""
        if self.circuit_breaker.circuit().is_blocking(now):
            return 0
        by_rate = self.requests_per_minute // REQUESTS_A_TRY_ON
        return min(by_rate, MOST_A_ROUND, self.quotas.left_for_bulk(now))

    def _taken(self, until: int, now: int) -> Iterator[TryOn]:
        for key, due_at in due_in_turn(self.table, keys.due_shards(in_bulk_queue=True), until):
            row = self.table.take(key, seen=due_at, until=now + LOST_SECONDS)
            if row is not None:
                yield try_on_of(row)
