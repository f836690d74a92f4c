"""Plans polls: what was learned of recent generations, and what the rate affords."""

from dataclasses import dataclass

from tryon_worker.account.rate_limiter import RateLimiter, RequestRates
from tryon_worker.account.shares import POLLS_BEFORE_BULK, POLLS_RESERVED
from tryon_worker.clock import Clock
from tryon_worker.genlook import Generation
from tryon_worker.tryons.durations import Durations
from tryon_worker.tryons.schedule import Schedule, schedule, survival

# Planned use of the rate. The last few hundredths are kept: where all is in use, everybody queues.
_USED = 1.05

# A plan needs at least so many: a generation is polled until it was seen to end.
LEAST_POLLS = 1.1

# Fewer submits a minute than this are as good as none.
_SOME = 0.5


def polls(request_rates: RequestRates, per_minute: float, *, bulk: bool = False) -> float:
    """Polls for a generation, out of ``per_minute`` requests; live ones come before bulk."""
    spare = _USED * per_minute - request_rates.other - request_rates.live - request_rates.bulk
    if bulk:
        spare -= POLLS_BEFORE_BULK * request_rates.live
        return max(LEAST_POLLS, spare / max(_SOME, request_rates.bulk))
    spare -= POLLS_RESERVED * request_rates.bulk
    return max(LEAST_POLLS, spare / max(_SOME, request_rates.live))


# A plan serves for so long: the polls of a warm process share the read and the computation.
_SERVES_SECONDS = 5


@dataclass(frozen=True)
class Asked:
    """A poll that was made: the generation's age then, and the rates of all requests."""

    age_seconds: float
    request_rates: RequestRates


class PollPlanner:
    """Plans polls, and learns from what they saw."""

    def __init__(self, durations: Durations, rate_limiter: RateLimiter, clock: Clock) -> None:
        self._durations = durations
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._plans: dict[bool, tuple[float, Schedule]] = {}

    def first(self, age_seconds: float, *, bulk: bool = False) -> int:
        """Seconds to the first poll of a generation of that age."""
        return self._plan(None, bulk=bulk).wait(age_seconds)

    def next(self, asked: Asked, age_seconds: float, *, bulk: bool = False) -> int:
        """Seconds to the next poll of one of that age that still ran at this poll."""
        return self._plan(asked.request_rates, bulk=bulk).wait(age_seconds, asked.age_seconds)

    def learn(self, generation: Generation) -> None:
        """Remembers how long a generation took that has ended, by Genlook's own clock."""
        created, ended = generation.created_at, generation.updated_at
        if created is None or ended is None:
            return
        seconds = (ended - created).total_seconds()
        self._durations.add(generation.generation_id, seconds, at=int(self._clock()))

    def _plan(self, request_rates: RequestRates | None, *, bulk: bool) -> Schedule:
        now = self._clock()
        made_at, plan = self._plans.get(bulk, (None, None))
        if plan is None or made_at is None or not 0 <= now - made_at < _SERVES_SECONDS:
            seen = self._rate_limiter.request_rates() if request_rates is None else request_rates
            affordable = polls(seen, self._rate_limiter.per_minute, bulk=bulk)
            plan = schedule(survival(self._durations.recent()), affordable)
            self._plans[bulk] = (now, plan)
        return plan
