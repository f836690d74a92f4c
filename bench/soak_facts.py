"""What a soak came to, and whether that is what it has to be."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from bench.results import camel, part

# Engine, Lambda and whole-second waits in real time may add so much to the bench's median.
MOST_ABOVE_BENCH_SECONDS = 4.0


@dataclass(frozen=True)
class Told:
    """An outcome that was heard, and how long after Genlook's end of it our event is dated."""

    completed: bool
    delay_seconds: float


@dataclass(frozen=True)
class Facts:
    """As in ``out/soak.json``."""

    minutes: float
    try_ons: int
    completed: int
    requests: int
    requests_per_generation: float | None
    rate_limited: int
    max_requests_in_any_minute: int
    delay_p50_seconds: float | None
    delay_p95_seconds: float | None
    bench_delay_p50_seconds: float | None

    @classmethod
    def of(
        cls,
        minutes: float,
        sent: int,
        outcomes: Sequence[Told],
        calls: Sequence[dict[str, Any]],
        bench_delays: Sequence[float],
    ) -> Self:
        """Counts and medians."""
        delays = sorted(outcome.delay_seconds for outcome in outcomes)
        completed = sum(outcome.completed for outcome in outcomes)
        return cls(
            minutes,
            sent,
            completed,
            len(calls),
            round(len(calls) / completed, 2) if completed else None,
            sum(call["status"] == 429 for call in calls),
            busiest_minute([call["time"] for call in calls]),
            part(delays, 0.5),
            part(delays, 0.95),
            part(sorted(bench_delays), 0.5),
        )

    def to_json(self) -> dict[str, Any]:
        """As others read it."""
        return {camel(name): value for name, value in asdict(self).items()}


def busiest_minute(times: list[float]) -> int:
    """The most of them within any 60 seconds."""
    times = sorted(times)
    first = most = 0
    for last, time in enumerate(times):
        while times[first] <= time - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


def missed(facts: Facts) -> list[str]:
    """What was not reached, in words."""
    found = []
    if facts.rate_limited:
        found.append(f"{facts.rate_limited} answers were 429")
    if facts.completed < facts.try_ons:
        found.append(f"{facts.try_ons - facts.completed} try-ons did not complete")
    ours, bench = facts.delay_p50_seconds, facts.bench_delay_p50_seconds
    if ours is not None and bench is not None and ours > bench + MOST_ABOVE_BENCH_SECONDS:
        found.append(f"median delay {ours} s is over {MOST_ABOVE_BENCH_SECONDS:g} s above {bench}")
    return found
