"""What the surroundings took in a run: read off the executions' histories and the API's journal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.results import part


@dataclass(frozen=True)
class Call:
    """A call of the API, in seconds since 1970: when it arrived, and when it was answered."""

    operation: str
    came_at: float
    answered_at: float


@dataclass(frozen=True)
class Execution:
    """One wait: when it was started, when its states were entered and left, what it called."""

    started_at: float
    entered: Mapping[str, Sequence[float]]
    left: Mapping[str, Sequence[float]]
    calls: Sequence[Call]

    @classmethod
    def of(cls, history: Sequence[Mapping[str, Any]], calls: Sequence[Call]) -> "Execution":
        """From Step Functions' own record."""
        entered: dict[str, list[float]] = {}
        left: dict[str, list[float]] = {}
        for event in history:
            for kind, moments in (("Entered", entered), ("Exited", left)):
                if name := event.get(f"state{kind}EventDetails", {}).get("name"):
                    moments.setdefault(name, []).append(event["timestamp"].timestamp())
        return cls(history[0]["timestamp"].timestamp(), entered, left, calls)


def spans(state_machine: Sequence[Execution]) -> dict[str, list[float]]:
    """The seconds of each kind, sorted; a wait for a slot is in them, so the load must be light."""
    return {
        "STEP": sorted(s for one in state_machine for s in _steps(one)),
        "SAVE": sorted(s for one in state_machine for s in _saves(one)),
        "OUTCOME": sorted(s for one in state_machine for s in _outcomes(one)),
    }


def facts(state_machine: Sequence[Execution]) -> dict[str, Any]:
    """For ``out/overheads.json``."""
    return {
        name: {
            "number": len(found),
            "p50Seconds": part(found, 0.5),
            "p95Seconds": part(found, 0.95),
        }
        for name, found in spans(state_machine).items()
    }


def _steps(execution: Execution) -> Iterator[float]:
    """From the end of a wait to the look's call."""
    for call in _of(execution, "generation"):
        entered = [at for at in execution.entered.get("Poll", ()) if at < call.came_at]
        if entered:
            yield call.came_at - max(entered)


def _saves(execution: Execution) -> Iterator[float]:
    """From the paid call's answer to the start of the wait."""
    for call in _of(execution, "try_on"):
        yield execution.started_at - call.answered_at


def _outcomes(execution: Execution) -> Iterator[float]:
    """From the picture to the end of its publication."""
    for picture in _of(execution, "file"):
        for published_at in execution.left.get("Publish", ()):
            yield published_at - picture.answered_at


def _of(execution: Execution, operation: str) -> Iterator[Call]:
    return (call for call in execution.calls if call.operation == operation)
