"""The one door through which every outcome leaves (promise P2).

The outcome is decided by one conditional write, then published from the row, then marked as
published. Whoever finds it decided and not published goes on from there: at worst the same event
is published twice, never two different ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tryon_worker.clock import DAY, Clock, iso
from tryon_worker.events import Publisher
from tryon_worker.observability import Metric, count, logger
from tryon_worker.store.entry import Entry, Outcome, Reason, Result, State, Verdict, WaitingFor
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.requests import Details, Requests
from tryon_worker.store.shoppers import PhotosChanged, Shoppers, shopper_of
from tryon_worker.store.table import ConditionFailed, Table
from tryon_worker.wishes import Wish

REVIEW_SECONDS = 7 * DAY
"""How long a review may stay unanswered."""

ERASED = Verdict(Outcome.FAILED, Reason.CUSTOMER_ERASED)


class ShopperErased(Exception):
    """The outcome cannot be kept: the shopper was erased after the wish was made."""


@dataclass(frozen=True)
class Door:
    """Decides and publishes outcomes."""

    table: Table
    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    publisher: Publisher
    clock: Clock
    retention_seconds: int

    def decide(
        self,
        entry: Entry,
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
        made_at = entry.wished_at
        if photo_revision is None:
            guard = self.shoppers.not_erased(entry.shopper_key, made_at=made_at)
        else:
            guard = self.shoppers.photos_as_seen(entry.shopper_key, photo_revision, made_at=made_at)
        writes = [
            self.ledger.decision(
                entry,
                verdict,
                now=now,
                from_states=from_states,
                attempt=attempt,
                waiting_for=waiting_for,
            ),
            guard,
            self.requests.note(entry.shopper_key, entry.try_on_id, message=message),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            if failed.at(2) or (failed.at(1) and shopper_of(failed.old.get(1)).erased(made_at)):
                raise ShopperErased from failed
            if failed.at(1):
                raise PhotosChanged from failed
            return False
        _log(entry, verdict)
        self.publish(entry.try_on_id)
        return True

    def end_erased(
        self, entry: Entry, *, from_states: Sequence[State], attempt: str | None = None
    ) -> bool:
        """Ends a try-on of an erased shopper; of them only the ``tryOnId`` is said.

        An outcome that was decided before is published now, if it still has to be: once the wish
        is gone nobody could say the same again.
        """
        now = int(self.clock())
        try:
            self.table.write(
                self.ledger.decision(
                    entry, ERASED, now=now, from_states=from_states, attempt=attempt
                )
            )
        except ConditionFailed:
            self.publish(entry.try_on_id)
            return False
        _log(entry, ERASED)
        self.publish(entry.try_on_id)
        return True

    def publish(self, try_on_id: str) -> None:
        """Publishes what was decided, if that has not been done."""
        entry = self.ledger.get(try_on_id)
        if entry is None or entry.verdict is None or entry.published_at is not None:
            return
        # One read: were there two, an erasure that publishes and removes the row between them
        # would let the same outcome go out a second time without Genlook's message.
        details = self.requests.details(entry.shopper_key, try_on_id)
        if details is None and self._published_meanwhile(try_on_id):
            return  # an erasure publishes and marks before it removes the wish
        detail_type, detail = _outcome_event(entry, entry.verdict, details)
        self.publisher.publish(detail_type, detail, occurred_at=entry.decided_at)
        now = int(self.clock())
        self.requests.retain(entry.shopper_key, try_on_id, until=now + self.retention_seconds)
        try:
            self.table.write(self.ledger.publication(try_on_id, now=now))
        except ConditionFailed:
            return  # another one published the same at the same moment

    def _published_meanwhile(self, try_on_id: str) -> bool:
        entry = self.ledger.get(try_on_id)
        return entry is None or entry.published_at is not None

    def announce_review(self, entry: Entry) -> None:
        """Tells a person that the outcome of a paid call cannot be known.

        Where the wish is gone its shopper was erased, and the try-on has ended or ends here: a
        review of it that follows its outcome would ask a person for what nobody can do.
        """
        wish = self.requests.get(entry.shopper_key, entry.try_on_id)
        if wish is None:
            self.end_erased(entry, from_states=(State.UNKNOWN,), attempt=entry.attempt)
            return
        detail = {
            **about(entry, wish),
            "reviewId": entry.attempt,
            "reason": entry.review_reason,
        }
        self.publisher.publish("TryOnNeedsReview", detail, occurred_at=entry.unknown_at)
        count(Metric.REVIEWS_OPENED)
        now = int(self.clock())
        close_at = (entry.unknown_at or now) + REVIEW_SECONDS
        try:
            self.ledger.review_announced(entry, now=now, close_at=close_at)
        except ConditionFailed:
            return  # answered already


def about(entry: Entry, wish: Wish | None) -> dict[str, Any]:
    """What every event of a try-on says about it; of an erased shopper's, its id alone."""
    if wish is None:
        return {"tryOnId": entry.try_on_id}
    return {
        "tryOnId": entry.try_on_id,
        "externalUserId": wish.external_user_id,
        "productExternalId": wish.product.external_id,
        "variantId": wish.variant_id,
        "orderId": wish.order_id,
        "generationId": entry.generation_id,
        "context": wish.context,
    }


def _log(entry: Entry, verdict: Verdict) -> None:
    completed = verdict.outcome is Outcome.COMPLETED
    count(Metric.TRY_ONS_COMPLETED if completed else Metric.TRY_ONS_FAILED)
    logger.info(
        "decided",
        extra={
            "tryOnId": entry.try_on_id,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
        },
    )


def _outcome_event(
    entry: Entry, verdict: Verdict, details: Details | None
) -> tuple[str, dict[str, Any]]:
    if details is None or verdict.reason is Reason.CUSTOMER_ERASED:
        # The request row is gone before its time only through an erasure.
        return "TryOnFailed", {**about(entry, None), "reason": Reason.CUSTOMER_ERASED}
    if verdict.result is not None:
        return "TryOnCompleted", {**about(entry, details.wish), "result": _result(verdict.result)}
    return "TryOnFailed", {
        **about(entry, details.wish),
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
