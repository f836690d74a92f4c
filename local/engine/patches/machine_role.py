"""A state machine calls a function only if its own role lets it; the engine asks nobody."""

import contextvars
from typing import Any

from ministack import app
from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, stepfunctions

from local.engine.patches.wrapping import Function, wrap

_role: contextvars.ContextVar[str] = contextvars.ContextVar("role", default="")


def _knowing_role(original: Function) -> Function:
    def run(arn: str) -> Any:
        execution = stepfunctions._executions.get(arn) or {}
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
        token = _role.set(machine.get("roleArn", ""))
        try:
            return original(arn)
        finally:
            _role.reset(token)

    return run


def _may_call(role_arn: str, function_arn: str) -> bool:
    name = role_arn.rsplit("/", 1)[-1]
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=get_region(),
    )
    answer = evaluate(context, _gather_role_policies(name, get_account_id()))
    return bool(answer.decision == "Allow")


def _asking_role(original: Function) -> Function:
    def call(reference: str, event: Any) -> Any:
        _, config, _ = lambda_svc._get_func_record_for_ref(reference)
        arn = (config or {}).get("FunctionArn", reference)
        if app.AUTH and not _may_call(_role.get(), arn):
            cause = f"{_role.get()} is not authorized to perform: lambda:InvokeFunction on {arn}"
            raise stepfunctions._ExecutionError("Lambda.AWSLambdaException", cause)
        return original(reference, event)

    return call


def apply() -> None:
    """Close the gap."""
    wrap(stepfunctions, "_run_execution", _knowing_role)
    wrap(stepfunctions, "_call_lambda", _asking_role)
