"""The three kinds in which the paid call can end, and the one way on from each (promise P1).

Not sent, or surely refused: nothing was charged, so the try-on goes back to its claim and on from
there. Unknown: no machine repeats it, a person decides. The type of the error says which it is.
"""

from dataclasses import dataclass

from tryon_worker.breaker import Breaker, ShutBy
from tryon_worker.budget import DEFAULT_PAUSE_SECONDS, Budget
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
from tryon_worker.store.ledger import Ledger, Moved
from tryon_worker.store.photos import Photos
from tryon_worker.store.products import Products
from tryon_worker.store.table import ConditionFailed, Table
from tryon_worker.usecases.after_submit import FIRST_CHECK_SECONDS, Begin
from tryon_worker.usecases.door import Door
from tryon_worker.usecases.dress import Dressed
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.person import Found


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

    def succeeded(self, answer: Submitted, entry: Entry, attempt: str, dressed: Dressed) -> None:
        """Genlook took it: the ``generationId`` is saved, then the wait loop starts."""
        now = int(self.clock())
        external_id = dressed.product.external_id
        writes = [
            self.ledger.submitted(
                entry.try_on_id,
                attempt,
                generation_id=answer.generation_id,
                now=now,
                deadline_at=now + self.deadline_seconds,
                shut_before=self.breaker.state().shut_seconds(now),
                due_at=now + FIRST_CHECK_SECONDS,
            )
        ]
        if external_id and dressed.accepted_hash:
            writes.append(self.products.acceptance(external_id, dressed.accepted_hash))
        try:
            self.table.transact(writes)
        except ConditionFailed:
            # A person closed or retried it meanwhile, or the shopper was erased.
            logger.warning(
                "answer came too late",
                extra={"tryOnId": entry.try_on_id, "generationId": answer.generation_id},
            )
            return
        self._known_end()
        submitted = self.ledger.get(entry.try_on_id)
        if submitted is not None and submitted.state is State.SUBMITTED:
            self.begin(submitted)

    def failed(
        self, error: GenlookError, entry: Entry, attempt: str, dressed: Dressed, found: Found
    ) -> None:
        """The call ended in an error; its type says what that means."""
        logger.info(
            "paid call ended in an error",
            extra={
                "tryOnId": entry.try_on_id,
                "kind": type(error).__name__,
                "code": error.code,
                "status": error.status,
            },
        )
        if isinstance(error, NotSent):
            self.ledger.back_to_claimed(entry.try_on_id, attempt)
            self.park.until_retry(entry, attempt)
        elif isinstance(error, Refused):
            self._refused(error, entry, attempt, dressed, found)
        else:
            self._unknown(error, entry, attempt)

    def _refused(
        self, error: Refused, entry: Entry, attempt: str, dressed: Dressed, found: Found
    ) -> None:
        if isinstance(error, RateLimited):
            self.budget.pause(error.retry_after)
            self.ledger.back_to_claimed(entry.try_on_id, attempt)
            wait = DEFAULT_PAUSE_SECONDS if error.retry_after is None else error.retry_after
            self.park.until_budget(entry, attempt, wait)
            return
        if isinstance(error, AccountRefused):
            self._account_refused(error, entry, attempt)
            return
        self._known_end()
        remedy = _remedy(error, entry, dressed, found)
        if remedy is None:
            verdict = Verdict(Outcome.FAILED, Reason.REJECTED, error.code)
            self.door.decide(
                entry,
                verdict,
                from_states=(State.SUBMITTING,),
                attempt=attempt,
                message=error.message,
            )
            return
        self.ledger.back_to_claimed(entry.try_on_id, attempt, remedy)
        if remedy == "PHOTO" and found.photo is not None:
            self.photos.doubt(found.photo)
        if remedy == "PRODUCT" and dressed.product.external_id:
            self.products.forget_acceptance(dressed.product.external_id)
        self.park.until_retry(entry, attempt)
        self.tryon_queue.send_step(entry.try_on_id, wished_at=entry.wished_at)

    def _account_refused(self, error: AccountRefused, entry: Entry, attempt: str) -> None:
        self.ledger.back_to_claimed(entry.try_on_id, attempt)
        if isinstance(error, InsufficientCredits):
            if self.breaker.shut(ShutBy.INSUFFICIENT_CREDITS):
                self.publisher.publish("CreditsExhausted", {})
        elif self.api_key.reread():
            # The key was changed; this process still had the old one.
            self.park.until_retry(entry, attempt)
            self.tryon_queue.send_step(entry.try_on_id, wished_at=entry.wished_at)
            return
        else:
            self.breaker.shut(ShutBy.INVALID_API_KEY)
        self.park.until_breaker_opens(entry, attempt)

    def _unknown(self, error: GenlookError, entry: Entry, attempt: str) -> None:
        reason = error.code or type(error).__name__
        try:
            unknown = self.ledger.unknown(
                entry.try_on_id, attempt, reason=reason, now=int(self.clock())
            )
        except Moved:
            return  # housekeeping found the lease over and said so already
        self.door.announce_review(unknown)
        self.breaker.unknown_end()

    def _known_end(self) -> None:
        self.breaker.known_end()


def _remedy(error: Refused, entry: Entry, dressed: Dressed, found: Found) -> str | None:
    """What may be done, once, so that the same wish is taken after all."""
    if isinstance(error, ProductNotFound) and dressed.can_be_inline:
        return "PRODUCT" if "PRODUCT" not in entry.remedies else None
    if isinstance(error, UncataloguedRefusal) and isinstance(found.person, PersonById):
        return "PHOTO" if "PHOTO" not in entry.remedies else None
    return None
