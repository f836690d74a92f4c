"""A partial batch answer that names an unknown message fails the whole batch, as on AWS.

The engine takes such an answer for success and deletes the messages: a lost try-on locally where
AWS would have delivered it again.
"""

import contextvars
import json
from typing import Any

from ministack.services import lambda_svc

from local.engine.patches.wrapping import Function, wrap

_batch: contextvars.ContextVar[frozenset[str] | None] = contextvars.ContextVar(
    "batch", default=None
)
_INVALID = {"errorType": "InvalidBatchResponse", "errorMessage": "unknown itemIdentifier"}


def _failures(body: Any) -> list[Any] | None:
    """Return the failures that an answer names, None for an answer that is not understood."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    if not body:
        return []
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if failures is None:
        return []
    return failures if isinstance(failures, list) else None


def _is_valid(body: Any, known: frozenset[str]) -> bool:
    failures = _failures(body)
    return failures is not None and all(
        isinstance(failure, dict) and failure.get("itemIdentifier") in known for failure in failures
    )


def _checking_execution(original: Function) -> Function:
    def execute(function: Any, event: Any) -> Any:
        result = original(function, event)
        known = _batch.get()
        if known is None or result.get("error") or _is_valid(result.get("body"), known):
            return result
        return {"error": True, "body": _INVALID, "log": result.get("log", "")}

    return execute


def _knowing_batch(original: Function) -> Function:
    def run(mapping: Any, function: Any, event: Any, batch: Any, *args: Any) -> Any:
        partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
        token = _batch.set(frozenset(m["id"] for m in batch) if partial else None)
        try:
            return original(mapping, function, event, batch, *args)
        finally:
            _batch.reset(token)

    return run


def apply() -> None:
    """Close the gap."""
    wrap(lambda_svc, "_execute_function", _checking_execution)
    wrap(lambda_svc, "_run_sqs_batch", _knowing_batch)
