"""The try-on Lambda: the next step of one try-on, which may be the paid call."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batches import Message, each_message
from tryon_worker.incoming import Incoming
from tryon_worker.observability import logger, tracer
from tryon_worker.redelivery import MessageMalformed
from tryon_worker.straight import straight
from tryon_worker.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def step(message: Message) -> None:
        if "tryOnId" in message.body:
            wiring.submit(message.body["tryOnId"], time_left)
        elif "detail-type" in message.body:
            wiring.take_in(Incoming.from_bus(message.body))
        else:
            _accept(message)

    return each_message(event, step, wiring.redelivery)


def _accept(message: Message) -> None:
    """A wish that was put straight on the queue; its step comes with a message of its own."""
    if not message.body.get("requestId"):
        raise MessageMalformed("requestId is needed where there is no event whose id could serve")
    straight(message, "TryOnRequested", wiring.tryon_queue, wiring.take_in)
