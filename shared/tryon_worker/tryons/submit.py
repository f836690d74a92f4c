"""The paid call of a try-on: made at most once.

Promise P1 is kept here. Exactly one attempt writes ``SUBMITTING``, and it does so before the call.
``submit_result`` handles the three kinds of end that the call can have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.account.circuit_breaker import CircuitBreaker
from tryon_worker.account.gcra import Priority
from tryon_worker.account.quotas import Quota, Quotas, day_of
from tryon_worker.account.rate_limiter import Denied, RateLimiter
from tryon_worker.aws.table import ConditionFailed, Contention, Table, Write
from tryon_worker.clock import Clock, Sleep
from tryon_worker.events.schemas import TryOnRequest
from tryon_worker.genlook import GenlookError, Output, PersonById, Submitted, TryOnInput
from tryon_worker.observability import logger
from tryon_worker.photos.select import PhotoFound
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.defer import Defer
from tryon_worker.tryons.ledger import Ledger, found_try_on
from tryon_worker.tryons.model import State, TryOn
from tryon_worker.tryons.outcome import ShopperErased
from tryon_worker.tryons.product import ProductResolver, ResolvedProduct
from tryon_worker.tryons.submit_result import Submission, SubmissionResult

if TYPE_CHECKING:
    from tryon_worker.catalogue.store import Products


SAVE_SECONDS = 20
"""The writes before and after the call may take so long where others keep the rows busy."""


class ProductChanged(Exception):
    """Another call sent the same product to Genlook since it was read: read it again."""


@dataclass(frozen=True)
class SubmissionInput:
    """What the paid call is to be made for."""

    try_on: TryOn
    attempt: str
    request: TryOnRequest
    found: PhotoFound


@dataclass(frozen=True)
class PaidCall:
    """Asks circuit breaker, rate limiter, time left and quotas in this order, then calls."""

    table: Table
    ledger: Ledger
    shoppers: Shoppers
    products: "Products"
    resolve_product: ProductResolver
    rate_limiter: RateLimiter
    circuit_breaker: CircuitBreaker
    quotas: Quotas
    defer: Defer
    result: SubmissionResult
    call: Callable[[TryOnInput], Submitted]
    call_seconds: float
    clock: Clock
    sleep: Sleep
    keep_for_days: int

    def __call__(self, ready: SubmissionInput, time_left: Callable[[], float]) -> None:
        """Makes the call, or defers the try-on until it can be made.

        Raises
        ------
        ObjectGone, ObjectTooLarge
            A product image cannot be sent.
        ShopperErased, ProductChanged
            Nothing was written.
        """
        try_on, attempt = ready.try_on, ready.attempt
        now = int(self.clock())
        circuit = self.circuit_breaker.circuit()
        if circuit.is_blocking(now):
            return self.defer.until_circuit_closes(try_on, attempt)
        inline = "PRODUCT" in try_on.fallbacks
        resolved = self.resolve_product(ready.request.product, now=now, inline=inline)
        permit = self.rate_limiter.take(Priority.BULK if try_on.bulk else Priority.SUBMIT)
        if isinstance(permit, Denied):
            return self.defer.until_rate(try_on, attempt, permit.retry_seconds)
        self.sleep(permit.wait_seconds)
        if time_left() < self.call_seconds + SAVE_SECONDS:
            # A worker that Lambda stops within the call leaves the outcome unknown.
            return self.defer.until_retry(try_on, attempt)
        if not self.circuit_breaker.try_acquire(attempt):
            return self.defer.until_circuit_closes(try_on, attempt)
        return self._submit(ready, resolved, circuit.open_seconds(now), time_left)

    def _submit(
        self,
        ready: SubmissionInput,
        resolved: ResolvedProduct,
        open_before: int,
        time_left: Callable[[], float],
    ) -> None:
        """Marks and calls. A half-open circuit may be held for it: released if no call is made."""
        marked_at = int(self.clock())
        try:
            marked = self._mark_submitting(ready, resolved, marked_at)
        except (ShopperErased, ProductChanged):
            self.circuit_breaker.release(ready.attempt)
            raise
        if not marked:
            return self.circuit_breaker.release(ready.attempt)
        submission = Submission(ready.try_on, ready.attempt, resolved, ready.found, open_before)
        if self.clock() - marked_at > SAVE_SECONDS or time_left() < self.call_seconds:
            return self.result.not_made(submission)
        return self._call_genlook(submission, self._request(ready, resolved))

    def _mark_submitting(self, ready: SubmissionInput, resolved: ResolvedProduct, now: int) -> bool:
        try_on, attempt = ready.try_on, ready.attempt
        lease_until = now + int(self.call_seconds) + 2 * SAVE_SECONDS
        photo = ready.found.photo
        writes: dict[str, Write] = {
            "claim": self.ledger.submission(
                try_on.try_on_id,
                attempt,
                now=now,
                lease_until=lease_until,
                quota_day=day_of(now),
                photo_id=photo.photo_id if photo else "",
            ),
            "tombstone": self.shoppers.accepts_writes(
                try_on.shopper_key, made_at=try_on.requested_at
            ),
        }
        if not try_on.quota_day:  # a second call of the same try-on takes no second place
            writes.update(self.quotas.reserve(try_on.shopper_key, now=now, bulk=try_on.bulk))
        if resolved.pending and resolved.product.external_id:
            writes["product"] = self.products.pending_upsert(
                resolved.product.external_id, resolved.pending, attempt, until=lease_until
            )
        return self._write(writes, ready, now)

    def _write(self, writes: dict[str, Write], ready: SubmissionInput, now: int) -> bool:
        try:
            self.table.transact(list(writes.values()))
        except ConditionFailed as failed:
            if _is_ours(failed, ready.attempt):
                return True
            refused = [name for place, name in enumerate(writes) if failed.at(place)]
            self._refused(ready, refused, now)
            return False
        except Contention:
            self.defer.until_retry(ready.try_on, ready.attempt)
            return False
        return True

    def _refused(self, ready: SubmissionInput, refused: list[str], now: int) -> None:
        try_on, attempt = ready.try_on, ready.attempt
        if "claim" in refused:
            return  # the claim ran out and another worker has it
        if "tombstone" in refused:
            if self.shoppers.get(try_on.shopper_key).erased(try_on.requested_at):
                raise ShopperErased
            self.defer.until_erasure_closes(try_on, attempt)
        elif "product" in refused:
            raise ProductChanged
        else:
            # The shopper's quota last: the stack's is reached for everybody.
            order = (Quota.STACK, Quota.BULK, Quota.SHOPPER)
            quota = next(quota for quota in order if quota in refused)
            self.defer.until_next_day(try_on, attempt, quota, now=now)

    def _call_genlook(self, submission: Submission, request: TryOnInput) -> None:
        """The one place where a credit is spent."""
        try:
            submitted = self.call(request)
        except GenlookError as error:
            return self.result.failed(error, submission)
        # Logged before it is saved: if the save fails, a person can still find it.
        logger.info(
            "submitted",
            extra={"tryOnId": submission.try_on.try_on_id, "generationId": submitted.generation_id},
        )
        return self.result.succeeded(submitted, submission)

    def _request(self, ready: SubmissionInput, resolved: ResolvedProduct) -> TryOnInput:
        wanted = ready.request.output
        keep = min(wanted.keep_for_days or self.keep_for_days, self.keep_for_days)
        by_id = isinstance(ready.found.person, PersonById)
        return TryOnInput(
            product=resolved.product,
            person=ready.found.person,
            external_user_id=ready.request.external_user_id,
            # Genlook ignores the retention where the photo came by id: the photo's own counts.
            output=Output(watermark=wanted.watermark, keep_for_days=None if by_id else keep),
        )


def _is_ours(failed: ConditionFailed, attempt: str) -> bool:
    """Whether our own mark is there: its answer was lost, so the SDK made it again."""
    try_on = found_try_on(failed)
    return try_on is not None and try_on.state is State.SUBMITTING and try_on.attempt == attempt
