"""Removes what is stored here about a shopper, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.aws import keys
from tryon_worker.aws.buckets import Bucket, is_report, result_prefix, shopper_results
from tryon_worker.aws.table import Table, in_batches
from tryon_worker.erasure.export import CancelReports
from tryon_worker.erasure.store import Erasure
from tryon_worker.identity import photo_prefixes
from tryon_worker.tryons.model import OPEN_STATES, try_on_of
from tryon_worker.tryons.outcome import OutcomePublisher

if TYPE_CHECKING:
    from tryon_worker.photos.store import Photos

# DeleteObjects takes at most so many keys in one call (AWS).
_OBJECTS = 1000


@dataclass(frozen=True)
class Swept:
    """What one batch removed; ``in_flight`` says that a worker may still publish some of it."""

    photos: int = 0
    results: int = 0
    try_ons: int = 0
    in_flight: bool = False


@dataclass(frozen=True)
class Sweep:
    """Removes everything from before the erasure and leaves alone what came after it.

    It saves no progress: the next sweep begins with what is left.
    """

    table: Table
    photos: "Photos"
    photo_bucket: Bucket
    result_bucket: Bucket
    outcomes: OutcomePublisher
    cancel_reports: CancelReports

    def __call__(self, erasure: Erasure, external_user_id: str) -> Iterator[Swept]:
        """Removes rows and objects; the caller may stop after each batch.

        Raises
        ------
        DeletionIncomplete
            S3 kept an object, or a newer one has replaced it.
        """
        yield from self._try_ons(erasure)
        if self.cancel_reports(erasure.shopper_key, erasure.erased_at):
            yield Swept(in_flight=True)
        yield from self._results(erasure)
        yield from self._photo_rows(erasure)
        yield from self._photo_objects(erasure, external_user_id)

    def _try_ons(self, erasure: Erasure) -> Iterator[Swept]:
        requests = self.table.requests_before(erasure.shopper_key, erasure.erased_at)
        for rows in in_batches(requests):
            found = self.table.get_many([keys.ledger(row["tryOnId"]) for row in rows])
            try_ons = map(try_on_of, found.values())
            unpublished = [try_on for try_on in try_ons if try_on.published_at is None]
            for try_on in unpublished:
                # Before the delete: an outcome that was decided earlier still has to be
                # published, with fields of the request's row.
                self.outcomes.end_erased(try_on, from_states=OPEN_STATES)
            self.table.delete_many([(row["pk"], row["sk"]) for row in rows])
            yield Swept(try_ons=len(rows), in_flight=bool(unpublished))

    def _results(self, erasure: Erasure) -> Iterator[Swept]:
        """Lists the shopper's results; rows would miss those that S3 keeps longer than the rows."""
        shopper_key = erasure.shopper_key
        kept_prefixes = tuple(
            result_prefix(shopper_key, row["tryOnId"])
            for row in self.table.request_rows(shopper_key)
            if row["requestedAt"] > erasure.erased_at
        )
        listing = self.result_bucket.listing(shopper_results(shopper_key))
        old = (found for found in listing if not found.key.startswith(kept_prefixes))
        for batch in in_batches(old, _OBJECTS):
            self.result_bucket.delete(batch)
            yield Swept(results=sum(not is_report(found.key) for found in batch))

    def _photo_rows(self, erasure: Erasure) -> Iterator[Swept]:
        photos = self.photos.of_shopper(erasure.shopper_key)
        for batch in in_batches(photo for photo in photos if photo.since <= erasure.erased_at):
            for photo in batch:
                self.photos.forget_before(photo, erasure.erased_at)
            yield Swept()

    def _photo_objects(self, erasure: Erasure, external_user_id: str) -> Iterator[Swept]:
        for prefix in photo_prefixes(external_user_id):
            self.photo_bucket.abort_uploads(prefix, until=erasure.erased_at)
            listing = self.photo_bucket.listing(prefix)
            old = (found for found in listing if found.modified_at <= erasure.erased_at)
            for batch in in_batches(old, _OBJECTS):
                self.photo_bucket.delete(batch)
                yield Swept(photos=len(batch))
