"""Lets a claimed try-on wait in the table: waiting is not failing, and no queue counts it."""

from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.events import Publisher
from tryon_worker.observability import logger
from tryon_worker.store.caps import next_day
from tryon_worker.store.entry import Entry, WaitingFor
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import Shopper, Shoppers
from tryon_worker.store.table import ConditionFailed, Table, Write
from tryon_worker.usecases.door import about
from tryon_worker.wishes import Wish

# Housekeeping comes each minute: nothing is gained by a shorter wait.
RETRY_SECONDS = 30
BREAKER_SECONDS = 60
ERASURE_SECONDS = 60


class PhotosChanged(Exception):
    """A photo of the shopper came or went since it was looked for: look again."""


@dataclass(frozen=True)
class Park:
    """Writes why a try-on waits and when it is to be woken."""

    table: Table
    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    publisher: Publisher
    clock: Clock
    photo_wait_seconds: int

    def until_retry(self, entry: Entry, attempt: str) -> None:
        """The call did not reach Genlook, or there was no time for it."""
        self._park(entry, attempt, WaitingFor.RETRY, RETRY_SECONDS)

    def until_budget(self, entry: Entry, attempt: str, seconds: float) -> None:
        """The account's rate is used up, or paused."""
        self._park(entry, attempt, WaitingFor.BUDGET, seconds)

    def until_breaker_opens(self, entry: Entry, attempt: str) -> None:
        """Genlook refuses the account, or is down."""
        self._park(entry, attempt, WaitingFor.BREAKER, BREAKER_SECONDS)

    def until_erasure_closes(self, entry: Entry, attempt: str) -> None:
        """The shopper is being erased; this wish came after and goes on then."""
        self._park(entry, attempt, WaitingFor.ERASURE, ERASURE_SECONDS)

    def until_next_day(self, entry: Entry, attempt: str, *, of_stack: bool) -> None:
        """The cap of a day is reached."""
        now = int(self.clock())
        self._park(entry, attempt, WaitingFor.CAP, next_day(now) - now)
        self.publisher.publish("SpendCapReached", {"cap": "stack" if of_stack else "shopper"})

    def until_photo_comes(self, entry: Entry, attempt: str, wish: Wish, shopper: Shopper) -> None:
        """There is no photo to use. Housekeeping ends the try-on if none comes in time.

        Raises
        ------
        PhotosChanged
            The photo came between the look and this write, which would have missed it.
        """
        now = int(self.clock())
        # A photo that is on its way may be waited for longer: then each round looks again.
        due_at = max((entry.deferred_at or now) + self.photo_wait_seconds, now + RETRY_SECONDS)
        writes = [
            self.ledger.parking(
                entry.try_on_id, attempt, waiting_for=WaitingFor.PHOTO, due_at=due_at, now=now
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
        if entry.deferred_at is None:
            self.publisher.publish("TryOnDeferred", about(entry, wish))

    def _park(self, entry: Entry, attempt: str, why: WaitingFor, seconds: float) -> None:
        now = int(self.clock())
        self._write(
            self.ledger.parking(
                entry.try_on_id, attempt, waiting_for=why, due_at=now + int(seconds) + 1, now=now
            )
        )
        _log(entry, why)

    def _write(self, write: Write) -> None:
        try:
            self.table.write(write)
        except ConditionFailed:
            return  # the claim ran out and another worker has it


def _log(entry: Entry, why: WaitingFor) -> None:
    logger.info("parked", extra={"tryOnId": entry.try_on_id, "waitingFor": why})
