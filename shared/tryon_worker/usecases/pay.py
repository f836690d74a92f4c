"""Makes the paid call for a try-on: at most once, and only when nothing speaks against it.

Promise P1 is kept here: ``SUBMITTING`` is written, by one attempt alone, before the call; each of
the three kinds in which the call can end has its one way on (``submit_ends``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.breaker import Breaker
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Clock, Sleep
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import GenlookError, Output, PersonById, Submitted, TryOn
from tryon_worker.observability import logger
from tryon_worker.store.caps import Cap, Caps, day_of
from tryon_worker.store.conflicts import Contention
from tryon_worker.store.entry import Entry, State
from tryon_worker.store.ledger import Ledger, found_entry
from tryon_worker.store.products import Products
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import ConditionFailed, Table, Write
from tryon_worker.usecases.door import ShopperErased
from tryon_worker.usecases.dress import Dress, Dressed
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.person import Found
from tryon_worker.usecases.submit_ends import Paid, SubmitEnds
from tryon_worker.wishes import Wish

SAVE_SECONDS = 20
"""What the writes before and after the call may take, where others keep the rows busy."""


class ProductChanged(Exception):
    """Another call took the same product to Genlook since it was looked at: look again."""


@dataclass(frozen=True)
class Ready:
    """What the paid call is to be made for."""

    entry: Entry
    attempt: str
    wish: Wish
    found: Found


@dataclass(frozen=True)
class Pay:
    """Passes the gates in their order (breaker, budget, time, caps), then pays."""

    table: Table
    ledger: Ledger
    shoppers: Shoppers
    products: Products
    dress: Dress
    budget: Budget
    breaker: Breaker
    caps: Caps
    park: Park
    ends: SubmitEnds
    call: Callable[[TryOn], Submitted]
    call_seconds: float
    clock: Clock
    sleep: Sleep
    keep_for_days: int

    def __call__(self, ready: Ready, time_left: Callable[[], float]) -> None:
        """Makes the call, or lets the try-on wait for what stands in its way.

        Raises
        ------
        ObjectGone, ObjectTooLarge
            A product image cannot be sent.
        ShopperErased, ProductChanged
            Nothing was written.
        """
        entry, attempt = ready.entry, ready.attempt
        now = int(self.clock())
        breaker = self.breaker.state()
        if breaker.turns_away(now):
            return self.park.until_breaker_opens(entry, attempt)
        inline = "PRODUCT" in entry.remedies
        dressed = self.dress(ready.wish.product, now=now, inline=inline)
        slot = self.budget.take(CallClass.BULK if entry.bulk else CallClass.SUBMIT)
        if isinstance(slot, NoSlot):
            return self.park.until_budget(entry, attempt, slot.retry_seconds)
        self.sleep(slot.wait_seconds)
        if time_left() < self.call_seconds + SAVE_SECONDS:
            # A worker that is stopped within the call would leave an end that nobody knows.
            return self.park.until_retry(entry, attempt)
        if not self.breaker.admits(attempt):
            return self.park.until_breaker_opens(entry, attempt)
        return self._in_turn(ready, dressed, breaker.shut_seconds(now), time_left)

    def _in_turn(
        self, ready: Ready, dressed: Dressed, shut_before: int, time_left: Callable[[], float]
    ) -> None:
        """From here on the breaker's turn may be ours: it is given back where no call is made."""
        marked_at = int(self.clock())
        try:
            marked = self._mark_submitting(ready, dressed, marked_at)
        except (ShopperErased, ProductChanged):
            self.breaker.give_back(ready.attempt)
            raise
        if not marked:
            return self.breaker.give_back(ready.attempt)
        paid = Paid(ready.entry, ready.attempt, dressed, ready.found, shut_before)
        if self.clock() - marked_at > SAVE_SECONDS or time_left() < self.call_seconds:
            return self.ends.not_made(paid)
        return self._pay(paid, self._request(ready, dressed))

    def _mark_submitting(self, ready: Ready, dressed: Dressed, now: int) -> bool:
        entry, attempt = ready.entry, ready.attempt
        lease_until = now + int(self.call_seconds) + 2 * SAVE_SECONDS
        photo = ready.found.photo
        writes: dict[str, Write] = {
            "claim": self.ledger.submission(
                entry.try_on_id,
                attempt,
                now=now,
                lease_until=lease_until,
                capped_on=day_of(now),
                photo_id=photo.photo_id if photo else "",
            ),
            "tombstone": self.shoppers.may_leave_traces(entry.shopper_key, made_at=entry.wished_at),
        }
        if not entry.capped_on:  # what a try-on was granted once is not taken for its next call
            writes.update(self.caps.grants(entry.shopper_key, now=now, bulk=entry.bulk))
        if dressed.offer and dressed.product.external_id:
            writes["product"] = self.products.offering(
                dressed.product.external_id, dressed.offer, attempt, until=lease_until
            )
        return self._write(writes, ready, now)

    def _write(self, writes: dict[str, Write], ready: Ready, now: int) -> bool:
        try:
            self.table.transact(list(writes.values()))
        except ConditionFailed as failed:
            if _is_ours(failed, ready.attempt):
                return True
            refused = [name for place, name in enumerate(writes) if failed.at(place)]
            self._not_granted(ready, refused, now)
            return False
        except Contention:
            self.park.until_retry(ready.entry, ready.attempt)
            return False
        return True

    def _not_granted(self, ready: Ready, refused: list[str], now: int) -> None:
        entry, attempt = ready.entry, ready.attempt
        if "claim" in refused:
            return  # the claim ran out and another worker has it
        if "tombstone" in refused:
            if self.shoppers.get(entry.shopper_key).erased(entry.wished_at):
                raise ShopperErased
            self.park.until_erasure_closes(entry, attempt)
        elif "product" in refused:
            raise ProductChanged
        else:
            # The shopper's own last: what is all the stack's is over for everybody.
            cap = next(cap for cap in (Cap.STACK, Cap.BULK, Cap.SHOPPER) if cap in refused)
            self.park.until_next_day(entry, attempt, cap, now=now)

    def _pay(self, paid: Paid, request: TryOn) -> None:
        """The one place where a credit is spent."""
        try:
            answer = self.call(request)
        except GenlookError as error:
            return self.ends.failed(error, paid)
        # Logged before it is saved: should the save fail, a person can still find it.
        logger.info(
            "submitted",
            extra={"tryOnId": paid.entry.try_on_id, "generationId": answer.generation_id},
        )
        return self.ends.succeeded(answer, paid)

    def _request(self, ready: Ready, dressed: Dressed) -> TryOn:
        wished = ready.wish.output
        keep = min(wished.keep_for_days or self.keep_for_days, self.keep_for_days)
        by_id = isinstance(ready.found.person, PersonById)
        return TryOn(
            product=dressed.product,
            person=ready.found.person,
            external_user_id=ready.wish.external_user_id,
            # Genlook ignores the retention where the photo came by id: the photo's own counts.
            output=Output(watermark=wished.watermark, keep_for_days=None if by_id else keep),
        )


def _is_ours(failed: ConditionFailed, attempt: str) -> bool:
    """Whether the mark was made after all: its answer was lost and it was made again."""
    entry = found_entry(failed)
    return entry is not None and entry.state is State.SUBMITTING and entry.attempt == attempt
