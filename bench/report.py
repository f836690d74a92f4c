"""The rows as a table for a terminal and as JSON for others."""

import json
from collections.abc import Iterable
from pathlib import Path

from bench.results import Result

_HEAD = (
    f"{'durations':<27}{'a min':>6} {'policy':<12}{'done/min':>9}{'req/gen':>9}{'429':>7}"
    f"{'in 60 s':>9}{'p50':>8}{'p95':>8}{'over bound':>12}"
)


def table(results: Iterable[Result]) -> str:
    """All rows; the last column says how far the median delay lies above the lower bound."""
    rows = list(results)
    bounds = {
        (row.case, row.arrivals_per_minute): row.delay_p50_seconds
        for row in rows
        if row.policy == "lower-bound"
    }
    lines = [_HEAD]
    for row in rows:
        if row.policy == "worker":
            lines.append("")
        lines.append(_bulk_queue(row, bounds.get((row.case, row.arrivals_per_minute))))
    return "\n".join(lines)


def _bulk_queue(row: Result, bound: float | None) -> str:
    over = None
    if row.delay_p50_seconds is not None and bound is not None:
        over = row.delay_p50_seconds - bound
    return (
        f"{row.case:<27}{row.arrivals_per_minute:>6} {row.policy:<12}"
        f"{row.generations_per_minute:>9.1f}{_number(row.requests_per_generation, 2):>9}"
        f"{row.rate_limited:>7}{row.max_requests_in_any_minute:>9}"
        f"{_number(row.delay_p50_seconds):>8}{_number(row.delay_p95_seconds):>8}"
        f"{_number(over):>12}"
    )


def _number(value: float | None, places: int = 1) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def write_json(results: Iterable[Result], path: Path) -> None:
    """One object a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([row.to_json() for row in results], indent=1) + "\n")
