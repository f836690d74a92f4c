"""Computes when everything in flight at the time of an erasure has finished.

Two rules apply. Both count from now, because an erasure may come long after the deadline of a
try-on that an open circuit breaker delayed:

- A submitted try-on whose end at Genlook is unknown may leave a picture there until the late
  margin is over. The same holds for an upload whose end is unknown.
- A worker may still copy the picture or publish an event of a try-on that is not published, or was
  published just now, for as long as a function lives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.aws import keys
from tryon_worker.aws.table import Table, in_batches
from tryon_worker.clock import Clock
from tryon_worker.erasure.export import CancelReports
from tryon_worker.erasure.store import Erasure
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.model import Outcome, Reason, TryOn, try_on_of

if TYPE_CHECKING:
    from tryon_worker.photos.store import Photos

IN_FLIGHT_SECONDS = 300
"""No function lives longer than this (template.yaml), so its work has ended by then."""

_ENDED_AT_GENLOOK = {Reason.GENERATION_FAILED, Reason.REJECTED}


@dataclass(frozen=True)
class InFlight:
    """Moves the shopper's ``inFlightUntil`` forward to the end of all that a sweep will remove.

    The tombstone is set, so nothing new begins. The time is saved before the sweep removes the rows
    it was computed from, and holds for every open erasure of the shopper.
    """

    table: Table
    photos: "Photos"
    shoppers: Shoppers
    cancel_reports: CancelReports
    clock: Clock
    late_seconds: int
    """The late margin: after so many seconds no generation leaves anything at Genlook."""

    def __call__(self, erasure: Erasure) -> int:
        """Returns when nothing is in flight any more, in seconds since the epoch."""
        now = int(self.clock())
        ends = [
            *(self._try_on_end(try_on, now) for try_on in self._try_ons(erasure)),
            *self._upload_ends(erasure, now),
            *self.cancel_reports.in_flight(erasure.shopper_key, erasure.erased_at, now),
        ]
        if ends:
            self.shoppers.extend_in_flight(erasure.shopper_key, max(ends))
        return self.until(erasure)

    def until(self, erasure: Erasure) -> int:
        """When nothing is in flight any more, as far as is known, in seconds since the epoch."""
        return self.shoppers.get(erasure.shopper_key).in_flight_until

    def record_unknown(self, erasure: Erasure) -> None:
        """Keeps an erasure open while Genlook may still carry out a deletion whose end is unknown.

        A late deletion would also remove the photos that come after the erasure is closed.
        """
        self._extend(erasure, self.late_seconds)

    def record_publishing(self, erasure: Erasure) -> None:
        """Keeps an erasure open for the workers that read a row before the sweep removed it.

        A sweep may take minutes, and a worker may have begun to publish at any time until now.
        """
        self._extend(erasure, IN_FLIGHT_SECONDS)

    def _extend(self, erasure: Erasure, seconds: int) -> None:
        self.shoppers.extend_in_flight(erasure.shopper_key, int(self.clock()) + seconds)

    def _try_ons(self, erasure: Erasure) -> Iterator[TryOn]:
        rows = self.table.requests_before(erasure.shopper_key, erasure.erased_at)
        for batch in in_batches(rows):
            found = self.table.get_many([keys.ledger(row["tryOnId"]) for row in batch])
            yield from map(try_on_of, found.values())

    def _try_on_end(self, try_on: TryOn, now: int) -> int:
        until = (try_on.published_at or now) + IN_FLIGHT_SECONDS
        if _may_be_submitted(try_on) and not _ended_at_genlook(try_on):
            until = max(until, now + self.late_seconds)
        return until

    def _upload_ends(self, erasure: Erasure, now: int) -> Iterator[int]:
        for photo in self.photos.of_shopper(erasure.shopper_key):
            if photo.taken_at <= erasure.erased_at and photo.in_flight:
                yield now + self.late_seconds


def _may_be_submitted(try_on: TryOn) -> bool:
    """Whether a paid call may have been made; a call that was surely not sent leaves no time."""
    return bool(try_on.called_at or try_on.generation_id or try_on.reviews)


def _ended_at_genlook(try_on: TryOn) -> bool:
    """Whether Genlook itself reported that no generation is running any more."""
    verdict = try_on.verdict
    if verdict is None or try_on.reviews:  # a person ordered another call, so two may run
        return False
    return verdict.outcome is Outcome.COMPLETED or verdict.reason in _ENDED_AT_GENLOOK
