"""EventBridge delivers as on AWS: only where the target's policy lets it, and with retries.

The engine asks no queue's and no function's policy, and calls a function just once: what fails then
is gone, without a retry and without a dead letter.
"""

import contextvars
import json
import logging
from typing import Any

from ministack import app
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, sqs

from local.engine.patches.wrapping import Function, wrap

_SERVICE = "events.amazonaws.com"
_logger = logging.getLogger("eventbridge")
_rule_arn: contextvars.ContextVar[str] = contextvars.ContextVar("rule_arn", default="")


def _knowing_rule(original: Function) -> Function:
    def deliver(target: Any, event: Any, rule: dict[str, Any], *args: Any) -> None:
        token = _rule_arn.set(rule.get("Arn", ""))
        try:
            original(target, event, rule, *args)
        finally:
            _rule_arn.reset(token)

    return deliver


def _function_allows(function: dict[str, Any], arn: str) -> bool:
    if not app.AUTH:
        return True
    sources = {"aws:sourcearn": _rule_arn.get(), "aws:sourceaccount": get_account_id()}
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=get_region(),
        service_context=sources,
    )
    answer = evaluate_resource_policy(function.get("policy"), context, service=_SERVICE)
    return bool(answer.decision == "Allow")


def _refused(arn: str) -> None:
    _logger.warning("EventBridge: %s may not deliver to %s: its policy", _rule_arn.get(), arn)


def _asking_queue(original: Function) -> Function:
    def send(target: Any, *args: Any) -> None:
        arn = str(target)
        if sqs.queue_policy_allows(arn, _SERVICE, _rule_arn.get(), get_account_id()):
            original(target, *args)
        else:
            _refused(arn)

    return send


def _calling_asynchronously(_original: Function) -> Function:
    def call(arn: str, payload: str) -> None:
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config or not _function_allows(function, arn):
            _refused(arn)
            return
        record = lambda_svc._execution_record_for_config(function, config)
        # The retries and the dead letters are the function's, not the version's.
        record = {**record, "event_invoke_config": _event_invoke_config(function)}
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    return call


def _event_invoke_config(function: dict[str, Any]) -> Any:
    by_qualifier = function.get("event_invoke_configs") or {}
    return function.get("event_invoke_config") or by_qualifier.get("$LATEST")


def apply() -> None:
    """Close the gap."""
    wrap(eventbridge, "_invoke_target", _knowing_rule)
    wrap(eventbridge, "_dispatch_to_sqs", _asking_queue)
    wrap(eventbridge, "_dispatch_to_lambda", _calling_asynchronously)
