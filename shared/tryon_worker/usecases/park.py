"""Lets a claimed try-on wait in the table: waiting is not failing, and no queue counts it."""

from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.events import Publisher
from tryon_worker.observability import Metric, count, logger
from tryon_worker.queues import NUDGE_SECONDS, TryOnQueue
from tryon_worker.store.caps import Cap, Caps, next_day
from tryon_worker.store.entry import Entry, WaitingFor
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import PhotosChanged, Shopper, Shoppers
from tryon_worker.store.table import ConditionFailed, Table
from tryon_worker.usecases.door import about
from tryon_worker.usecases.free_call import soon
from tryon_worker.wishes import Wish

# Housekeeping comes each minute: nothing is gained by a shorter wait.
RETRY_SECONDS = 30
BREAKER_SECONDS = 60
ERASURE_SECONDS = 60


@dataclass(frozen=True)
class Park:
    """Writes why a try-on waits and when it is to be woken."""

    table: Table
    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    caps: Caps
    publisher: Publisher
    tryon_queue: TryOnQueue
    clock: Clock
    photo_wait_seconds: int
    wait_seconds: int

    def gives_up(self, entry: Entry) -> bool:
        """Whether a try-on has waited for too long, whatever for.

        The wait for a photo has its own limit, and its time is given on top.
        """
        return int(self.clock()) >= self._since(entry) + self.wait_seconds

    def until_retry(self, entry: Entry, attempt: str) -> None:
        """The call did not reach Genlook, or there was no time for it."""
        self._park(entry, attempt, WaitingFor.RETRY, RETRY_SECONDS)

    def until_redelivery(self, entry: Entry, attempt: str) -> None:
        """The step failed: its message comes again by itself, and housekeeping's after it died."""
        self._park(entry, attempt, WaitingFor.RETRY, NUDGE_SECONDS)

    def until_budget(self, entry: Entry, attempt: str, seconds: float) -> None:
        """The account's rate is used up, or paused; the next step comes by itself."""
        if entry.bulk:
            self._in_line(entry, attempt, WaitingFor.BUDGET)
            return
        delay = soon(seconds, entry.attempts - 1)
        lost_at = int(self.clock()) + delay + NUDGE_SECONDS
        if self._write(entry, attempt, WaitingFor.BUDGET, lost_at, in_line=False):
            self.tryon_queue.send_step(entry.try_on_id, wished_at=entry.wished_at, delay=delay)

    def until_breaker_opens(self, entry: Entry, attempt: str) -> None:
        """Genlook refuses the account, or is down."""
        if entry.bulk:
            self._in_line(entry, attempt, WaitingFor.BREAKER)
        else:
            self._park(entry, attempt, WaitingFor.BREAKER, BREAKER_SECONDS)

    def until_erasure_closes(self, entry: Entry, attempt: str) -> None:
        """The shopper is being erased; this wish came after and goes on then."""
        self._park(entry, attempt, WaitingFor.ERASURE, ERASURE_SECONDS)

    def until_next_day(self, entry: Entry, attempt: str, cap: Cap, *, now: int) -> None:
        """The cap of the day of ``now`` is reached, and the outside hears of it that day.

        Published before the try-on waits for the next day: a worker that crashes here leaves its
        claim, so another comes today and publishes. Not for each try-on, but perhaps once a
        worker: several that reach the cap at the same moment publish the same.
        """
        if not self.caps.was_published(cap, entry.shopper_key, now=now):
            self.publisher.publish("SpendCapReached", {"cap": cap})
            count(Metric.SPEND_CAP_REACHED)
            self.caps.published(cap, entry.shopper_key, now=now)
        if cap is Cap.SHOPPER or not entry.bulk:
            self._write(entry, attempt, WaitingFor.CAP, next_day(now), in_line=entry.bulk)
        else:
            self._in_line(entry, attempt, WaitingFor.CAP)

    def until_photo_comes(self, entry: Entry, attempt: str, wish: Wish, shopper: Shopper) -> None:
        """There is no photo to use. Housekeeping ends the try-on if none comes in time.

        Raises
        ------
        PhotosChanged
            The photo came between the look and this write, which would have missed it.
        """
        now = int(self.clock())
        # Counted from the first deferral alone: a step that is delivered again and again must not
        # put the end off. For a photo that is on its way each round then looks again.
        deferred_at = entry.deferred_at or now
        due_at = deferred_at + self.photo_wait_seconds
        writes = [
            self.ledger.parking(
                entry.try_on_id,
                attempt,
                waiting_for=WaitingFor.PHOTO,
                due_at=due_at,
                now=now,
            ),
            self.shoppers.photos_as_seen(
                entry.shopper_key, shopper.photo_revision, made_at=entry.wished_at
            ),
            self.requests.deferral(entry.shopper_key, entry.try_on_id),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            if failed.at(0):
                return  # the claim ran out and another worker has it
            raise PhotosChanged from failed
        _log(entry, WaitingFor.PHOTO)
        if not entry.deferral_announced:
            self.publisher.publish("TryOnDeferred", about(entry, wish), occurred_at=deferred_at)
            self.ledger.deferral_announced(entry.try_on_id, deferred_at=deferred_at)

    def _since(self, entry: Entry) -> int:
        if entry.deferred_at is not None:
            return entry.deferred_at + self.photo_wait_seconds
        return entry.waits_since

    def _park(self, entry: Entry, attempt: str, why: WaitingFor, seconds: float) -> None:
        due_at = int(self.clock() + seconds) + 1
        self._write(entry, attempt, why, due_at, in_line=entry.bulk)

    def _in_line(self, entry: Entry, attempt: str, why: WaitingFor) -> None:
        """Back to its place among those that came in bulk: the account was busy, not they."""
        due_at = min(int(self.clock()), self._since(entry))
        self._write(entry, attempt, why, due_at, in_line=True)

    def _write(
        self, entry: Entry, attempt: str, why: WaitingFor, due_at: int, *, in_line: bool
    ) -> bool:
        write = self.ledger.parking(
            entry.try_on_id,
            attempt,
            waiting_for=why,
            due_at=due_at,
            now=int(self.clock()),
            in_line=in_line,
        )
        try:
            self.table.write(write)
        except ConditionFailed:
            return False  # the claim ran out and another worker has it
        _log(entry, why)
        return True


def _log(entry: Entry, why: WaitingFor) -> None:
    logger.info("parked", extra={"tryOnId": entry.try_on_id, "waitingFor": why})
