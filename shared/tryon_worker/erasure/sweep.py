"""Sweeps away what is held of a shopper here, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.aws import keys
from tryon_worker.aws.buckets import Bucket, is_report, result_prefix, shopper_results
from tryon_worker.aws.table import BatchReader, Row, in_batches
from tryon_worker.erasure.export import CancelReports
from tryon_worker.erasure.store import Erasure
from tryon_worker.identity import photo_prefixes
from tryon_worker.tryons.model import OPEN_STATES, try_on_of
from tryon_worker.tryons.outcome import OutcomePublisher

if TYPE_CHECKING:
    from tryon_worker.photos.store import Photos


# DeleteObjects takes at most so many keys a call (AWS).
_OBJECTS = 1000


@dataclass(frozen=True)
class Swept:
    """What one batch removed."""

    photos: int = 0
    results: int = 0
    try_ons: int = 0


@dataclass(frozen=True)
class Sweep:
    """Goes over all that the shopper left before the request; what came after it is left alone.

    Nothing says how far it got: the next one begins with what is left.
    """

    bulk: BatchReader
    photos: "Photos"
    photo_bucket: Bucket
    result_bucket: Bucket
    outcomes: OutcomePublisher
    cancel_reports: CancelReports

    def __call__(self, erasure: Erasure, external_user_id: str) -> Iterator[Swept]:
        """Removes rows and objects; after each batch the caller may stop.

        Raises
        ------
        DeletionIncomplete
            S3 kept an object, or another one lies in its place by now.
        """
        yield from self._try_ons(erasure)
        self.cancel_reports(erasure.shopper_key, erasure.erased_at)
        yield from self._results(erasure)
        yield from self._photo_rows(erasure)
        yield from self._photo_objects(erasure, external_user_id)

    def _try_ons(self, erasure: Erasure) -> Iterator[Swept]:
        for rows in in_batches(self._requests(erasure)):
            found = self.bulk.get([keys.ledger(row["tryOnId"]) for row in rows])
            for try_on in map(try_on_of, found.values()):
                if try_on.published_at is None:
                    # First, for what was decided before is said in the words of the request.
                    self.outcomes.end_erased(try_on, from_states=OPEN_STATES)
            self.bulk.delete([(row["pk"], row["sk"]) for row in rows])
            yield Swept(try_ons=len(rows))

    def _results(self, erasure: Erasure) -> Iterator[Swept]:
        """Found by the shopper and not by rows: S3 may keep a picture longer than those live."""
        shopper_key = erasure.shopper_key
        later = tuple(
            result_prefix(shopper_key, row["tryOnId"])
            for row in self.bulk.details(shopper_key)
            if row["requestedAt"] > erasure.erased_at
        )
        found = self.result_bucket.listing(shopper_results(shopper_key))
        for batch in in_batches((one for one in found if not one.key.startswith(later)), _OBJECTS):
            self.result_bucket.delete(batch)
            yield Swept(results=sum(not is_report(one.key) for one in batch))

    def _photo_rows(self, erasure: Erasure) -> Iterator[Swept]:
        photos = self.photos.of_shopper(erasure.shopper_key)
        for batch in in_batches(p for p in photos if p.since <= erasure.erased_at):
            for photo in batch:
                self.photos.forget_before(photo, erasure.erased_at)
            yield Swept()

    def _photo_objects(self, erasure: Erasure, external_user_id: str) -> Iterator[Swept]:
        for prefix in photo_prefixes(external_user_id):
            self.photo_bucket.abort_uploads(prefix, until=erasure.erased_at)
            found = self.photo_bucket.listing(prefix)
            old = (one for one in found if one.modified_at <= erasure.erased_at)
            for batch in in_batches(old, _OBJECTS):
                self.photo_bucket.delete(batch)
                yield Swept(photos=len(batch))

    def _requests(self, erasure: Erasure) -> Iterator[Row]:
        return self.bulk.requests_before(erasure.shopper_key, erasure.erased_at)
