"""The worker: its own budget and plan, called as its Lambdas call them."""

from collections import deque

from bench import overheads
from bench.account import LIMIT, Call, Generation
from bench.cases import Case, TryOn
from bench.clockwork import Process
from bench.memory_table import MemoryTable
from bench.run import Run
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import Clock
from tryon_worker.gcra import CallClass
from tryon_worker.polling.waits import whole_wait
from tryon_worker.shares import shares_of
from tryon_worker.store.durations import Durations
from tryon_worker.usecases.plan_looks import Asked, PlanLooks


class WorkerRun(Run):
    """A queue with a few workers, a wait loop for each generation, a round each minute."""

    policy = "worker"

    def __init__(self, case: Case, seed: int) -> None:
        super().__init__(case, seed)
        self.table = MemoryTable()
        self.durations = Durations(self.table)
        self.shares = shares_of(LIMIT, SHARES)
        self.plan = PlanLooks(self.durations, self._budget(0), self.clockwork.now)
        self.queue: deque[TryOn] = deque()
        self.parked: list[tuple[float, TryOn]] = []
        self.idle = overheads.WORKERS

    def begin(self) -> None:
        """Starts the rounds of housekeeping."""
        self.clockwork.spawn(self._housekeep())

    def arrive(self, try_on: TryOn) -> Process:
        """The wish's message comes to the queue; a free worker takes it."""
        self.queue.append(try_on)
        if self.idle:
            self.idle -= 1
            yield from self._work()

    def _budget(self, skew: float) -> Budget:
        clock: Clock = lambda: self.clockwork.now() + skew  # noqa: E731
        return Budget(self.table, self.shares, clock)

    def _caller(self) -> Budget:
        return self._budget(self.random.uniform(-overheads.SKEW, overheads.SKEW))

    def _work(self) -> Process:
        while self.queue:
            yield from self._submit(self.queue.popleft())
        self.idle += 1

    def _housekeep(self) -> Process:
        while True:
            yield overheads.HOUSEKEEPING
            now = self.clockwork.now()
            due = [try_on for at, try_on in self.parked if at <= now]
            self.parked = [row for row in self.parked if row[0] > now]
            for try_on in due:
                self.clockwork.spawn(self.arrive(try_on))

    def _submit(self, try_on: TryOn) -> Process:
        yield overheads.STEP
        slot = self._caller().take(CallClass.SUBMIT)
        if isinstance(slot, NoSlot):
            self.seen.away += 1
            self.parked.append((int(self.clockwork.now() + slot.retry_seconds) + 1, try_on))
            return
        yield slot.wait_seconds + overheads.MARK
        call = Call()
        yield from self.account.call(call)
        if call.refused:
            self._caller().pause(None)
            self.parked.append((self.clockwork.now(), try_on))
            return
        self.seen.submitted += 1
        generation = Generation(try_on, call.arrived_at)
        submitted_at = int(self.clockwork.now())
        yield overheads.SAVE
        self.clockwork.spawn(self._watch(generation, submitted_at))

    def _watch(self, generation: Generation, submitted_at: int) -> Process:
        """The state machine: wait, look, and again."""
        yield self.plan.first(self.clockwork.now() - submitted_at)
        while (wait := (yield from self._looked(generation, submitted_at))) is not None:
            yield wait

    def _looked(self, generation: Generation, submitted_at: int):  # type: ignore
        yield overheads.STEP
        slot = self._caller().take(CallClass.POLL)
        if isinstance(slot, NoSlot):
            self.seen.looks_away += 1
            return whole_wait(slot.retry_seconds)
        yield slot.wait_seconds
        seen_at = self.clockwork.now() - submitted_at
        call = Call()
        yield from self.look(call)
        if call.refused:
            self._caller().pause(None)
        elif call.arrived_at >= generation.ends_at:
            self.durations.add(
                str(id(generation)), generation.try_on.seconds, at=int(self.clockwork.now())
            )
            yield from self.fetched(generation)
            return None
        return self.plan.next(Asked(seen_at, slot.traffic), self.clockwork.now() - submitted_at)


SHARES = {CallClass.ERASURE: 10, CallClass.SUBMIT: 50, CallClass.UPLOAD: 20}
