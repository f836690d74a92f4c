"""When to look at a generation: what was learned and what the budget affords, put together."""

from dataclasses import dataclass

from tryon_worker.budget import Budget
from tryon_worker.clock import Clock
from tryon_worker.genlook import Generation
from tryon_worker.polling.affordable import looks
from tryon_worker.polling.schedule import Schedule, schedule
from tryon_worker.polling.survival import survival
from tryon_worker.store.durations import Durations
from tryon_worker.traffic import Traffic

# A plan serves for so long: the looks of a warm process share the reading and the reckoning.
_SERVES_SECONDS = 5


@dataclass(frozen=True)
class Asked:
    """A look that was made: the generation's age when it was, and what else was going on."""

    age_seconds: float
    traffic: Traffic


class PlanLooks:
    """Plans looks, and learns from what they saw."""

    def __init__(self, durations: Durations, budget: Budget, clock: Clock) -> None:
        self._durations = durations
        self._budget = budget
        self._clock = clock
        self._plans: dict[bool, tuple[float, Schedule]] = {}

    def first(self, age_seconds: float, *, bulk: bool = False) -> int:
        """Seconds to the first look at a generation that is so old."""
        return self._plan(None, bulk=bulk).wait(age_seconds)

    def next(self, asked: Asked, age_seconds: float, *, bulk: bool = False) -> int:
        """Seconds to the next look at one that is so old, and still ran when it was asked for."""
        return self._plan(asked.traffic, bulk=bulk).wait(age_seconds, asked.age_seconds)

    def learn(self, generation: Generation) -> None:
        """Remembers how long a generation took that is over; Genlook's own clock says it."""
        created, ended = generation.created_at, generation.updated_at
        if created is None or ended is None:
            return
        seconds = (ended - created).total_seconds()
        self._durations.add(generation.generation_id, seconds, at=int(self._clock()))

    def _plan(self, traffic: Traffic | None, *, bulk: bool) -> Schedule:
        now = self._clock()
        made_at, plan = self._plans.get(bulk, (None, None))
        if plan is None or made_at is None or not 0 <= now - made_at < _SERVES_SECONDS:
            seen = self._budget.traffic() if traffic is None else traffic
            affordable = looks(seen, self._budget.per_minute, bulk=bulk)
            plan = schedule(survival(self._durations.recent()), affordable)
            self._plans[bulk] = (now, plan)
        return plan
