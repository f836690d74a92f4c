"""Makes the paid call for a try-on: at most once, and only when nothing speaks against it.

Promise P1 is kept here: ``SUBMITTING`` is written, by one attempt alone, before the call; each of
the three kinds in which the call can end has its one way on.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.breaker import Breaker, Gate
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Clock, Sleep
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import GenlookError, Output, PersonById, Submitted, TryOn
from tryon_worker.objects import ObjectGone
from tryon_worker.observability import logger
from tryon_worker.store.caps import Caps, day_of
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict
from tryon_worker.store.ledger import Ledger, Moved
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import Shopper, Shoppers
from tryon_worker.store.table import ConditionFailed, Table
from tryon_worker.usecases.after_submit import Begin
from tryon_worker.usecases.door import Door, ShopperErased
from tryon_worker.usecases.dress import Dress, Dressed
from tryon_worker.usecases.park import Park, PhotosChanged
from tryon_worker.usecases.person import FindPerson, Found, NotYet, Rejected
from tryon_worker.usecases.submit_ends import SubmitEnds
from tryon_worker.wishes import Wish

# A claim that is older than this belongs to a worker that died: longer than the try-on Lambda's
# timeout in template.yaml.
CLAIM_SECONDS = 150

# A shopper who uploads a photo at this very moment is seen on the second look; one who uploads
# without pause may wait for housekeeping.
_LOOKS_FOR_PHOTO = 3


class UnknownTryOn(LookupError):
    """A message names a try-on that was never accepted; it is poison."""


@dataclass(frozen=True)
class Ready:
    """All that the paid call needs."""

    entry: Entry
    attempt: str
    wish: Wish
    found: Found
    dressed: Dressed


@dataclass(frozen=True)
class Submit:
    """Takes a try-on one step further."""

    table: Table
    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    find_person: FindPerson
    dress: Dress
    budget: Budget
    breaker: Breaker
    caps: Caps
    park: Park
    begin: Begin
    door: Door
    ends: SubmitEnds
    call: Callable[[TryOn], Submitted]
    call_seconds: float
    clock: Clock
    sleep: Sleep
    new_attempt: Callable[[], str]
    keep_for_days: int

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
            self._prepare_again_if_photos_change(claimed, attempt, time_left)
        except ShopperErased:
            self.door.end_erased(claimed, from_states=(State.CLAIMED, State.SUBMITTING))

    def _prepare_again_if_photos_change(
        self, entry: Entry, attempt: str, time_left: Callable[[], float]
    ) -> None:
        for _ in range(_LOOKS_FOR_PHOTO):
            try:
                return self._prepare(entry, attempt, time_left)
            except PhotosChanged:
                continue
        return self.park.until_retry(entry, attempt)

    def _prepare(self, entry: Entry, attempt: str, time_left: Callable[[], float]) -> None:
        wish = self.requests.get(entry.shopper_key, entry.try_on_id)
        shopper = self.shoppers.get(entry.shopper_key)
        if wish is None or shopper.erased(entry.wished_at):
            raise ShopperErased
        if shopper.erasing:
            return self.park.until_erasure_closes(entry, attempt)
        found = self.find_person(entry.shopper_key, wish, now=int(self.clock()))
        if isinstance(found, NotYet):
            return self.park.until_photo_comes(entry, attempt, wish, shopper)
        if isinstance(found, Rejected):
            verdict = Verdict(Outcome.FAILED, Reason.PHOTO_REJECTED, found.code)
            return self._fail(entry, attempt, verdict, found.message)
        try:
            dressed = self.dress(wish.product, inline="PRODUCT" in entry.remedies)
        except ObjectGone:
            verdict = Verdict(Outcome.FAILED, Reason.REJECTED, "PRODUCT_IMAGE_MISSING")
            return self._fail(
                entry, attempt, verdict, "product.images: an object is not in its bucket"
            )
        return self._pass_gates(Ready(entry, attempt, wish, found, dressed), time_left)

    def _fail(self, entry: Entry, attempt: str, verdict: Verdict, message: str | None) -> None:
        self.door.decide(
            entry, verdict, from_states=(State.CLAIMED,), attempt=attempt, message=message
        )

    def _pass_gates(self, ready: Ready, time_left: Callable[[], float]) -> None:
        entry, attempt = ready.entry, ready.attempt
        if self.breaker.state().gate is Gate.SHUT:
            return self.park.until_breaker_opens(entry, attempt)
        slot = self.budget.take(CallClass.SUBMIT)
        if isinstance(slot, NoSlot):
            return self.park.until_budget(entry, attempt, slot.retry_seconds)
        self.sleep(slot.wait_seconds)
        if time_left() < self.call_seconds:
            # A worker that is stopped within the call would leave an end that nobody knows.
            return self.park.until_retry(entry, attempt)
        if not self.breaker.admits(attempt):
            return self.park.until_breaker_opens(entry, attempt)
        if self._mark_submitting(ready):
            self._pay(ready)
        return None

    def _mark_submitting(self, ready: Ready) -> bool:
        entry, now = ready.entry, int(self.clock())
        writes = [
            self.ledger.submission(
                entry.try_on_id,
                ready.attempt,
                lease_until=now + int(self.call_seconds) + 1,
                capped_on=day_of(now),
                photo_id=ready.found.photo.photo_id if ready.found.photo else "",
            ),
            self.shoppers.may_leave_traces(entry.shopper_key, made_at=entry.wished_at),
            # What a try-on was granted once is not taken again for its next call.
            *([] if entry.capped_on else self.caps.grants(entry.shopper_key, now=now)),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            self._not_granted(ready, failed)
            return False
        return True

    def _not_granted(self, ready: Ready, failed: ConditionFailed) -> None:
        if failed.at(0):
            return  # the claim ran out and another worker has it
        if failed.at(1):
            shopper: Shopper = self.shoppers.get(ready.entry.shopper_key)
            if shopper.erased(ready.entry.wished_at):
                raise ShopperErased from failed
            self.park.until_erasure_closes(ready.entry, ready.attempt)
        else:
            self.park.until_next_day(ready.entry, ready.attempt, of_stack=failed.at(2))

    def _pay(self, ready: Ready) -> None:
        """The one place where a credit is spent."""
        try:
            answer = self.call(self._request(ready))
        except GenlookError as error:
            return self.ends.failed(error, ready.entry, ready.attempt, ready.dressed, ready.found)
        # Logged before it is saved: should the save fail, a person can still find it.
        logger.info(
            "submitted",
            extra={"tryOnId": ready.entry.try_on_id, "generationId": answer.generation_id},
        )
        return self.ends.succeeded(answer, ready.entry, ready.attempt, ready.dressed)

    def _request(self, ready: Ready) -> TryOn:
        wished = ready.wish.output
        keep = min(wished.keep_for_days or self.keep_for_days, self.keep_for_days)
        by_id = isinstance(ready.found.person, PersonById)
        return TryOn(
            product=ready.dressed.product,
            person=ready.found.person,
            external_user_id=ready.wish.external_user_id,
            # Genlook ignores the retention where the photo came by id: the photo's own counts.
            output=Output(watermark=wished.watermark, keep_for_days=None if by_id else keep),
        )
