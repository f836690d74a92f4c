"""The erasure Lambda: a shopper is forgotten, here and at Genlook."""

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
    return each_message(event, _erase, wiring.redelivery)


def _erase(message: Message) -> None:
    body = message.body
    if "requestKey" in body:
        wiring.erase.again(body["shopperKey"], body["requestKey"])
    elif "detail-type" in body:
        wiring.take_erasure(Incoming.from_bus(body))
    else:
        wiring.take_erasure(Incoming.straight(message, "ErasureRequested"))
