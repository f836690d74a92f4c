"""One row of the table: what a policy made of a load."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.run import Run


@dataclass(frozen=True)
class Result:
    """Names as in ``out/bench.json``, but for the case."""

    case: str
    policy: str
    median_seconds: float
    arrivals_per_minute: int
    generations_per_minute: float
    requests_per_generation: float | None
    rate_limited: int
    max_requests_in_any_minute: int
    delay_p50_seconds: float | None
    delay_p95_seconds: float | None
    all_done: bool

    def to_json(self) -> dict[str, Any]:
        """As others read it."""
        row = asdict(self)
        del row["case"], row["all_done"]
        return {camel(name): value for name, value in row.items()}


def result_of(run: Run) -> Result:
    """What is to be said of a run that is over."""
    minutes = run.case.minutes
    delays = sorted(run.seen.delays)
    in_time = sum(end <= minutes * 60 for end in run.seen.ends)
    return Result(
        run.case.name,
        run.policy,
        run.case.median_seconds,
        run.case.arrivals_per_minute,
        round(in_time / minutes, 2),
        round(run.account.requests / len(delays), 2) if delays else None,
        run.account.rate_limited,
        run.account.busiest_minute,
        part(delays, 0.5),
        part(delays, 0.95),
        run.all_done(),
    )


def part(delays: Sequence[float], share: float) -> float | None:
    """The delay that this part of all lies at or below; they are sorted."""
    return round(delays[int(share * (len(delays) - 1))], 2) if delays else None


def camel(name: str) -> str:
    """A name as JSON has it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
