"""Starts the wait loop of a submitted try-on; again after a crash, with no second loop."""

from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.events import Publisher
from tryon_worker.executions import Executions
from tryon_worker.store.entry import Entry
from tryon_worker.store.requests import Requests
from tryon_worker.usecases.door import about
from tryon_worker.usecases.plan_looks import PlanLooks

# When housekeeping first makes sure that the wait loop was started.
FIRST_CHECK_SECONDS = 120


@dataclass(frozen=True)
class Begin:
    """Save, then start: the ``generationId`` is in the ledger before this is called."""

    requests: Requests
    publisher: Publisher
    executions: Executions
    plan: PlanLooks
    clock: Clock

    def __call__(self, entry: Entry) -> None:
        """Says ``TryOnSubmitted`` and starts the execution, unless there has been one."""
        if entry.generation_id is None:
            return
        if self.executions.running(entry.try_on_id, entry.generation_id) is not None:
            return  # it runs, or it ran: then housekeeping looks after the outcome
        wish = self.requests.get(entry.shopper_key, entry.try_on_id)
        if wish is not None:
            self.publisher.publish(
                "TryOnSubmitted", about(entry, wish), occurred_at=entry.submitted_at
            )
        now = self.clock()
        first = self.plan.first(now - (entry.submitted_at or 0), bulk=entry.bulk)
        left = max(1, (entry.deadline_at or 0) - int(now))  # one look at least is made in time
        self.executions.start(entry.try_on_id, entry.generation_id, min(first, left))
