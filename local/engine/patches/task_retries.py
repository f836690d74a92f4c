"""Retries of a task as AWS does them: a throttled Lambda by its name, `MaxDelaySeconds` kept."""

from typing import Any

from ministack.services import stepfunctions

from local.engine.patches.wrapping import Function, wrap

_THROTTLED = "Lambda.TooManyRequestsException"


def _naming_throttles(original: Function) -> Function:
    def call(function: Any, event: Any) -> Any:
        try:
            return original(function, event)
        except stepfunctions._ExecutionError as error:
            if error.error == "Lambda.Unknown" and "TooManyRequestsException" in (
                error.cause or ""
            ):
                raise stepfunctions._ExecutionError(_THROTTLED, error.cause) from error
            raise

    return call


def _capping_delay(original: Function) -> Function:
    def find(retriers: Any, error: str, counts: dict[int, int]) -> Any:
        retrier, index = original(retriers, error, counts)
        if retrier is None or not retrier.get("MaxDelaySeconds"):
            return retrier, index
        growth = retrier.get("BackoffRate", 2.0) ** counts.get(index, 0)
        delay = min(retrier.get("IntervalSeconds", 1) * growth, retrier["MaxDelaySeconds"])
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index

    return find


def apply() -> None:
    """Close the gap."""
    wrap(stepfunctions, "_call_lambda", _naming_throttles)
    wrap(stepfunctions, "_find_matching_retrier", _capping_delay)
