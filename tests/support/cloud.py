"""The cloud around the functions, in a test's own time: it delivers again where a process died."""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.scythe import Killed, MortalWorld
from tryon_worker.incoming import Incoming
from tryon_worker.store import keys
from tryon_worker.usecases.look import Running
from tryon_worker.usecases.receive_photo import Arrival
from tryon_worker.wiring import Wiring

Step = Callable[[Wiring], float | None]
"""Does its work with a process; what it returns is in how many seconds it wants to go on."""

REDELIVERY_SECONDS = 45
"""Before a dead worker's claim has run out: its message then comes to nothing, too."""

MOST_RECEIVES = 5

_MOST_JOBS = 5_000
_SOON_SECONDS = 3 * 86_400


@dataclass(order=True)
class Job:
    """Something that is delivered to a function, again and again until it is done."""

    at: float
    place: int
    name: str = field(compare=False)
    step: Step = field(compare=False)
    receives: int = field(default=0, compare=False)


class Cloud:
    """Queues, schedule and state machine around the functions."""

    def __init__(self, world: MortalWorld) -> None:
        self.world = world
        self.before_job: Callable[[Job], None] = lambda _job: None
        self.extra_deliveries: Callable[[], list[float]] = list
        self.dead_letters: list[str] = []
        self._jobs: list[Job] = []
        self._placed = 0
        self._read = len(world.scythe.calls)
        self._watched: dict[str, str] = dict(world.executions.started)

    # --- what comes in

    def upload(self, arrival: Arrival) -> None:
        self.deliver("upload", lambda wiring: wiring.receive_photo(arrival))

    def event(self, event: Incoming) -> None:
        self.deliver("intake", lambda wiring: wiring.take_in(event))

    def deliver(self, name: str, do: Callable[[Wiring], None], *, at: float = 0) -> None:
        """Puts a message on its way; it may be delivered more than once."""
        for delay in [0.0, *self.extra_deliveries()]:
            self._place(name, self._once(do), max(at, self.world.clock.now()) + delay)

    # --- what goes on

    def run(self, *, until: float = math.inf) -> None:
        """Goes on until nothing moves by itself any more, or until a moment."""
        for _ in range(_MOST_JOBS):
            self._collect()
            if not self._jobs:
                due_at = self._next_due()
                if due_at is None:
                    return
                self._place("housekeeping", self._housekeep, max(due_at, self.world.clock.now()))
            if self._jobs[0].at > until:
                return
            self._do(heapq.heappop(self._jobs))
        raise AssertionError("it never came to rest")

    def _do(self, job: Job) -> None:
        if job.at > self.world.clock.now():
            self.world.clock.advance(job.at - self.world.clock.now())
        self.before_job(job)
        job.receives += 1
        try:
            again = job.step(self.world.wiring)
            job.receives = 0
        except Killed:
            self.world.wiring = self.world.new_process()
            again = REDELIVERY_SECONDS
        except Exception as error:  # noqa: BLE001  the boundary that Lambda is
            again = None if job.name == "housekeeping" else REDELIVERY_SECONDS
            if again and job.receives >= MOST_RECEIVES:
                self.dead_letters.append(f"{job.name}: {type(error).__name__}")
                again = None
        self.world.scythe.disarm()
        if again is not None and job.name != "housekeeping":
            job.at = self.world.clock.now() + again
            heapq.heappush(self._jobs, job)

    def _collect(self) -> None:
        """Takes over what was sent to queues and started meanwhile."""
        if not self._anything_sent():
            return
        for at, body in self.world.arrivals("upload"):
            self.deliver("upload", _upload_again(body), at=at)
        for at, body in self.world.arrivals("tryon"):
            self.deliver("tryon", self._submit(body["tryOnId"]), at=at)
        for body in self.world.messages("erasure"):
            self.deliver("erasure", _sweep(body))
        for try_on_id, generation_id in self.world.executions.started.items():
            if self._watched.get(try_on_id) != generation_id:
                self._watched[try_on_id] = generation_id
                step = self._execution(try_on_id, generation_id)
                self._place("execution", step, self.world.clock.now() + 8)

    def _anything_sent(self) -> bool:
        calls = self.world.scythe.calls
        new, self._read = calls[self._read :], len(calls)
        return any("SendMessage" in call or "StartExecution" in call for call in new)

    def _submit(self, try_on_id: str) -> Callable[[Wiring], None]:
        return lambda wiring: wiring.submit(try_on_id, lambda: self.world.time_left)

    def _execution(self, try_on_id: str, generation_id: str) -> Step:
        def go_on(wiring: Wiring) -> float | None:
            if try_on_id in self.world.executions.stopped:
                return None
            seen = wiring.look(try_on_id, generation_id)
            if isinstance(seen, Running):
                return seen.wait_seconds
            wiring.door.publish(try_on_id)
            self.world.executions.stopped.add(try_on_id)
            return None

        return go_on

    def _housekeep(self, wiring: Wiring) -> None:
        wiring.housekeep(lambda: self.world.time_left)

    def _next_due(self) -> float | None:
        """When the next row wants to be looked at; what is days away waits for a person."""
        table, now = self.world.observer.table, self.world.clock.now()
        firsts = [next(table.due(s, int(now) + _SOON_SECONDS), None) for s in keys.due_shards()]
        return min((first[1] for first in firsts if first is not None), default=None)

    def _place(self, name: str, step: Step, at: float) -> None:
        self._placed += 1
        heapq.heappush(self._jobs, Job(at, self._placed, name, step))

    @staticmethod
    def _once(do: Callable[[Wiring], None]) -> Step:
        def step(wiring: Wiring) -> None:
            do(wiring)

        return step


def _upload_again(body: dict[str, Any]) -> Callable[[Wiring], None]:
    return lambda wiring: wiring.receive_photo.again(body["shopperKey"], body["photoId"])


def _sweep(body: dict[str, Any]) -> Callable[[Wiring], None]:
    return lambda wiring: wiring.erase.again(body["shopperKey"], body["requestKey"])
