"""Starts the wait loop of a submitted try-on; again after a crash, with no second loop."""

from dataclasses import dataclass

from tryon_worker.aws.state_machine import StateMachine
from tryon_worker.clock import Clock
from tryon_worker.events.publisher import Publisher
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.model import TryOn
from tryon_worker.tryons.outcome import event_fields
from tryon_worker.tryons.planner import PollPlanner

# When housekeeping first makes sure that the wait loop was started.
FIRST_CHECK_SECONDS = 120


@dataclass(frozen=True)
class StartPolling:
    """Save, then start: the ``generationId`` is in the ledger before this is called."""

    details: TryOnDetails
    publisher: Publisher
    state_machine: StateMachine
    plan: PollPlanner
    clock: Clock

    def __call__(self, try_on: TryOn) -> None:
        """Publishes ``TryOnSubmitted`` and starts the execution, unless there has been one."""
        if try_on.generation_id is None:
            return
        if self.state_machine.running(try_on.try_on_id, try_on.generation_id) is not None:
            return  # it runs, or it ran: then housekeeping looks after the outcome
        request = self.details.get(try_on.shopper_key, try_on.try_on_id)
        if request is not None:
            self.publisher.publish(
                "TryOnSubmitted", event_fields(try_on, request), occurred_at=try_on.submitted_at
            )
        now = self.clock()
        first = self.plan.first(now - (try_on.submitted_at or 0), bulk=try_on.bulk)
        left = max(1, (try_on.deadline_at or 0) - int(now))  # one look at least is made in time
        self.state_machine.start(try_on.try_on_id, try_on.generation_id, min(first, left))
