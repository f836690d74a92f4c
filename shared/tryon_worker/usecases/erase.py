"""Erases a shopper: here and at Genlook, and once more when nothing late can come back (P4)."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Clock, Sleep
from tryon_worker.events import Publisher
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import GenlookError, RateLimited
from tryon_worker.identity import Identities, photo_prefixes
from tryon_worker.objects import Bucket, result_prefix
from tryon_worker.observability import logger
from tryon_worker.store import keys
from tryon_worker.store.entry import OPEN_STATES, Entry, Reason, State
from tryon_worker.store.erasures import Erasure, Erasures
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.photos import Photo, Photos, PhotoState
from tryon_worker.store.requests import Requests
from tryon_worker.store.table import Table, delete
from tryon_worker.usecases.door import Door

# How soon an erasure that could not be finished is taken up again by housekeeping.
RETRY_SECONDS = 300

# An upload or a submit that was under way when the tombstone came may end this much later; then
# its closing write is refused. Longer than any of our Lambdas lives.
IN_FLIGHT_SECONDS = 300


class ErasureNotDone(Exception):
    """Genlook did not confirm the deletion: the erasure stays open and is taken up again."""


@dataclass(frozen=True)
class Swept:
    """What one sweep found; ``quiet_at`` is when the last of it can no longer leave anything."""

    photos: int
    results: int
    try_ons: int
    quiet_at: int


@dataclass(frozen=True)
class Erase:
    """Opens an erasure, sweeps, and closes it when no intent of the shopper is open any more."""

    table: Table
    erasures: Erasures
    ledger: Ledger
    requests: Requests
    photos: Photos
    photo_bucket: Bucket
    result_bucket: Bucket
    door: Door
    budget: Budget
    publisher: Publisher
    identities: Identities
    delete_customer: Callable[[str], None]
    clock: Clock
    sleep: Sleep
    deadline_seconds: int
    late_margin_seconds: int

    def __call__(self, external_user_id: str, request_id: str) -> None:
        """Carries out an erasure request; a repeat of a closed one does nothing.

        Raises
        ------
        ErasureNotDone
            Genlook has not confirmed; the request is kept and will be taken up again.
        """
        shopper_key = self.identities.shopper_key(external_user_id)
        erasure = self.erasures.open(
            shopper_key,
            self.identities.request_key(request_id),
            request_id=request_id,
            external_user_id=external_user_id,
            now=int(self.clock()),
        )
        self._go_on(erasure)

    def again(self, shopper_key: str, request_key: str) -> None:
        """Takes up an erasure that is open.

        Raises
        ------
        ErasureNotDone
            As above.
        """
        erasure = self.erasures.get(shopper_key, request_key)
        if erasure is not None:
            self._go_on(erasure)

    def _go_on(self, erasure: Erasure) -> None:
        if erasure.closed_at is None:
            swept = self._sweep(erasure)
            now = int(self.clock())
            done = swept.quiet_at <= now
            due_at = now if done else swept.quiet_at
            erasure = self.erasures.swept(
                erasure,
                photos=swept.photos,
                results=swept.results,
                try_ons=swept.try_ons,
                due_at=due_at,
            )
            if not done:
                return
            self.erasures.close(erasure, now=now)
        if not erasure.announced:
            self._announce(erasure)

    def _sweep(self, erasure: Erasure) -> Swept:
        """Once over everything; what the shopper did after the request is left alone.

        The order matters: first nothing new can be made from what is here, then Genlook forgets,
        then our rows, by which a sweep that was cut short finds its way.
        """
        external_user_id = erasure.external_user_id or ""
        quiet_at, try_ons, results = self._end_try_ons(erasure)
        photos = self._photos_before(erasure)
        quiet_at = max(quiet_at, *(self._upload_quiet_at(photo) for photo in photos), 0)
        self._forget_at_genlook(external_user_id)
        objects = self._old_objects(erasure, external_user_id)
        self.photo_bucket.delete(objects)
        for photo in photos:
            self.table.write(delete(keys.photo(photo.shopper_key, photo.photo_id)))
        return Swept(len(objects), results, try_ons, quiet_at)

    def _end_try_ons(self, erasure: Erasure) -> tuple[int, int, int]:
        quiet_at = try_ons = results = 0
        for row in self.requests.of_shopper(erasure.shopper_key):
            if row["wishedAt"] > erasure.erased_at:
                continue  # a new wish of a new consent: it waits until the erasure closes
            entry = self.ledger.get(row["tryOnId"])
            quiet = self._quiet_at(entry) if entry else 0
            if entry is not None:
                # In this order: what was decided before is still to be said in its own words.
                self.door.end_erased(entry, from_states=OPEN_STATES)
                self.requests.redact(erasure.shopper_key, entry.try_on_id)
            pictures = list(self.result_bucket.keys(result_prefix(row["tryOnId"])))
            self.result_bucket.delete(pictures)
            results += len(pictures)
            if quiet <= int(self.clock()):
                # Until then the row, stripped of its wish, leads the next sweep to the picture.
                self.table.write(delete((row["pk"], row["sk"])))
                try_ons += 1
            quiet_at = max(quiet_at, quiet)
        return quiet_at, try_ons, results

    def _quiet_at(self, entry: Entry) -> int:
        """Until when the generation of a try-on may still put a picture at Genlook."""
        begun = entry.submitted_at or entry.unknown_at
        if entry.state is State.SUBMITTING:
            begun = int(self.clock()) + IN_FLIGHT_SECONDS
        ended_by_itself = (
            entry.verdict is not None
            and entry.verdict.reason is not Reason.TIMED_OUT
            and entry.verdict.reason is not Reason.CUSTOMER_ERASED
        )
        if begun is None or ended_by_itself:
            return 0
        return begun + self.deadline_seconds + self.late_margin_seconds

    def _photos_before(self, erasure: Erasure) -> list[Photo]:
        photos = self.photos.of_shopper(erasure.shopper_key)
        return [photo for photo in photos if photo.taken_at <= erasure.erased_at]

    def _upload_quiet_at(self, photo: Photo) -> int:
        return photo.lease_until if photo.state is PhotoState.UPLOADING else 0

    def _old_objects(self, erasure: Erasure, external_user_id: str) -> list[str]:
        return [
            key
            for prefix in photo_prefixes(external_user_id)
            for key, modified_at in self.photo_bucket.listing(prefix)
            if modified_at <= erasure.erased_at
        ]

    def _forget_at_genlook(self, external_user_id: str) -> None:
        slot = self.budget.take(CallClass.ERASURE)
        if isinstance(slot, NoSlot):
            raise ErasureNotDone("no request to Genlook is free")
        self.sleep(slot.wait_seconds)
        try:
            self.delete_customer(external_user_id)
        except GenlookError as error:
            if isinstance(error, RateLimited):
                self.budget.pause(error.retry_after)
            logger.warning(
                "Genlook did not confirm a deletion",
                extra={"kind": type(error).__name__, "code": error.code, "status": error.status},
            )
            raise ErasureNotDone(type(error).__name__) from error

    def _announce(self, erasure: Erasure) -> None:
        """Of the shopper nothing is said but the keyed hash."""
        self.publisher.publish(
            "CustomerErased",
            {
                "requestId": erasure.request_id,
                "shopperHash": erasure.shopper_key,
                "erased": {
                    "photos": erasure.photos,
                    "results": erasure.results,
                    "tryOns": erasure.try_ons,
                },
            },
            occurred_at=erasure.closed_at,
        )
        self.erasures.announced(erasure)
