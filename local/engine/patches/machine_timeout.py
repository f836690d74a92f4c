"""A state machine's own `TimeoutSeconds`, and ends that stay as they are.

The engine ignores the machine's timeout. It also lets a task that was under way when an execution
ended (stopped, timed out) turn that end into `FAILED`.
"""

import contextvars
import json
import threading
from typing import Any

from ministack.services import stepfunctions

from local.engine.patches.wrapping import Function, wrap


def _time_out(execution: dict[str, Any]) -> None:
    if execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", stopDate=stepfunctions.now_iso(), error="States.Timeout")
    stepfunctions._add_event(execution, "ExecutionTimedOut", {})
    stepfunctions._emit_execution_status_event(execution)


def _limit_of(execution: dict[str, Any]) -> float | None:
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    limit: float | None = json.loads(machine.get("definition") or "{}").get("TimeoutSeconds")
    return limit


def _timing_run(original: Function) -> Function:
    def run(arn: str) -> Any:
        execution = stepfunctions._executions.get(arn)
        limit = _limit_of(execution) if execution else None
        if limit is None:
            return original(arn)
        # The account and region of the request travel in the context.
        context = contextvars.copy_context()
        timer = threading.Timer(limit, context.run, (_time_out, execution))
        timer.daemon = True
        timer.start()
        try:
            return original(arn)
        finally:
            timer.cancel()

    return run


def _failing_once(original: Function) -> Function:
    def fail(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            original(execution, error, cause)

    return fail


def apply() -> None:
    """Close the gap."""
    wrap(stepfunctions, "_run_execution", _timing_run)
    wrap(stepfunctions, "_fail_execution", _failing_once)
