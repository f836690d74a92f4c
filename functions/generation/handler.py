"""The generation Lambda: polls a generation, publishes its outcome, goes on after an execution."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.container import Container
from tryon_worker.observability import error_fields, logger, tracer
from tryon_worker.settings import GenerationSettings
from tryon_worker.tryons.polling import StillRunning

container = Container(GenerationSettings())


class RetryLater(Exception):
    """The state machine tries the task again: its definition knows this error by name."""


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answers a task of the state machine, or the event of an execution that ended by itself."""
    try:
        return _answer(event)
    # The boundary to Lambda, which logs the text of whatever leaves here; that of an exception may
    # quote what was read. Every step is safe to repeat, so each failure is worth another try.
    except Exception as error:  # noqa: BLE001  the handler's one boundary
        logger.error("generation step failed", extra=error_fields(error))
        raise RetryLater(type(error).__name__) from None


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    if event.get("source") == "aws.states":
        container.recover.on_execution_ended(_try_on_id(event["detail"]["name"]))
        return {}
    if event["action"] == "publish":
        container.outcomes.publish(event["tryOnId"])
        return {}
    ids = {"tryOnId": event["tryOnId"], "generationId": event["generationId"]}
    seen = container.poll(event["tryOnId"], event["generationId"])
    if isinstance(seen, StillRunning):
        return {**ids, "state": "RUNNING", "waitSeconds": seen.wait_seconds}
    return {**ids, "state": "DECIDED"}


def _try_on_id(execution_name: str) -> str:
    """The first part of an execution's name, which is made in ``tryon_worker.executions``."""
    return execution_name.partition("-")[0]
