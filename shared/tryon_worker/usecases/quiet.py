"""Knows until when something may still come of what was under way when a shopper was erased."""

from collections.abc import Iterator
from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.store import keys
from tryon_worker.store.bulk import Bulk, in_batches
from tryon_worker.store.entry import Entry, Outcome, Reason, State, entry_of
from tryon_worker.store.erasures import Erasure, Erasures
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.usecases.report import EndReports

# A call, a copy or an event that was under way when the tombstone came may end this much later;
# then its closing write is refused. Longer than any of our Lambdas works on one thing.
IN_FLIGHT_SECONDS = 300


@dataclass(frozen=True)
class Quiet:
    """When the last of what is under way can leave nothing more, here, at Genlook or outside.

    The tombstone is set: nothing new begins. So this must be known, and written down, before the
    first sweep, which takes away by what it is seen.
    """

    bulk: Bulk
    shoppers: Shoppers
    erasures: Erasures
    end_reports: EndReports
    clock: Clock
    late_seconds: int
    """From a submit until its generation can surely leave nothing more at Genlook."""

    def __call__(self, erasure: Erasure) -> int:
        """The moment from which on a sweep is the last."""
        now = int(self.clock())
        uploads = self.shoppers.get(erasure.shopper_key).uploads_until
        submits = (self._of(entry, now) for entry in self._entries(erasure))
        reports = self.end_reports.quiet_at(erasure.shopper_key, erasure.erased_at)
        own = max([uploads, reports, *submits])
        # Asked last: a sweep that took traces away from under our eyes wrote this down before.
        return max(own, self.erasures.others_quiet_at(erasure))

    def _entries(self, erasure: Erasure) -> Iterator[Entry]:
        rows = self.bulk.requests_before(erasure.shopper_key, erasure.erased_at)
        for batch in in_batches(rows):
            found = self.bulk.get([keys.ledger(row["tryOnId"]) for row in batch])
            yield from map(entry_of, found.values())

    def _of(self, entry: Entry, now: int) -> int:
        if entry.state is State.SUBMITTING:
            return now + IN_FLIGHT_SECONDS + self.late_seconds
        # By then whoever looks at it, copies its picture or says something of it is done.
        in_hand = (entry.decided_at or now) + IN_FLIGHT_SECONDS
        if entry.decided_at is not None and entry.published_at is None:
            in_hand = now + IN_FLIGHT_SECONDS
        begun = entry.submitted_at or entry.unknown_at
        if entry.reviews:
            # A person ordered another call after one whose end nobody knows.
            begun = max(begun or 0, entry.decided_at or now)
        elif begun is None:
            return in_hand if _may_be_told(entry) else 0
        elif _is_over(entry):
            return in_hand
        return max(in_hand, begun + self.late_seconds)


def _may_be_told(entry: Entry) -> bool:
    """Whether an event about a try-on that was never submitted may be on its way."""
    deferral = entry.deferred_at is not None and not entry.deferral_announced
    outcome = entry.decided_at is not None and entry.published_at is None
    return deferral or outcome


def _is_over(entry: Entry) -> bool:
    """Whether Genlook itself said that the generation has ended; a copy may be under way."""
    verdict = entry.verdict
    return verdict is not None and (
        verdict.outcome is Outcome.COMPLETED or verdict.reason is Reason.GENERATION_FAILED
    )
