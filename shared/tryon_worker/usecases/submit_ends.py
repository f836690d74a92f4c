"""The three kinds in which the paid call can end, and the one way on from each (promise P1).

Not sent, or surely refused: nothing was charged, so the try-on goes back to its claim and on from
there. That is the first thing written: whoever is cut short before it leaves an end that nobody
knows. Unknown: no machine repeats it, a person decides. The type of the error says which it is.
"""

from dataclasses import dataclass

from tryon_worker.breaker import Breaker, ShutBy
from tryon_worker.budget import Budget
from tryon_worker.clock import Clock
from tryon_worker.events import Publisher
from tryon_worker.genlook import (
    AccountRefused,
    GenlookError,
    InsufficientCredits,
    NotSent,
    PersonById,
    ProductNotFound,
    RateLimited,
    Refused,
    Submitted,
    UncataloguedRefusal,
)
from tryon_worker.observability import logger
from tryon_worker.queues import TryOnQueue
from tryon_worker.secrets import Secret
from tryon_worker.store.entry import Entry, Outcome, Reason, State, Verdict
from tryon_worker.store.ledger import Ledger, Moved, found_entry
from tryon_worker.store.photos import Photos
from tryon_worker.store.products import Products
from tryon_worker.store.table import NOT_WRITTEN, ConditionFailed, Table, Write
from tryon_worker.usecases.after_submit import FIRST_CHECK_SECONDS, Begin
from tryon_worker.usecases.door import Door
from tryon_worker.usecases.dress import Dressed
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.person import Found

# From a call that was not charged until the try-on is parked, which is done at once: a worker
# that dies in between is noticed by then.
_BACK_SECONDS = 60


@dataclass(frozen=True)
class Paid:
    """A paid call and what it was made with.

    ``shut_before`` is for how long the breaker had been shut by then: known before the call, for
    between its answer and the save nothing may be left that can fail.
    """

    entry: Entry
    attempt: str
    dressed: Dressed
    found: Found
    shut_before: int


@dataclass(frozen=True)
class SubmitEnds:
    """Writes down how the paid call ended."""

    table: Table
    ledger: Ledger
    products: Products
    budget: Budget
    breaker: Breaker
    park: Park
    begin: Begin
    door: Door
    publisher: Publisher
    tryon_queue: TryOnQueue
    photos: Photos
    api_key: Secret
    clock: Clock
    deadline_seconds: int

    def succeeded(self, answer: Submitted, paid: Paid) -> None:
        """Genlook took it: the ``generationId`` is saved, then the wait loop starts."""
        entry, now = paid.entry, int(self.clock())
        generation = self.ledger.submitted(
            entry.try_on_id,
            paid.attempt,
            generation_id=answer.generation_id,
            now=now,
            deadline_at=now + self.deadline_seconds,
            shut_before=paid.shut_before,
            due_at=now + FIRST_CHECK_SECONDS,
        )
        saved = self._save(generation, paid, answer.generation_id)
        self.breaker.known_end(paid.attempt)
        if not saved:
            # A person closed or retried it meanwhile, or the shopper was erased.
            _log_late(paid, generationId=answer.generation_id)
            return
        submitted = self.ledger.get(entry.try_on_id)
        if submitted is not None and submitted.state is State.SUBMITTED:
            self.begin(submitted)

    def _save(self, generation: Write, paid: Paid, generation_id: str) -> bool:
        """Writes the ``generationId``, whose it is, and what Genlook now has of the product.

        The first is worth most: if they cannot be written together, whatever the reason, it is
        written without the last, and then alone. Without the last the product goes inline once
        more; without the second a person could adopt the generation for another try-on.
        """
        entry = paid.entry
        owned = self.ledger.ownership(entry.try_on_id, generation_id, now=int(self.clock()))
        for along in [*self._acceptance(paid), owned], [owned]:
            try:
                self.table.transact([generation, *along])
            except NOT_WRITTEN:
                logger.info(
                    "generation not saved with the rest", extra={"tryOnId": entry.try_on_id}
                )
            else:
                return True
        try:
            self.table.write(generation)
        except ConditionFailed as failed:
            found = found_entry(failed)
            return found is not None and found.generation_id == generation_id
        return True

    def _acceptance(self, paid: Paid) -> list[Write]:
        product, offer = paid.dressed.product, paid.dressed.offer
        if not offer or not product.external_id:
            return []
        return [self.products.acceptance(product.external_id, offer)]

    def failed(self, error: GenlookError, paid: Paid) -> None:
        """The call ended in an error; its type says what that means."""
        logger.info(
            "paid call ended in an error",
            extra={
                "tryOnId": paid.entry.try_on_id,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        try:
            if isinstance(error, NotSent):
                self.not_made(paid)
            elif isinstance(error, Refused):
                self._refused(error, paid)
            else:
                self._unknown(error, paid)
        except Moved:
            _log_late(paid)

    def not_made(self, paid: Paid) -> None:
        """Nothing reached Genlook: the same call may be made by the next attempt."""
        self._take_back(paid)
        self.breaker.give_back(paid.attempt)
        self.park.until_retry(paid.entry, paid.attempt)

    def _refused(self, error: Refused, paid: Paid) -> None:
        if isinstance(error, RateLimited):
            self._rate_limited(error, paid)
        elif isinstance(error, InsufficientCredits):
            self._credits_used_up(paid)
        elif isinstance(error, AccountRefused):
            self._key_refused(paid)
        else:
            try:
                self._wish_refused(error, paid)
            finally:
                self.breaker.known_end(paid.attempt)

    def _rate_limited(self, error: RateLimited, paid: Paid) -> None:
        self._take_back(paid)
        paused = self.budget.pause(error.retry_after)
        self.breaker.give_back(paid.attempt)
        self.park.until_budget(paid.entry, paid.attempt, paused)

    def _credits_used_up(self, paid: Paid) -> None:
        self._take_back(paid)
        newly_shut = self.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
        self.park.until_breaker_opens(paid.entry, paid.attempt)
        if newly_shut:  # what is cut short here is said by the next probe
            self.publisher.publish("CreditsExhausted", {})
            self.breaker.told()

    def _key_refused(self, paid: Paid) -> None:
        self._take_back(paid)
        if self.api_key.reread():
            # The key was changed; this process still had the old one.
            self.breaker.give_back(paid.attempt)
            self._once_more(paid)
        else:
            self.breaker.shut(ShutBy.INVALID_API_KEY)
            self.park.until_breaker_opens(paid.entry, paid.attempt)

    def _wish_refused(self, error: Refused, paid: Paid) -> None:
        entry = paid.entry
        remedy = _remedy(error, paid)
        if remedy is None:
            verdict = Verdict(Outcome.FAILED, Reason.REJECTED, error.code)
            self.door.decide(
                entry,
                verdict,
                # The second: nobody seemed to know the end, and this is it.
                from_states=(State.SUBMITTING, State.UNKNOWN),
                attempt=paid.attempt,
                message=error.message,
            )
            return
        if not self._take_back(paid, remedy):
            return
        if remedy == "PHOTO" and paid.found.photo is not None:
            self.photos.doubt(paid.found.photo)
        if remedy == "PRODUCT" and paid.dressed.product.external_id:
            self.products.forget_acceptance(paid.dressed.product.external_id)
        self._once_more(paid)

    def _unknown(self, error: GenlookError, paid: Paid) -> None:
        reason = error.code or type(error).__name__
        unknown = self.ledger.unknown(
            paid.entry.try_on_id, paid.attempt, reason=reason, now=int(self.clock())
        )
        # Counted before it is announced: that can be made up for, money cannot.
        self.breaker.unknown_end(paid.attempt)
        self.door.announce_review(unknown)

    def _take_back(self, paid: Paid, remedy: str | None = None) -> bool:
        """Whether it is ours again; what the answer says of the account counts in any case."""
        lease_until = int(self.clock()) + _BACK_SECONDS
        try:
            self.ledger.back_to_claimed(
                paid.entry.try_on_id, paid.attempt, lease_until=lease_until, remedy=remedy
            )
        except Moved:
            _log_late(paid)
            return False
        return True

    def _once_more(self, paid: Paid) -> None:
        """Another attempt goes on at once; housekeeping sees to it should the message be lost."""
        self.park.until_retry(paid.entry, paid.attempt)
        self.tryon_queue.send_step(paid.entry.try_on_id, wished_at=paid.entry.wished_at)


def _remedy(error: Refused, paid: Paid) -> str | None:
    """What may be done, once, so that the same wish is taken after all."""
    if isinstance(error, ProductNotFound) and paid.dressed.can_be_inline:
        remedy = "PRODUCT"
    elif isinstance(error, UncataloguedRefusal) and isinstance(paid.found.person, PersonById):
        remedy = "PHOTO"
    else:
        return None
    return None if remedy in paid.entry.remedies else remedy


def _log_late(paid: Paid, **more: str) -> None:
    logger.warning("answer came too late", extra={"tryOnId": paid.entry.try_on_id, **more})
