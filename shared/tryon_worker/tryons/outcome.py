"""Decides and publishes every outcome (promise P2).

One conditional write decides the outcome; it is then published from the row and marked as
published. A worker that finds it decided and not published goes on from there. At worst the same
event is published twice, and never two different ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tryon_worker.aws.table import ConditionFailed, Table
from tryon_worker.clock import DAY, Clock, iso
from tryon_worker.events.publisher import Publisher
from tryon_worker.events.schemas import TryOnRequest
from tryon_worker.observability import Metric, count, logger
from tryon_worker.shoppers import PhotosChanged, Shoppers, shopper_of
from tryon_worker.tryons.details import StoredRequest, TryOnDetails
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import Outcome, Reason, Result, State, TryOn, Verdict, WaitingFor

REVIEW_SECONDS = 7 * DAY
"""How long a review may stay unanswered."""

ERASED = Verdict(Outcome.FAILED, Reason.CUSTOMER_ERASED)


class ShopperErased(Exception):
    """The outcome cannot be kept: the shopper was erased after the request was made."""


@dataclass(frozen=True)
class OutcomePublisher:
    """Decides and publishes outcomes."""

    table: Table
    ledger: Ledger
    details: TryOnDetails
    shoppers: Shoppers
    publisher: Publisher
    clock: Clock
    retention_seconds: int

    def decide(
        self,
        try_on: TryOn,
        verdict: Verdict,
        *,
        from_states: Sequence[State],
        attempt: str | None = None,
        waiting_for: WaitingFor | None = None,
        photo_revision: int | None = None,
        message: str | None = None,
    ) -> bool:
        """Decides and publishes; ``False`` if the try-on had moved on.

        ``waiting_for`` names the wait that ends with this; the try-on must still be in it.
        ``photo_revision`` is given with an outcome that photos decide: they must be as they were
        when it was read.

        Raises
        ------
        ShopperErased
            Nothing was decided; ``end_erased`` is what is left to do.
        PhotosChanged
            Nothing was decided; the photos may lead to another outcome now.
        """
        now = int(self.clock())
        made_at = try_on.requested_at
        if photo_revision is None:
            guard = self.shoppers.not_erased(try_on.shopper_key, made_at=made_at)
        else:
            guard = self.shoppers.photos_unchanged(
                try_on.shopper_key, photo_revision, made_at=made_at
            )
        writes = [
            self.ledger.decision(
                try_on,
                verdict,
                now=now,
                from_states=from_states,
                attempt=attempt,
                waiting_for=waiting_for,
            ),
            guard,
            self.details.note(try_on.shopper_key, try_on.try_on_id, message=message),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            if failed.at(2) or (failed.at(1) and shopper_of(failed.old.get(1)).erased(made_at)):
                raise ShopperErased from failed
            if failed.at(1):
                raise PhotosChanged from failed
            return False
        _log(try_on, verdict)
        self.publish(try_on.try_on_id)
        return True

    def end_erased(
        self, try_on: TryOn, *, from_states: Sequence[State], attempt: str | None = None
    ) -> bool:
        """Ends a try-on of an erased shopper; its event has only the ``tryOnId`` and the reason.

        An outcome that was decided before is published now if it has not been: once the details are
        gone, the same event could not be made again.
        """
        now = int(self.clock())
        try:
            self.table.write(
                self.ledger.decision(
                    try_on, ERASED, now=now, from_states=from_states, attempt=attempt
                )
            )
        except ConditionFailed:
            self.publish(try_on.try_on_id)
            return False
        _log(try_on, ERASED)
        self.publish(try_on.try_on_id)
        return True

    def publish(self, try_on_id: str) -> None:
        """Publishes the decided outcome, unless it is published already."""
        try_on = self.ledger.get(try_on_id)
        if try_on is None or try_on.verdict is None or try_on.published_at is not None:
            return
        # One read. With two, an erasure that publishes and removes the row between them would make
        # the same outcome go out again without Genlook's message.
        details = self.details.stored(try_on.shopper_key, try_on_id)
        if details is None and self._published_meanwhile(try_on_id):
            return  # an erasure publishes and marks before it removes the request
        detail_type, detail = _outcome_event(try_on, try_on.verdict, details)
        self.publisher.publish(detail_type, detail, occurred_at=try_on.decided_at)
        now = int(self.clock())
        self.details.retain(try_on.shopper_key, try_on_id, until=now + self.retention_seconds)
        try:
            self.table.write(self.ledger.publication(try_on_id, now=now))
        except ConditionFailed:
            return  # another one published the same at the same moment

    def _published_meanwhile(self, try_on_id: str) -> bool:
        try_on = self.ledger.get(try_on_id)
        return try_on is None or try_on.published_at is not None

    def publish_review(self, try_on: TryOn) -> None:
        """Asks a person to review a paid call whose end cannot be known.

        If the details are gone the shopper was erased: the try-on ends here without a review, for
        after its outcome there is nothing to decide.
        """
        request = self.details.get(try_on.shopper_key, try_on.try_on_id)
        if request is None:
            self.end_erased(try_on, from_states=(State.UNKNOWN,), attempt=try_on.attempt)
            return
        detail = {
            **event_fields(try_on, request),
            "reviewId": try_on.attempt,
            "reason": try_on.review_reason,
        }
        self.publisher.publish("TryOnNeedsReview", detail, occurred_at=try_on.unknown_at)
        count(Metric.REVIEWS_OPENED)
        now = int(self.clock())
        close_at = (try_on.unknown_at or now) + REVIEW_SECONDS
        try:
            self.ledger.review_published(try_on, now=now, close_at=close_at)
        except ConditionFailed:
            return  # answered already


def event_fields(try_on: TryOn, request: TryOnRequest | None) -> dict[str, Any]:
    """What every event of a try-on says about it; of an erased shopper's, its id alone."""
    if request is None:
        return {"tryOnId": try_on.try_on_id}
    return {
        "tryOnId": try_on.try_on_id,
        "externalUserId": request.external_user_id,
        "productExternalId": request.product.external_id,
        "variantId": request.variant_id,
        "orderId": request.order_id,
        "generationId": try_on.generation_id,
        "context": request.context,
    }


def _log(try_on: TryOn, verdict: Verdict) -> None:
    completed = verdict.outcome is Outcome.COMPLETED
    count(Metric.TRY_ONS_COMPLETED if completed else Metric.TRY_ONS_FAILED)
    logger.info(
        "decided",
        extra={
            "tryOnId": try_on.try_on_id,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
        },
    )


def _outcome_event(
    try_on: TryOn, verdict: Verdict, details: StoredRequest | None
) -> tuple[str, dict[str, Any]]:
    if details is None or verdict.reason is Reason.CUSTOMER_ERASED:
        # The request row is gone before its time only through an erasure.
        return "TryOnFailed", {**event_fields(try_on, None), "reason": Reason.CUSTOMER_ERASED}
    if verdict.result is not None:
        return "TryOnCompleted", {
            **event_fields(try_on, details.request),
            "result": _result(verdict.result),
        }
    return "TryOnFailed", {
        **event_fields(try_on, details.request),
        "reason": verdict.reason,
        "code": verdict.code,
        "message": details.message,
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "bucket": result.bucket,
        "key": result.key,
        "contentType": result.content_type,
        "bytes": result.bytes,
        "expiresAt": iso(result.expires_at),
    }
