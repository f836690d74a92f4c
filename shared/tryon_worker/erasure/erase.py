"""Erases a shopper: here and at Genlook, and once more when nothing late can come back (P4)."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.calls import Unavailable, UnbilledCall, growing_pause
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

# No further batch is begun with less: a hundred try-ons that run are ended one by one, and after
# the last batch comes the call to Genlook (45 s and the sleep before it).
STEP_SECONDS = 90


@dataclass(frozen=True)
class Erase:
    """Opens an erasure, sweeps, and closes it when no intent of the shopper is open any more.

    What cannot be done now, for Genlook is down or something is still under way, waits in the
    request's row, and no queue counts it.
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

        ``asked_at`` is the time of the request's event. ``reusable`` if the shop chose the id, and
        may choose the same for another request. ``time_left`` are the seconds the worker still
        has: what it does not get to, another does.
        """

        def opened(request_key: str) -> Erasure:
            return self.erasures.open(
                self.pseudonymizer.shopper_key(external_user_id),
                request_key,
                request_id=request_id,
                external_user_id=external_user_id,
                asked_at=asked_at,
                now=int(self.clock()),
            )

        erasure = opened(self.pseudonymizer.request_key(request_id))
        if reusable and asked_at > erasure.erased_at:
            # No repeat: that has the first one's time. What the shopper did in between goes too.
            erasure = opened(self.pseudonymizer.request_key(request_id, asked_at))
        self._go_on(erasure, time_left)

    def again(self, shopper_key: str, request_key: str, time_left: TimeLeft = no_deadline) -> None:
        """Takes up an erasure that is open, or not yet published."""
        erasure = self.erasures.get(shopper_key, request_key)
        if erasure is not None:
            self._go_on(erasure, time_left)

    def _go_on(self, erasure: Erasure, time_left: TimeLeft) -> None:
        if erasure.closed_at is None:
            now = int(self.clock())
            taken = self.erasures.take(erasure, now=now, lease_until=now + LEASE_SECONDS)
            if taken is None:
                return  # another worker is at it; housekeeping looks how it ended
            erasure = self._work(taken, time_left)
        if erasure.closed_at is not None and not erasure.published:
            self._publish(erasure)

    def _work(self, erasure: Erasure, time_left: TimeLeft) -> Erasure:
        """One sweep, and the closing if it was the last; the row says how to go on."""
        try:
            return self._sweep(erasure, time_left)
        except (Unavailable, Refused, DeletionIncomplete) as error:
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
            self.erasures.leave(erasure, due_at=due_at, tries=erasure.tries + 1)
            return erasure
        except Exception:
            # What nobody foresaw: the message comes again, and must find the row free.
            due_at = int(self.clock()) + growing_pause(erasure.tries)
            self.erasures.leave(erasure, due_at=due_at, tries=erasure.tries + 1)
            raise

    def _sweep(self, erasure: Erasure, time_left: TimeLeft) -> Erasure:
        """Here, then at Genlook: from what is left here nothing new can be made meanwhile."""
        external_user_id = erasure.external_user_id or ""
        # Computed before each sweep, which takes away by what it is computed. So a sweep that has
        # anything to end is not the last one.
        in_flight_until = self.in_flight(erasure)
        last = in_flight_until < int(self.clock())
        if not self._swept(erasure, external_user_id, time_left):
            self.erasures.leave(erasure, due_at=int(self.clock()), tries=0)
            return erasure
        self.unbilled_call(
            Priority.ERASURE,
            lambda: self.delete_customer(external_user_id),
            tries=erasure.tries,
            urgent=True,
        )
        if last:
            return self.erasures.close(erasure, now=int(self.clock()))
        self.erasures.leave(erasure, due_at=in_flight_until + 1, tries=0)
        return erasure

    def _swept(self, erasure: Erasure, external_user_id: str, time_left: TimeLeft) -> bool:
        """Whether a sweep came to its end; each batch is counted when it is gone."""
        for swept in self.sweep(erasure, external_user_id):
            self.erasures.count(
                erasure, photos=swept.photos, results=swept.results, try_ons=swept.try_ons
            )
            if time_left() < STEP_SECONDS:
                logger.info("erasure cut short", extra={"requestKey": erasure.request_key})
                return False
        return True

    def _publish(self, erasure: Erasure) -> None:
        """Of the shopper nothing is said but the keyed hash."""
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
        self.erasures.published(erasure)
