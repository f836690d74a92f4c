"""What is read off an execution's history and the API's journal."""

from datetime import UTC, datetime
from typing import Any

from bench import overheads
from bench.surroundings import Call, Execution, facts, spans


def event(kind: str, name: str, at: float) -> dict[str, Any]:
    moment = datetime.fromtimestamp(at, UTC)
    return {"timestamp": moment, f"state{kind}EventDetails": {"name": name}}


def execution() -> Execution:
    """Submitted at 10, two looks, one of which was tried again, and the picture's publication."""
    history: list[dict[str, Any]] = [
        {"timestamp": datetime.fromtimestamp(10.5, UTC)},
        event("Entered", "Poll", 20.0),
        event("Exited", "Poll", 20.75),
        event("Entered", "Poll", 30.0),
        event("Exited", "Poll", 32.0),
        event("Entered", "Publish", 32.0),
        event("Exited", "Publish", 32.5),
    ]
    calls = [
        Call("try_on", 9.5, 10.0),
        Call("generation", 20.25, 20.5),
        Call("generation", 31.0, 31.25),
        Call("file", 31.25, 31.5),
    ]
    return Execution.of(history, calls)


def test_each_span_ends_where_the_next_thing_begins() -> None:
    assert spans([execution()]) == {"STEP": [0.25, 1.0], "SAVE": [0.5], "OUTCOME": [1.0]}


def test_what_did_not_happen_is_not_counted() -> None:
    running = Execution.of([event("Entered", "Poll", 20.0)], [Call("try_on", 18.0, 19.0)])
    assert spans([running]) == {"STEP": [], "SAVE": [1.0], "OUTCOME": []}


def test_every_figure_stands_beside_one_that_the_bench_takes_for_granted() -> None:
    found = facts([execution()] * 3)
    assert found["STEP"] == {"number": 6, "p50Seconds": 0.25, "p95Seconds": 1.0}
    assert all(getattr(overheads, name) > 0 for name in found)
