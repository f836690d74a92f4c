"""Erases a shopper here and at Genlook, and again once nothing is in flight any more (P4)."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.calls import EndUnknown, Unavailable, UnbilledCall, growing_pause
from tryon_worker.account.gcra import Priority
from tryon_worker.aws.buckets import DeletionIncomplete
from tryon_worker.clock import Clock, TimeLeft, no_deadline
from tryon_worker.erasure.in_flight import InFlight
from tryon_worker.erasure.store import LEASE_SECONDS, Erasure, Erasures
from tryon_worker.erasure.sweep import Sweep
from tryon_worker.events.publisher import Publisher
from tryon_worker.genlook import Refused
from tryon_worker.identity import Pseudonymizer
from tryon_worker.observability import logger

# With fewer seconds left a worker begins no further batch: a batch ends up to a hundred running
# try-ons one by one, and the call to Genlook (45 s, and the sleep before it) follows the last one.
STEP_SECONDS = 90


@dataclass(frozen=True)
class Erase:
    """Opens an erasure, sweeps, and closes it when nothing of the shopper is in flight any more.

    While Genlook is down or something is in flight, the request waits in its row. It holds no
    message back, so no dead-letter queue fills.
    """

    erasures: Erasures
    in_flight: InFlight
    sweep: Sweep
    unbilled_call: UnbilledCall
    publisher: Publisher
    pseudonymizer: Pseudonymizer
    delete_customer: Callable[[str], None]
    clock: Clock

    def __call__(
        self,
        external_user_id: str,
        request_id: str,
        time_left: TimeLeft = no_deadline,
        *,
        asked_at: int = 0,
        reusable: bool = False,
    ) -> None:
        """Carries out an erasure request; a repeat of a closed one does nothing.

        ``asked_at`` is the time of the request's event. ``reusable`` says that the shop chose the
        id and may use it for a later request. ``time_left`` gives the seconds this worker still
        has; another worker does the rest.
        """

        def open_erasure(request_key: str) -> Erasure:
            return self.erasures.open(
                self.pseudonymizer.shopper_key(external_user_id),
                request_key,
                request_id=request_id,
                external_user_id=external_user_id,
                asked_at=asked_at,
                now=int(self.clock()),
            )

        erasure = open_erasure(self.pseudonymizer.request_key(request_id))
        if reusable and asked_at > erasure.erased_at:
            # A repeat would carry the first request's time. This is a new request, which also
            # erases what the shopper did in between.
            erasure = open_erasure(self.pseudonymizer.request_key(request_id, asked_at))
        self._advance(erasure, time_left)

    def resume(self, shopper_key: str, request_key: str, time_left: TimeLeft = no_deadline) -> None:
        """Goes on with an erasure that is open or not yet published."""
        erasure = self.erasures.get(shopper_key, request_key)
        if erasure is not None:
            self._advance(erasure, time_left)

    def _advance(self, erasure: Erasure, time_left: TimeLeft) -> None:
        if erasure.closed_at is None:
            now = int(self.clock())
            claimed = self.erasures.claim(erasure, now=now, lease_until=now + LEASE_SECONDS)
            if claimed is None:
                return  # another worker has it; housekeeping comes back when its lease ends
            if erasure.lease_until:
                # The worker that had it may have crashed during its call to Genlook.
                self.in_flight.record_unknown(claimed)
            erasure = self._try_sweep(claimed, time_left)
        if erasure.closed_at is not None and not erasure.published:
            self._publish(erasure)

    def _try_sweep(self, erasure: Erasure, time_left: TimeLeft) -> Erasure:
        """Sweeps once; a sweep that fails is released to run again after a growing pause."""
        try:
            return self._sweep(erasure, time_left)
        except (Unavailable, Refused, DeletionIncomplete) as error:
            if isinstance(error, EndUnknown):
                self.in_flight.record_unknown(erasure)
            wait = error.seconds if isinstance(error, Unavailable) else growing_pause(erasure.tries)
            logger.warning(
                "erasure not done yet",
                extra={
                    "requestKey": erasure.request_key,
                    "kind": type(error).__name__,
                    "tries": erasure.tries,
                    "openSeconds": int(self.clock()) - erasure.erased_at,
                },
            )
            due_at = int(self.clock() + wait) + 1
            self.erasures.release(erasure, due_at=due_at, tries=erasure.tries + 1)
            return erasure
        except Exception:
            # The error may have come during the call to Genlook. If this write fails too, the lease
            # stays in the row, and the next worker makes the write.
            self.in_flight.record_unknown(erasure)
            # The queue redelivers the message, which must be able to claim the row.
            due_at = int(self.clock()) + growing_pause(erasure.tries)
            self.erasures.release(erasure, due_at=due_at, tries=erasure.tries + 1)
            raise

    def _sweep(self, erasure: Erasure, time_left: TimeLeft) -> Erasure:
        """Sweeps here, then at Genlook, and closes the erasure if nothing was in flight.

        The sweep here comes first, so that no worker sends Genlook anything new after its own.
        """
        external_user_id = erasure.external_user_id or ""
        # Computed before each sweep, which removes the rows it is computed from. So a sweep that
        # finds something to end is never the last one.
        is_last = self.in_flight(erasure) < int(self.clock())
        if not self._sweep_here(erasure, external_user_id, time_left):
            self.erasures.release(erasure, due_at=int(self.clock()), tries=0)
            return erasure
        self.unbilled_call(
            Priority.ERASURE,
            lambda: self.delete_customer(external_user_id),
            tries=erasure.tries,
            urgent=True,
        )
        if is_last:
            return self.erasures.close(erasure, now=int(self.clock()))
        self.erasures.release(erasure, due_at=self.in_flight.until(erasure) + 1, tries=0)
        return erasure

    def _sweep_here(self, erasure: Erasure, external_user_id: str, time_left: TimeLeft) -> bool:
        """Sweeps until the end (``True``) or until the time runs out; counts each batch."""
        for swept in self.sweep(erasure, external_user_id):
            self.erasures.count(
                erasure, photos=swept.photos, results=swept.results, try_ons=swept.try_ons
            )
            if swept.in_flight:
                self.in_flight.record_publishing(erasure)
            if time_left() < STEP_SECONDS:
                logger.info("erasure cut short", extra={"requestKey": erasure.request_key})
                return False
        return True

    def _publish(self, erasure: Erasure) -> None:
        """Publishes ``CustomerErased``, which names the shopper by the keyed hash only."""
        self.publisher.publish(
            "CustomerErased",
            {
                "requestId": erasure.request_id,
                "shopperHash": erasure.shopper_key,
                "erased": {
                    "photos": erasure.photos,
                    "results": erasure.results,
                    "tryOns": erasure.try_ons,
                },
            },
            occurred_at=erasure.closed_at,
        )
        self.erasures.mark_published(erasure)
