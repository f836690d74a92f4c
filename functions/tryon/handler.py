"""The try-on Lambda: the next step of one try-on, which may be the paid call."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import InvalidMessage, Message, each_message
from tryon_worker.container import Container
from tryon_worker.events.direct_message import take_direct
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.observability import logger, tracer

container = Container()

_REQUEST = "TryOnRequested"


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def step(message: Message) -> None:
        if "tryOnId" in message.body:
            container.submit(message.body["tryOnId"], time_left)
        else:
            take_direct(_requested(message), message, container.tryon_queue, container.route_event)

    return each_message(event, step, container.redelivery)


def _requested(message: Message) -> InboundEvent:
    """A request that was put straight on the queue; its step comes with a message of its own.

    In an envelope it is one that we sent on. Nothing else is taken here: whoever may send requests
    to this queue may not therefore order paid retries or change the catalogue.
    """
    if "detail-type" in message.body:
        event = InboundEvent.from_bus(message)
        if event.detail_type != _REQUEST:
            raise InvalidMessage("only requests and steps of try-ons belong on this queue")
        return event
    if not message.body.get("requestId"):
        raise InvalidMessage("requestId is needed where there is no event whose id could serve")
    return InboundEvent.direct(message, _REQUEST)
