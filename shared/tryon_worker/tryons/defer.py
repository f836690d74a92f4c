"""Defers a claimed try-on: it waits in the table, where no queue counts its receives."""

from dataclasses import dataclass

from tryon_worker.account.calls import backoff_seconds
from tryon_worker.account.quotas import Quota, Quotas, next_day
from tryon_worker.aws.queues import RESEND_SECONDS, TryOnQueue
from tryon_worker.aws.table import ConditionFailed, Table
from tryon_worker.clock import Clock
from tryon_worker.events.publisher import Publisher
from tryon_worker.events.schemas import TryOnRequest
from tryon_worker.observability import Metric, count, logger
from tryon_worker.shoppers import PhotosChanged, Shopper, Shoppers
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import TryOn, WaitingFor
from tryon_worker.tryons.outcome import event_fields

# Housekeeping comes each minute: nothing is gained by a shorter wait.
RETRY_SECONDS = 30
CIRCUIT_SECONDS = 60
ERASURE_SECONDS = 60


@dataclass(frozen=True)
class Defer:
    """Writes why a try-on waits and when it resumes."""

    table: Table
    ledger: Ledger
    details: TryOnDetails
    shoppers: Shoppers
    quotas: Quotas
    publisher: Publisher
    tryon_queue: TryOnQueue
    clock: Clock
    photo_wait_seconds: int
    wait_seconds: int

    def has_expired(self, try_on: TryOn) -> bool:
        """Whether a try-on has waited for too long, whatever for.

        The wait for a photo has its own limit, and its time is given on top.
        """
        return int(self.clock()) >= self._since(try_on) + self.wait_seconds

    def until_retry(self, try_on: TryOn, attempt: str) -> None:
        """The call did not reach Genlook, or there was no time for it."""
        self._defer(try_on, attempt, WaitingFor.RETRY, RETRY_SECONDS)

    def until_redelivery(self, try_on: TryOn, attempt: str) -> None:
        """The step failed: its message comes again by itself, and housekeeping's after it died."""
        self._defer(try_on, attempt, WaitingFor.RETRY, RESEND_SECONDS)

    def until_rate(self, try_on: TryOn, attempt: str, seconds: float) -> None:
        """The account's rate is used up, or paused; the next step comes by itself."""
        if try_on.bulk:
            self._to_bulk_queue(try_on, attempt, WaitingFor.RATE)
            return
        delay = backoff_seconds(seconds, try_on.attempts - 1)
        lost_at = int(self.clock()) + delay + RESEND_SECONDS
        if self._write(try_on, attempt, WaitingFor.RATE, lost_at, in_bulk_queue=False):
            self.tryon_queue.send_step(
                try_on.try_on_id, requested_at=try_on.requested_at, delay=delay
            )

    def until_circuit_closes(self, try_on: TryOn, attempt: str) -> None:
        """The circuit is open: Genlook refuses the account, or is down."""
        if try_on.bulk:
            self._to_bulk_queue(try_on, attempt, WaitingFor.CIRCUIT)
        else:
            self._defer(try_on, attempt, WaitingFor.CIRCUIT, CIRCUIT_SECONDS)

    def until_erasure_closes(self, try_on: TryOn, attempt: str) -> None:
        """The shopper is being erased; this request came after and goes on then."""
        self._defer(try_on, attempt, WaitingFor.ERASURE, ERASURE_SECONDS)

    def until_next_day(self, try_on: TryOn, attempt: str, quota: Quota, *, now: int) -> None:
        """A quota of the day of ``now`` is reached, and ``SpendCapReached`` says so that day.

        Publish before deferring, so a worker that crashes here cannot lose today's event: its claim
        runs out and another worker publishes. Several workers that reach the quota at the same
        moment publish the same event.
        """
        if not self.quotas.was_published(quota, try_on.shopper_key, now=now):
            self.publisher.publish("SpendCapReached", {"cap": quota})
            count(Metric.SPEND_CAP_REACHED)
            self.quotas.published(quota, try_on.shopper_key, now=now)
        if quota is Quota.SHOPPER or not try_on.bulk:
            self._write(try_on, attempt, WaitingFor.QUOTA, next_day(now), in_bulk_queue=try_on.bulk)
        else:
            self._to_bulk_queue(try_on, attempt, WaitingFor.QUOTA)

    def until_photo_comes(
        self, try_on: TryOn, attempt: str, request: TryOnRequest, shopper: Shopper
    ) -> None:
        """There is no photo to use. Housekeeping ends the try-on if none comes in time.

        Raises
        ------
        PhotosChanged
            A photo came between the read and this write, which would have missed it.
        """
        now = int(self.clock())
        # Counted from the first deferral, so that a step that is delivered again and again cannot
        # put the end off.
        deferred_at = try_on.deferred_at or now
        due_at = deferred_at + self.photo_wait_seconds
        writes = [
            self.ledger.deferral(
                try_on.try_on_id,
                attempt,
                waiting_for=WaitingFor.PHOTO,
                due_at=due_at,
                now=now,
            ),
            self.shoppers.photos_unchanged(
                try_on.shopper_key, shopper.photo_revision, made_at=try_on.requested_at
            ),
            self.details.deferral_note(try_on.shopper_key, try_on.try_on_id),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            if failed.at(0):
                return  # the claim ran out and another worker has it
            raise PhotosChanged from failed
        _log(try_on, WaitingFor.PHOTO)
        if not try_on.deferral_published:
            self.publisher.publish(
                "TryOnDeferred", event_fields(try_on, request), occurred_at=deferred_at
            )
            self.ledger.deferral_published(try_on.try_on_id, deferred_at=deferred_at)

    def _since(self, try_on: TryOn) -> int:
        if try_on.deferred_at is not None:
            return try_on.deferred_at + self.photo_wait_seconds
        return try_on.waits_since

    def _defer(self, try_on: TryOn, attempt: str, why: WaitingFor, seconds: float) -> None:
        due_at = int(self.clock() + seconds) + 1
        self._write(try_on, attempt, why, due_at, in_bulk_queue=try_on.bulk)

    def _to_bulk_queue(self, try_on: TryOn, attempt: str, why: WaitingFor) -> None:
        """Back to its place in the bulk queue: it waits for the account, not for its own fault."""
        due_at = min(int(self.clock()), self._since(try_on))
        self._write(try_on, attempt, why, due_at, in_bulk_queue=True)

    def _write(
        self, try_on: TryOn, attempt: str, why: WaitingFor, due_at: int, *, in_bulk_queue: bool
    ) -> bool:
        write = self.ledger.deferral(
            try_on.try_on_id,
            attempt,
            waiting_for=why,
            due_at=due_at,
            now=int(self.clock()),
            in_bulk_queue=in_bulk_queue,
        )
        try:
            self.table.write(write)
        except ConditionFailed:
            return False  # the claim ran out and another worker has it
        _log(try_on, why)
        return True


def _log(try_on: TryOn, why: WaitingFor) -> None:
    logger.info("deferred", extra={"tryOnId": try_on.try_on_id, "waitingFor": why})
