"""Carries out a person's answer to the review of a try-on whose outcome cannot be known."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon_worker.account.calls import UnbilledCall
from tryon_worker.account.circuit_breaker import CircuitBreaker
from tryon_worker.account.gcra import Priority
from tryon_worker.aws.queues import RESEND_SECONDS, TryOnQueue
from tryon_worker.aws.table import ConditionFailed, Table
from tryon_worker.clock import Clock, iso
from tryon_worker.events.schemas import ReviewAction, TryOnReviewed
from tryon_worker.genlook import Forbidden, Generation, Refused
from tryon_worker.observability import logger
from tryon_worker.tryons.ledger import Ledger, StaleState, found_try_on
from tryon_worker.tryons.model import Outcome, Reason, State, TryOn, Verdict
from tryon_worker.tryons.outcome import OutcomePublisher, ShopperErased
from tryon_worker.tryons.start_polling import FIRST_CHECK_SECONDS, StartPolling

ADOPTION_SECONDS = 120
"""How far a generation's date may lie outside the call: clocks differ, and the mark comes before
the call by some seconds."""


class NothingToReview(Exception):
    """The try-on is not under review, or not under this one; ``state`` is where it is."""

    def __init__(self, state: State | None) -> None:
        if state is State.UNKNOWN:
            text = "is under another review than the one that this answers"
        else:
            text = f"is {state}" if state else "is not known"
        super().__init__(text)
        self.state = state


class AdoptionRefused(Exception):
    """The generation is none that the call under review can have made."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Review:
    """Only a person moves a try-on out of ``UNKNOWN``; each retry adds at most one credit.

    An order answers one review, which has the name of the attempt whose end is not known.
    """

    table: Table
    ledger: Ledger
    outcomes: OutcomePublisher
    start_polling: StartPolling
    circuit_breaker: CircuitBreaker
    unbilled_call: UnbilledCall
    generation: Callable[[str], Generation]
    tryon_queue: TryOnQueue
    clock: Clock
    deadline_seconds: int
    call_seconds: float

    def __call__(self, reviewed: TryOnReviewed, *, ordered_at: int) -> None:
        """Does what was ordered; the same order again, by whichever event, changes nothing.

        Raises
        ------
        NothingToReview
            The try-on is not under the review that this answers.
        AdoptionRefused
            The generation that it names is not of this try-on.
        Unavailable
            Genlook could not be asked about the generation now; nothing was done.
        """
        try:
            try_on = self._move(reviewed, ordered_at)
        except StaleState as moved:
            self._repeated(moved.try_on, reviewed, ordered_at)
            return
        logger.info("reviewed", extra={"tryOnId": try_on.try_on_id, "action": reviewed.action})
        self._go_on(try_on)

    def _move(self, reviewed: TryOnReviewed, ordered_at: int) -> TryOn:
        try_on = self.ledger.get(reviewed.try_on_id)
        if try_on is None or try_on.state is not State.UNKNOWN or not try_on.attempt:
            raise StaleState(try_on)
        if not _answers(reviewed, ordered_at, try_on):
            raise StaleState(try_on)
        now = int(self.clock())
        if reviewed.action is ReviewAction.RETRY:
            return self.ledger.retry(
                try_on.try_on_id, try_on.attempt, now=now, due_at=now + RESEND_SECONDS
            )
        if reviewed.action is ReviewAction.ADOPT:
            return self._adopt(try_on, try_on.attempt, reviewed.generation_id or "")
        if not self.close(try_on):
            raise StaleState(self.ledger.get(try_on.try_on_id))
        return try_on

    def _adopt(self, try_on: TryOn, review: str, generation_id: str) -> TryOn:
        """Goes on with a generation that this very call can have made, and no other try-on has."""
        self._check_date(try_on, generation_id)
        now = int(self.clock())
        adoption = self.ledger.adoption(
            try_on.try_on_id,
            review,
            generation_id=generation_id,
            now=now,
            deadline_at=now + self.deadline_seconds,
            open_before=self.circuit_breaker.circuit().open_seconds(now),
            due_at=now + FIRST_CHECK_SECONDS,
        )
        owned = self.ledger.ownership(try_on.try_on_id, generation_id, now=now)
        try:
            self.table.transact([adoption, owned])
        except ConditionFailed as failed:
            if failed.at(0):
                raise StaleState(found_try_on(failed)) from failed
            raise AdoptionRefused("GENERATION_TAKEN", "belongs to another try-on") from failed
        adopted = self.ledger.get(try_on.try_on_id)
        return adopted or try_on

    def _check_date(self, try_on: TryOn, generation_id: str) -> None:
        found = self._ask(generation_id)
        if found is None:
            raise AdoptionRefused("GENERATION_UNKNOWN", "is not known to Genlook")
        called_at = try_on.called_at or 0
        earliest = called_at - ADOPTION_SECONDS
        latest = called_at + self.call_seconds + ADOPTION_SECONDS
        made_at = found.created_at.timestamp() if found.created_at else 0.0
        if not earliest <= made_at <= latest:
            raise AdoptionRefused(
                "GENERATION_OF_ANOTHER_CALL",
                f"was not made at the time of the call under review, which was at {iso(called_at)}",
            )

    def _ask(self, generation_id: str) -> Generation | None:
        def ask() -> Generation | None:
            try:
                return self.generation(generation_id)
            except Forbidden as error:
                if error.code is None:
                    raise  # not in Genlook's own words
                return None  # it is another account's

        try:
            return self.unbilled_call(Priority.POLL, ask)
        except Refused:
            return None

    def close(self, try_on: TryOn) -> bool:
        """Ends a try-on under review; a review that stays unanswered ends so, too."""
        try:
            return self.outcomes.decide(
                try_on,
                Verdict(Outcome.FAILED, Reason.CLOSED),
                from_states=(State.UNKNOWN,),
                attempt=try_on.attempt,
            )
        except ShopperErased:
            return self.outcomes.end_erased(try_on, from_states=(State.UNKNOWN,))

    def _repeated(self, try_on: TryOn | None, reviewed: TryOnReviewed, ordered_at: int) -> None:
        """The order may have been carried out and cut short before its message."""
        if try_on is None:
            raise NothingToReview(None)
        done = {
            ReviewAction.ADOPT: try_on.generation_id is not None
            and try_on.generation_id == reviewed.generation_id,
            ReviewAction.CLOSE: try_on.verdict is not None
            and try_on.verdict.reason is Reason.CLOSED,
            ReviewAction.RETRY: _retried(try_on, reviewed, ordered_at),
        }
        if not done[reviewed.action]:
            raise NothingToReview(try_on.state)
        self._go_on(try_on)

    def _go_on(self, try_on: TryOn) -> None:
        if try_on.state is State.ACCEPTED:
            self.tryon_queue.send_step(try_on.try_on_id, requested_at=try_on.requested_at)
        elif try_on.state is State.SUBMITTED:
            self.start_polling(try_on)
        else:
            self.outcomes.publish(try_on.try_on_id)


def _answers(reviewed: TryOnReviewed, ordered_at: int, try_on: TryOn) -> bool:
    """Whether an order answers the review that is open now.

    One that names none means the one that was open when it was given. A review that was opened
    later, or within the same second, cannot have been looked into by then.
    """
    if reviewed.review_id is not None:
        return reviewed.review_id == try_on.attempt
    return ordered_at > (try_on.unknown_at or 0)


def _retried(try_on: TryOn, reviewed: TryOnReviewed, ordered_at: int) -> bool:
    """Whether a retry of the same review was carried out already; the last one began the wait."""
    if reviewed.review_id is not None:
        return reviewed.review_id in try_on.reviews
    return bool(try_on.reviews) and ordered_at <= try_on.waits_since
