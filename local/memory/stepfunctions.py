"""Step Functions in memory: executions by name; who runs them is up to the caller."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.memory.errors import Exceptions, client_error


@dataclass
class Execution:
    """An execution of the wait loop."""

    name: str
    input: str
    started_at: float
    status: str = "RUNNING"


@dataclass
class StepFunctions:
    """The client; ``executions`` by name, each of which is remembered for 90 days (AWS)."""

    now: Callable[[], float]
    state_machine: dict[str, Execution] = field(default_factory=dict)
    exceptions: Exceptions = field(default_factory=Exceptions)

    def start_execution(self, **given: Any) -> dict[str, Any]:
        """Start an execution; the same name and input while it runs is the same one (AWS)."""
        name, found = given["name"], self.state_machine.get(given["name"])
        if found is not None and (found.status != "RUNNING" or found.input != given["input"]):
            raise client_error("ExecutionAlreadyExists", "StartExecution")
        if found is None:
            self.state_machine[name] = Execution(name, given["input"], self.now())
        arn = given["stateMachineArn"].replace(":stateMachine:", ":execution:")
        return {"executionArn": f"{arn}:{name}"}

    def describe_execution(self, **given: Any) -> dict[str, Any]:
        """Say whether an execution runs."""
        found = self.state_machine.get(given["executionArn"].rpartition(":")[2])
        if found is None:
            raise client_error("ExecutionDoesNotExist", "DescribeExecution")
        return {"name": found.name, "status": found.status, "input": found.input}
