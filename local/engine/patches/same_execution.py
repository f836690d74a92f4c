"""Starting the same execution again while it runs gives the same answer again, as on AWS.

The engine refuses it. On AWS only another input, or an execution that has ended, is refused.
"""

from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions

from local.engine.patches.wrapping import Function, wrap


def _running_twin(request: dict[str, Any]) -> dict[str, Any] | None:
    machine_arn = stepfunctions._resolve_state_machine_arn(request.get("stateMachineArn", ""))
    if machine_arn is None or not request.get("name"):
        return None
    arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{request['name']}"
    execution: dict[str, Any] | None = stepfunctions._executions.get(arn)
    if execution and execution["status"] == "RUNNING":
        return execution if execution["input"] == request.get("input", "{}") else None
    return None


def _starting_once(original: Function) -> Function:
    def start(request: dict[str, Any]) -> Any:
        twin = _running_twin(request)
        if twin is None:
            return original(request)
        return json_response({"executionArn": twin["executionArn"], "startDate": twin["startDate"]})

    return start


def apply() -> None:
    """Close the gap."""
    wrap(stepfunctions, "_start_execution", _starting_once)
