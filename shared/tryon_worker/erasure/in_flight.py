"""Computes when everything in flight at the time of an erasure has finished.

Two rules, both counted from now, for an erasure may come long after the deadline of a try-on that
an open circuit breaker held:

- A try-on that was ever submitted and that nobody saw end at Genlook may leave its picture there
  until the late margin is over.
- Whatever is not published yet, or has been just now, may be in the hands of a worker that copies
  its picture or is about to publish an event, for as long as a function lives.

An upload is under the first rule while nobody knows its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.aws import keys
from tryon_worker.aws.table import BatchReader, in_batches
from tryon_worker.clock import Clock
from tryon_worker.erasure.export import CancelReports
from tryon_worker.erasure.store import Erasure
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.model import Outcome, Reason, TryOn, try_on_of

if TYPE_CHECKING:
    from tryon_worker.photos.store import Photos


IN_FLIGHT_SECONDS = 300
"""None of our functions lives longer (template.yaml): what a worker has in hand ends by then."""

_ENDED_AT_GENLOOK = {Reason.GENERATION_FAILED, Reason.REJECTED}


@dataclass(frozen=True)
class InFlight:
    """Moves the shopper's ``inFlightUntil`` forward by all that a sweep is about to remove.

    The tombstone is set, so nothing new begins. The time is written down before the sweep takes
    away by what it was computed, and serves every open erasure of the shopper.
    """

    bulk: BatchReader
    photos: "Photos"
    shoppers: Shoppers
    cancel_reports: CancelReports
    clock: Clock
    late_seconds: int
    """From now until a generation can surely leave nothing more at Genlook."""

    def __call__(self, erasure: Erasure) -> int:
        """The moment from which on nothing is in flight any more, in seconds since the epoch."""
        now = int(self.clock())
        found = [
            *(self._of(try_on, now) for try_on in self._entries(erasure)),
            *self._uploads(erasure, now),
            *self.cancel_reports.in_flight(erasure.shopper_key, erasure.erased_at, now),
        ]
        if found:
            self.shoppers.stays_in_flight(erasure.shopper_key, max(found))
        return self.shoppers.get(erasure.shopper_key).in_flight_until

    def _entries(self, erasure: Erasure) -> Iterator[TryOn]:
        rows = self.bulk.requests_before(erasure.shopper_key, erasure.erased_at)
        for batch in in_batches(rows):
            found = self.bulk.get([keys.ledger(row["tryOnId"]) for row in batch])
            yield from map(try_on_of, found.values())

    def _of(self, try_on: TryOn, now: int) -> int:
        until = (try_on.published_at or now) + IN_FLIGHT_SECONDS
        if _was_submitted(try_on) and not _seen_to_end(try_on):
            until = max(until, now + self.late_seconds)
        return until

    def _uploads(self, erasure: Erasure, now: int) -> Iterator[int]:
        for photo in self.photos.of_shopper(erasure.shopper_key):
            if photo.taken_at <= erasure.erased_at and photo.under_way:
                yield now + self.late_seconds


def _was_submitted(try_on: TryOn) -> bool:
    """Whether a paid call may have been made; what surely was not leaves no time of a call."""
    return bool(try_on.called_at or try_on.generation_id or try_on.reviews)


def _seen_to_end(try_on: TryOn) -> bool:
    """Whether Genlook itself said that there is no generation any more that could still end."""
    verdict = try_on.verdict
    if verdict is None or try_on.reviews:  # a person ordered another call: there may be two
        return False
    return verdict.outcome is Outcome.COMPLETED or verdict.reason in _ENDED_AT_GENLOOK
