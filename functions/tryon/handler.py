"""The try-on Lambda: the next step of one try-on, which may be the paid call."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batches import Message, each_message
from tryon_worker.incoming import Incoming
from tryon_worker.observability import logger, tracer
from tryon_worker.redelivery import MessageMalformed
from tryon_worker.straight import take_dated
from tryon_worker.wiring import Wiring

wiring = Wiring()

_REQUEST = "TryOnRequested"


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def step(message: Message) -> None:
        if "tryOnId" in message.body:
            wiring.submit(message.body["tryOnId"], time_left)
        else:
            take_dated(_requested(message), message, wiring.tryon_queue, wiring.take_in)

    return each_message(event, step, wiring.redelivery)


def _requested(message: Message) -> Incoming:
    """A request that was put straight on the queue; its step comes with a message of its own.

    In an envelope it is one that we sent on. Nothing else is taken here: whoever may send requests
    to this queue may not therefore order paid retries or change the catalogue.
    """
    if "detail-type" in message.body:
        event = Incoming.from_bus(message)
        if event.detail_type != _REQUEST:
            raise MessageMalformed("only requests and steps of try-ons belong on this queue")
        return event
    if not message.body.get("requestId"):
        raise MessageMalformed("requestId is needed where there is no event whose id could serve")
    return Incoming.straight(message, _REQUEST)
