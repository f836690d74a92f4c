"""Says what came of it: a table, a summary line, and all of it as JSON."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from local.crash.parts import Outcome
from local.crash.rows import kind
from local.crash.single import Case
from local.crash.stage import Stage

_HEADS = ("handler", "killed at", "", "result")


def table(cases: list[Case]) -> list[str]:
    """Return the lines of the table: a line a kill."""
    lines = [_bulk_queue(*_HEADS)] if cases else []
    for case in cases:
        if not case.plan.kills:
            continue
        step, when = case.plan.last
        result = case.result if case.reached else f"{case.result} (the call was not made)"
        lines.append(_bulk_queue(step.handler, str(step), when, result))
    return lines


def _bulk_queue(handler: str, call: str, when: str, result: str) -> str:
    return f"{handler:<13} {call:<84.84} {when:<7} {result}"


def states(stage: Stage) -> dict[str, int]:
    """Count in what the try-ons ended."""
    ledger = [row for row in stage.housekeeper.rows if kind(row) == "LEDGER"]
    ends = Counter(str(row.get("reason") or row.get("outcome") or row["state"]) for row in ledger)
    return dict(ends.most_common())


def summary(
    seed: int, one: Outcome, two: Outcome, three: Outcome, ends: dict[str, int], stage: Stage
) -> dict[str, Any]:
    """Put all together for `out/crash.json`."""
    kills = sum(seen.killed is not None for seen in stage.watch.seen)
    return {
        "seed": seed,
        "good": one.good and two.good and three.good,
        "calls": len(stage.watch.seen),
        "kills": kills,
        "callsNotReached": sum(not case.reached for case in one.cases + three.cases),
        "ends": ends,
        "creditsSpent": stage.control.charges(),
        "single": _part(one),
        "mixture": {
            "seconds": round(two.seconds),
            "violations": two.violations,
            **({} if two.mixed is None else _mixed(two)),
        },
        "wholeShop": _part(three),
    }


def _part(outcome: Outcome) -> dict[str, Any]:
    return {
        "seconds": round(outcome.seconds),
        "violations": outcome.violations,
        "cases": [_case(case) for case in outcome.cases],
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "kills": [
            {"handler": step.handler, "call": step.label, "turn": step.turn, "when": when}
            for step, when in case.plan.kills
        ],
        "reached": case.reached,
        "result": case.result,
        "seconds": round(case.seconds, 1),
    }


def _mixed(outcome: Outcome) -> dict[str, Any]:
    mixed = outcome.mixed
    if mixed is None:
        return {}
    return {
        "tryOns": sum(mixed.wished.values()),
        "shoppers": len(mixed.wished),
        "erased": len(mixed.erased),
        "kills": mixed.kills,
        "faults": mixed.faults,
        "deliveredAgain": mixed.again,
    }


def write(facts: dict[str, Any], path: Path) -> None:
    """Write the JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=2) + "\n")
