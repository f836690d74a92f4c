"""The worker: its own budget and plan, called as its Lambdas call them."""

from collections import deque

from bench import overheads
from bench.account import LIMIT, Call, Generation
from bench.cases import Case, TryOnInput
from bench.clockwork import Process, Steps
from bench.memory_table import MemoryTable
from bench.run import Run
from tryon_worker.account.calls import backoff_seconds
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import DEFAULT_PAUSE_SECONDS, Denied, RateLimiter
from tryon_worker.account.shares import shares_of
from tryon_worker.settings import Settings
from tryon_worker.tryons.durations import Durations
from tryon_worker.tryons.planner import Asked, PollPlanner
from tryon_worker.tryons.schedule import wait_after_denial

SHARES = Settings.model_construct().share_percents
"""As the stack has them by default."""


class WorkerRun(Run):
    """A queue with a few workers, and a wait loop for each generation."""

    policy = "worker"

    def __init__(self, case: Case, seed: int) -> None:
        super().__init__(case, seed)
        self.table = MemoryTable()
        self.durations = Durations(self.table)
        self.shares = shares_of(LIMIT, SHARES)
        self.plan = PollPlanner(self.durations, self._budget(0), self.clockwork.now)
        self.queue: deque[tuple[TryOnInput, int]] = deque()
        self.idle = overheads.WORKERS

    def arrive(self, try_on: TryOnInput) -> Process:
        """The request's message comes to the queue; a free worker takes it."""
        yield from self._message(try_on, 0)

    def _message(self, try_on: TryOnInput, tries: int) -> Process:
        self.queue.append((try_on, tries))
        if self.idle:
            self.idle -= 1
            yield from self._work()

    def _budget(self, skew: float) -> RateLimiter:
        return RateLimiter(self.table, self.shares, lambda: self.clockwork.now() + skew)

    def _caller(self) -> RateLimiter:
        return self._budget(self.random.uniform(-overheads.SKEW, overheads.SKEW))

    def _work(self) -> Process:
        while self.queue:
            yield from self._submit(*self.queue.popleft())
        self.idle += 1

    def _submit(self, try_on: TryOnInput, tries: int) -> Process:
        yield overheads.STEP
        slot = self._caller().take(Priority.SUBMIT)
        if isinstance(slot, Denied):
            self._again(try_on, tries, slot.retry_seconds)
            return
        yield slot.wait_seconds + overheads.MARK
        call = Call()
        yield from self.account.call(call)
        if call.refused:
            self._caller().pause(None)
            self._again(try_on, tries, DEFAULT_PAUSE_SECONDS)
            return
        generation = Generation(try_on, call.arrived_at, f"g{self.account.requests}")
        submitted_at = int(self.clockwork.now())
        yield overheads.SAVE
        self.clockwork.spawn(self._watch(generation, submitted_at))

    def _again(self, try_on: TryOnInput, tries: int, seconds: float) -> None:
        """Parked, with a delayed message that comes when its time has."""
        self.clockwork.spawn(
            self._message(try_on, tries + 1), after=backoff_seconds(seconds, tries)
        )

    def _watch(self, generation: Generation, submitted_at: int) -> Process:
        """The state machine: wait, look, and again."""
        yield self.plan.first(self.clockwork.now() - submitted_at)
        while (wait := (yield from self._looked(generation, submitted_at))) is not None:
            yield wait

    def _looked(self, generation: Generation, submitted_at: int) -> Steps[int | None]:
        """One look; the seconds to the next one, if there is to be one."""
        yield overheads.STEP
        slot = self._caller().take(Priority.POLL)
        if isinstance(slot, Denied):
            return wait_after_denial(slot.retry_seconds, self.clockwork.now() - submitted_at)
        yield slot.wait_seconds
        seen_at = self.clockwork.now() - submitted_at
        call = Call()
        yield from self.look(call)
        if call.refused:
            self._caller().pause(None)
        elif call.arrived_at >= generation.ends_at:
            self.durations.add(
                generation.name, generation.try_on.seconds, at=int(self.clockwork.now())
            )
            yield from self.fetched(generation)
            return None
        return self.plan.next(
            Asked(seen_at, slot.request_rates), self.clockwork.now() - submitted_at
        )
