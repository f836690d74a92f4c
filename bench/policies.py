"""What the worker is measured against: fixed intervals as published, and a bound from below."""

from typing import ClassVar

from bench.account import LIMIT, Call, Generation
from bench.cases import Case, TryOnInput
from bench.clockwork import Process, Steps
from bench.run import Run

# How SDKs retry a 429: twice the wait each time, up to eight seconds, a quarter of it by chance.
# They give up after two or three; here they never do, which is kinder to them.
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
_JITTER = 0.25

# How often the oracle looks whether there is room.
_GLANCE = 0.05


class FixedRun(Run):
    """Submits at once, then asks at a fixed interval: for 2 s, what Genlook's docs advise."""

    interval: ClassVar[float]
    drains = False

    def arrive(self, try_on: TryOnInput) -> Process:
        """Submits and asks until the picture is there."""
        submit = yield from self._until_taken(looking=False)
        generation = Generation(try_on, submit.arrived_at)
        while True:
            yield self.interval
            look = yield from self._until_taken(looking=True)
            if look.arrived_at >= generation.ends_at:
                yield from self.fetched(generation)
                return

    def _until_taken(self, *, looking: bool) -> Steps[Call]:
        backoff = _FIRST_BACKOFF
        while True:
            call = Call()
            yield from self.look(call) if looking else self.account.call(call)
            if not call.refused:
                return call
            yield backoff * (1 - _JITTER * self.random.random())
            backoff = min(_LONGEST_BACKOFF, backoff * 2)


class Fixed2s(FixedRun):
    """The published advice."""

    policy = "fixed-2s"
    interval = 2.0


class Fixed5s(FixedRun):
    """Rarer."""

    policy = "fixed-5s"
    interval = 5.0


class Fixed10s(FixedRun):
    """Rarer still."""

    policy = "fixed-10s"
    interval = 10.0


class LowerBound(Run):
    """Knows when each generation ends and what has arrived: one look each, just then.

    Half of the limit is for submits, in the order of arrival, so that each has room for its look.
    Its requests arrive at once, and no clock is wrong.
    """

    policy = "lower-bound"

    def __init__(self, case: Case, seed: int) -> None:
        super().__init__(case, seed)
        self.submits: list[float] = []

    def arrive(self, try_on: TryOnInput) -> Process:
        """Submits when fewer than half of the limit did in the last minute, looks at the end."""
        yield self._turn() - self.clockwork.now()
        while not self.account.room():
            yield _GLANCE
        submit = Call()
        yield from self.account.call(submit, at_once=True)
        generation = Generation(try_on, submit.arrived_at)
        yield generation.ends_at - self.clockwork.now()
        while not self.account.room():
            yield _GLANCE
        yield from self.look(Call(), at_once=True)
        yield from self.fetched(generation)

    def _turn(self) -> float:
        half = LIMIT // 2
        before = self.submits[-half] + 60 if len(self.submits) >= half else 0.0
        self.submits.append(max(self.clockwork.now(), before))
        return self.submits[-1]
