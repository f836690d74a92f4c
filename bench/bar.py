"""What the worker has to reach, row by row; photos already uploaded, 100 requests a minute."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.account import LIMIT
from bench.cases import MEDIANS
from bench.results import Result

# At most so many requests may arrive in any 60 seconds, and none may be refused.
_MOST_IN_A_MINUTE = LIMIT


@dataclass(frozen=True)
class Bar:
    """Most seconds of delay, most requests, or least generations a minute; None is no bar."""

    p50: float | None = None
    p95: float | None = None
    requests: float | None = None
    generations: float | None = None


_SHORT, _LONG = MEDIANS
BARS = {
    (_SHORT, 1): Bar(p50=1.9, p95=3.2),
    (_LONG, 1): Bar(p50=1.9, p95=3.2),
    (_SHORT, 20): Bar(p50=2.5),
    (_LONG, 20): Bar(p50=5),
    (_SHORT, 30): Bar(p50=4),
    (_LONG, 30): Bar(p50=9.5),
    (_SHORT, 40): Bar(p50=7, requests=2.45),
    (_LONG, 40): Bar(p50=18),
    (_SHORT, 60): Bar(generations=43.5),
    (_LONG, 60): Bar(generations=42.5),
}


def missed(results: Iterable[Result]) -> list[str]:
    """What was not reached, in words."""
    found = list(results)
    return [
        f"{result.case}, {result.arrivals_per_minute} a minute: {what}"
        for result in found
        if result.policy == "worker"
        for what in (*_promises(result), *_bar(result), *_against_advice(result, found))
    ]


def _promises(result: Result) -> Iterator[str]:
    if result.rate_limited:
        yield f"{result.rate_limited} answers were 429"
    if result.max_requests_in_any_minute > _MOST_IN_A_MINUTE:
        yield f"{result.max_requests_in_any_minute} requests within a minute"
    if not result.all_done:
        yield "some try-ons never came to an end"


def _bar(result: Result) -> Iterator[str]:
    bar = BARS.get((result.median_seconds, result.arrivals_per_minute), Bar())
    for name, most, reached in (
        ("p50", bar.p50, result.delay_p50_seconds),
        ("p95", bar.p95, result.delay_p95_seconds),
        ("requests a generation", bar.requests, result.requests_per_generation),
    ):
        if most is not None and (reached is None or reached > most):
            yield f"{name} {reached} > {most}"
    if bar.generations is not None and result.generations_per_minute < bar.generations:
        yield f"generations a minute {result.generations_per_minute} < {bar.generations}"


def _against_advice(result: Result, results: list[Result]) -> Iterator[str]:
    """Where the account is idle, the plan must need fewer requests than the published advice."""
    if result.arrivals_per_minute != 1:
        return
    for other in results:
        same = (other.case, other.arrivals_per_minute) == (result.case, 1)
        if same and other.policy == "fixed-2s" and other.requests_per_generation is not None:
            ours = result.requests_per_generation
            if ours is None or ours >= other.requests_per_generation:
                yield f"requests a generation {ours}, fixed-2s {other.requests_per_generation}"
