"""Takes a try-on one step further: claims it, gathers what the paid call needs, lets it be made.

One attempt at a time has the claim; what cannot go on now is parked, what never can is ended.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.objects import ObjectGone, ObjectTooLarge
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict
from tryon_worker.store.ledger import Ledger, Moved
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import PhotosChanged, Shoppers
from tryon_worker.usecases.after_submit import Begin
from tryon_worker.usecases.door import Door, ShopperErased
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.pay import Pay, ProductChanged, Ready
from tryon_worker.usecases.person import FindPerson, NotYet, Rejected

# A claim that is older than this belongs to a worker that died: longer than the try-on Lambda's
# timeout in template.yaml.
CLAIM_SECONDS = 150

# A shopper who uploads a photo at this very moment is seen on the second look; one who uploads
# without pause may wait for housekeeping.
_LOOKS = 3


class UnknownTryOn(LookupError):
    """A message names a try-on that was never accepted; it is poison."""


@dataclass(frozen=True)
class Submit:
    """Does what is next for a try-on."""

    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    find_person: FindPerson
    pay: Pay
    park: Park
    begin: Begin
    door: Door
    clock: Clock
    new_attempt: Callable[[], str]

    def __call__(self, try_on_id: str, time_left: Callable[[], float]) -> None:
        """Does what is next for a try-on; ``time_left`` are the seconds the worker still has.

        Raises
        ------
        UnknownTryOn
            There is no such try-on.
        """
        entry = self.ledger.get(try_on_id)
        if entry is None:
            raise UnknownTryOn(try_on_id)
        if entry.state is State.DECIDED:
            self.door.publish(try_on_id)
        elif entry.state is State.SUBMITTED:
            self.begin(entry)
        elif entry.state in (State.ACCEPTED, State.WAITING, State.CLAIMED):
            self._claim(entry, time_left)
        # SUBMITTING is another worker's, or housekeeping's once its lease is over; UNKNOWN a
        # person's. To repeat the call is not an option in either.

    def _claim(self, entry: Entry, time_left: Callable[[], float]) -> None:
        attempt = self.new_attempt()
        now = int(self.clock())
        try:
            claimed = self.ledger.claim(
                entry.try_on_id, attempt, now=now, lease_until=now + CLAIM_SECONDS
            )
        except Moved:
            return  # another delivery of the same message was faster
        try:
            self._look_again_if_changed(claimed, attempt, time_left)
        except ShopperErased:
            # Only what is still this attempt's: a call that another makes must stay in sight.
            states = (State.CLAIMED, State.SUBMITTING)
            self.door.end_erased(claimed, from_states=states, attempt=attempt)
        except Exception:
            # Not dealt with here. But the message comes again within seconds, and would find the
            # claim taken and be gone: a step that fails each time would never be a dead letter.
            self.park.until_redelivery(claimed, attempt)
            raise

    def _look_again_if_changed(
        self, entry: Entry, attempt: str, time_left: Callable[[], float]
    ) -> None:
        for _ in range(_LOOKS):
            try:
                return self._prepare(entry, attempt, time_left)
            except (PhotosChanged, ProductChanged):
                continue
        return self.park.until_retry(entry, attempt)

    def _prepare(self, entry: Entry, attempt: str, time_left: Callable[[], float]) -> None:
        wish = self.requests.get(entry.shopper_key, entry.try_on_id)
        shopper = self.shoppers.get(entry.shopper_key)
        if wish is None or shopper.erased(entry.wished_at):
            raise ShopperErased
        if self.park.gives_up(entry):
            return self._fail(entry, attempt, Reason.TIMED_OUT, message="it could not be sent")
        if shopper.erasing:
            return self.park.until_erasure_closes(entry, attempt)
        found = self.find_person(entry.shopper_key, wish, now=int(self.clock()))
        if isinstance(found, NotYet):
            return self.park.until_photo_comes(entry, attempt, wish, shopper)
        if isinstance(found, Rejected):
            return self._fail(
                entry,
                attempt,
                Reason.PHOTO_REJECTED,
                code=found.code,
                message=found.message,
                photo_revision=shopper.photo_revision,
            )
        try:
            return self.pay(Ready(entry, attempt, wish, found), time_left)
        except (ObjectGone, ObjectTooLarge) as unusable:
            gone = isinstance(unusable, ObjectGone)
            return self._fail(
                entry,
                attempt,
                Reason.REJECTED,
                code="PRODUCT_IMAGE_MISSING" if gone else "PRODUCT_IMAGE_TOO_LARGE",
                message=f"product.images: an object is {'gone' if gone else 'too large'}",
            )

    def _fail(
        self,
        entry: Entry,
        attempt: str,
        reason: Reason,
        *,
        code: str | None = None,
        message: str | None = None,
        photo_revision: int | None = None,
    ) -> None:
        self.door.decide(
            entry,
            Verdict(Outcome.FAILED, reason, code),
            from_states=(State.CLAIMED,),
            attempt=attempt,
            photo_revision=photo_revision,
            message=message,
        )
