"""The intake Lambda: events of the bus become wishes, product rows and reviews."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batches import Message, each_message
from tryon_worker.incoming import Incoming
from tryon_worker.observability import logger, tracer
from tryon_worker.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""
    return each_message(event, _take_in, wiring.redelivery)


def _take_in(message: Message) -> None:
    wiring.take_in(Incoming.from_bus(message.body))
