"""The housekeeping Lambda: each minute it resumes what waits and recovers what is stuck."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.container import Container
from tryon_worker.housekeeping import RoundIncomplete
from tryon_worker.observability import error_fields, logger, tracer
from tryon_worker.settings import HousekeepingSettings

container = Container(HousekeepingSettings())


class RoundFailed(Exception):
    """A round ended before its end; it shows as the function's error."""


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Does one round."""
    try:
        container.housekeeping_round(lambda: context.get_remaining_time_in_millis() / 1000)
    except RoundIncomplete:
        raise
    # The boundary to Lambda, which logs and traces the text of whatever leaves here; that of an
    # exception may quote what was read. The next tick does the same work.
    except Exception as error:  # noqa: BLE001  the handler's one boundary
        logger.error("round failed", extra=error_fields(error))
        raise RoundFailed(type(error).__name__) from None
