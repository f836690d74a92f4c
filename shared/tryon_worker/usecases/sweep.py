"""Sweeps away what is held of a shopper here, and knows what may still come after a sweep."""

from collections.abc import Iterator
from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.identity import photo_prefixes
from tryon_worker.objects import Bucket, is_report, result_prefix, shopper_results
from tryon_worker.store.entry import OPEN_STATES, Entry, Outcome, Reason, State
from tryon_worker.store.erasures import Erasure
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.photo import Photo
from tryon_worker.store.photos import Photos
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import Row, Table, delete
from tryon_worker.usecases.door import Door
from tryon_worker.usecases.report import EndReports

# A call, a copy or an event that was under way when the tombstone came may end this much later;
# then its closing write is refused. Longer than any of our Lambdas works on one thing.
IN_FLIGHT_SECONDS = 300


@dataclass(frozen=True)
class Swept:
    """What one sweep removed."""

    photos: int
    results: int
    try_ons: int


@dataclass(frozen=True)
class Sweep:
    """Goes over all that the shopper left before the request; what came after it is left alone."""

    table: Table
    ledger: Ledger
    requests: Requests
    photos: Photos
    shoppers: Shoppers
    photo_bucket: Bucket
    result_bucket: Bucket
    door: Door
    end_reports: EndReports
    clock: Clock
    late_seconds: int
    """From a submit until its generation can surely leave nothing more at Genlook."""

    def quiet_at(self, erasure: Erasure) -> int:
        """When the last of what is under way can leave nothing more, here or at Genlook.

        The tombstone is set: nothing new begins. So this must be known, and written down, before
        the first sweep, which takes away by what it is seen.
        """
        now = int(self.clock())
        uploads = self.shoppers.get(erasure.shopper_key).uploads_until
        entries = (self.ledger.get(row["tryOnId"]) for row in self._requests(erasure))
        submits = (self._quiet_at(entry, now) for entry in entries if entry is not None)
        reports = self.end_reports.quiet_at(erasure.shopper_key, erasure.erased_at)
        return max([uploads, reports, *submits])

    def __call__(self, erasure: Erasure, external_user_id: str, *, last: bool) -> Swept:
        """Removes rows and objects. Until the ``last`` time a try-on's row is only emptied.

        Raises
        ------
        DeletionIncomplete
            S3 kept an object.
        """
        rows = self._requests(erasure)
        for row in rows:
            self._end(row)
        self.end_reports(erasure.shopper_key, erasure.erased_at)
        pictures = list(self._pictures(erasure))
        self.result_bucket.delete(pictures)
        for row in rows if last else ():
            self.table.write(delete((row["pk"], row["sk"])))
        for photo in self._photos(erasure):
            self.photos.forget(photo)
        objects = list(self._objects(erasure, external_user_id))
        self.photo_bucket.delete(objects)
        results = sum(not is_report(key) for key in pictures)
        return Swept(len(objects), results, len(rows) if last else 0)

    def _end(self, row: Row) -> None:
        if "wish" not in row:
            return  # ended by an earlier sweep: thousands take several to go through
        entry = self.ledger.get(row["tryOnId"])
        if entry is not None:
            # First, for the outcome that was decided before is said in the words of the wish.
            self.door.end_erased(entry, from_states=OPEN_STATES)
            self.requests.redact(entry.shopper_key, entry.try_on_id)

    def _quiet_at(self, entry: Entry, now: int) -> int:
        if entry.state is State.SUBMITTING:
            return now + IN_FLIGHT_SECONDS + self.late_seconds
        # By then whoever looks at it, copies its picture or says something of it is done.
        in_hand = (entry.decided_at or now) + IN_FLIGHT_SECONDS
        if entry.decided_at is not None and entry.published_at is None:
            in_hand = now + IN_FLIGHT_SECONDS
        begun = entry.submitted_at or entry.unknown_at
        if entry.reviews:
            # A person ordered another call after one whose end nobody knows.
            begun = max(begun or 0, entry.decided_at or now)
        elif begun is None:
            return in_hand if _may_be_told(entry) else 0
        elif _is_over(entry):
            return in_hand
        return max(in_hand, begun + self.late_seconds)

    def _pictures(self, erasure: Erasure) -> Iterator[str]:
        """Found by the shopper and not by rows: S3 may keep a picture longer than those live."""
        shopper_key = erasure.shopper_key
        later = tuple(
            result_prefix(shopper_key, row["tryOnId"])
            for row in self.requests.of_shopper(shopper_key)
            if row["wishedAt"] > erasure.erased_at
        )
        for key in self.result_bucket.keys(shopper_results(shopper_key)):
            if not key.startswith(later):
                yield key

    def _requests(self, erasure: Erasure) -> list[Row]:
        rows = self.requests.of_shopper(erasure.shopper_key)
        return [row for row in rows if row["wishedAt"] <= erasure.erased_at]

    def _photos(self, erasure: Erasure) -> list[Photo]:
        photos = self.photos.of_shopper(erasure.shopper_key)
        return [photo for photo in photos if photo.taken_at <= erasure.erased_at]

    def _objects(self, erasure: Erasure, external_user_id: str) -> Iterator[str]:
        for prefix in photo_prefixes(external_user_id):
            for key, modified_at in self.photo_bucket.listing(prefix):
                if modified_at <= erasure.erased_at:
                    yield key


def _may_be_told(entry: Entry) -> bool:
    """Whether an event about a try-on that was never submitted may be on its way."""
    deferral = entry.deferred_at is not None and not entry.deferral_announced
    outcome = entry.decided_at is not None and entry.published_at is None
    return deferral or outcome


def _is_over(entry: Entry) -> bool:
    """Whether Genlook itself said that the generation has ended; a copy may be under way."""
    verdict = entry.verdict
    return verdict is not None and (
        verdict.outcome is Outcome.COMPLETED or verdict.reason is Reason.GENERATION_FAILED
    )
