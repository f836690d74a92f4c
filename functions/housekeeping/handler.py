"""The housekeeping Lambda: each minute, what waits is woken and what is stuck is ended."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.observability import logger, tracer
from tryon_worker.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Does one round."""
    wiring.housekeep(lambda: context.get_remaining_time_in_millis() / 1000)
