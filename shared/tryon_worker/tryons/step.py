"""One step of a try-on: claims it, selects the photo, and has the paid call made.

One attempt at a time holds the claim. A try-on that cannot go on now is deferred, one that never
can is ended.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.aws.buckets import ObjectGone, ObjectTooLarge
from tryon_worker.clock import Clock
from tryon_worker.photos.select import NoPhotoYet, PhotoSelector, RejectedPhoto
from tryon_worker.shoppers import PhotosChanged, Shoppers
from tryon_worker.tryons.defer import Defer
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.ledger import Ledger, StaleState
from tryon_worker.tryons.model import Outcome, Reason, State, TryOn, Verdict
from tryon_worker.tryons.outcome import OutcomePublisher, ShopperErased
from tryon_worker.tryons.start_polling import StartPolling
from tryon_worker.tryons.submit import PaidCall, ProductChanged, SubmissionInput

# A claim that is older than this belongs to a worker that died: longer than the try-on Lambda's
# timeout in template.yaml.
CLAIM_SECONDS = 150

# A photo that comes at this very moment is seen on the second try. A shopper who uploads without
# pause waits for housekeeping.
_TRIES = 3


class UnknownTryOn(LookupError):
    """A message names a try-on that was never accepted; no redelivery helps."""


@dataclass(frozen=True)
class TryOnStep:
    """Does what is next for a try-on."""

    ledger: Ledger
    details: TryOnDetails
    shoppers: Shoppers
    select_photo: PhotoSelector
    paid_call: PaidCall
    defer: Defer
    start_polling: StartPolling
    outcomes: OutcomePublisher
    clock: Clock
    new_attempt: Callable[[], str]

    def __call__(self, try_on_id: str, time_left: Callable[[], float]) -> None:
        """Does what is next for a try-on; ``time_left`` are the seconds the worker still has.

        Raises
        ------
        UnknownTryOn
            There is no such try-on.
        """
        try_on = self.ledger.get(try_on_id)
        if try_on is None:
            raise UnknownTryOn(try_on_id)
        if try_on.state is State.DECIDED:
            self.outcomes.publish(try_on_id)
        elif try_on.state is State.SUBMITTED:
            self.start_polling(try_on)
        elif try_on.state in (State.ACCEPTED, State.WAITING, State.CLAIMED):
            self._claim(try_on, time_left)
        # SUBMITTING belongs to another worker, or to housekeeping once its lease is over. UNKNOWN
        # belongs to a person. The call must not be repeated in either.

    def _claim(self, try_on: TryOn, time_left: Callable[[], float]) -> None:
        attempt = self.new_attempt()
        now = int(self.clock())
        try:
            claimed = self.ledger.claim(
                try_on.try_on_id, attempt, now=now, lease_until=now + CLAIM_SECONDS
            )
        except StaleState:
            return  # another delivery of the same message came first
        try:
            self._prepare_again_if_changed(claimed, attempt, time_left)
        except ShopperErased:
            # Only what this attempt still holds: a call that another one makes must stay in sight.
            states = (State.CLAIMED, State.SUBMITTING)
            self.outcomes.end_erased(claimed, from_states=states, attempt=attempt)
        except Exception:
            # The message comes again within seconds. If it found the claim taken it would be
            # deleted, and a step that always fails would never become a dead letter.
            self.defer.until_redelivery(claimed, attempt)
            raise

    def _prepare_again_if_changed(
        self, try_on: TryOn, attempt: str, time_left: Callable[[], float]
    ) -> None:
        for _ in range(_TRIES):
            try:
                return self._prepare(try_on, attempt, time_left)
            except (PhotosChanged, ProductChanged):
                continue
        return self.defer.until_retry(try_on, attempt)

    def _prepare(self, try_on: TryOn, attempt: str, time_left: Callable[[], float]) -> None:
        request = self.details.get(try_on.shopper_key, try_on.try_on_id)
        shopper = self.shoppers.get(try_on.shopper_key)
        if request is None or shopper.erased(try_on.requested_at):
            raise ShopperErased
        if self.defer.has_expired(try_on):
            return self._fail(try_on, attempt, Reason.TIMED_OUT, message="it could not be sent")
        if shopper.erasing:
            return self.defer.until_erasure_closes(try_on, attempt)
        found = self.select_photo(try_on.shopper_key, request, now=int(self.clock()))
        if isinstance(found, NoPhotoYet):
            return self.defer.until_photo_comes(try_on, attempt, request, shopper)
        if isinstance(found, RejectedPhoto):
            return self._fail(
                try_on,
                attempt,
                Reason.PHOTO_REJECTED,
                code=found.code,
                message=found.message,
                photo_revision=shopper.photo_revision,
            )
        try:
            return self.paid_call(SubmissionInput(try_on, attempt, request, found), time_left)
        except (ObjectGone, ObjectTooLarge) as unusable:
            gone = isinstance(unusable, ObjectGone)
            return self._fail(
                try_on,
                attempt,
                Reason.REJECTED,
                code="PRODUCT_IMAGE_MISSING" if gone else "PRODUCT_IMAGE_TOO_LARGE",
                message=f"product.images: an object is {'gone' if gone else 'too large'}",
            )

    def _fail(
        self,
        try_on: TryOn,
        attempt: str,
        reason: Reason,
        *,
        code: str | None = None,
        message: str | None = None,
        photo_revision: int | None = None,
    ) -> None:
        self.outcomes.decide(
            try_on,
            Verdict(Outcome.FAILED, reason, code),
            from_states=(State.CLAIMED,),
            attempt=attempt,
            photo_revision=photo_revision,
            message=message,
        )
