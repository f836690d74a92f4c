"""The try-on Lambda: the next step of one try-on, which may be the paid call."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import BatchResponse, Message, process_batch
from tryon_worker.container import Container
from tryon_worker.events.direct_message import take_direct
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.messages import InvalidMessage, StepMessage, internal
from tryon_worker.observability import logger, tracer
from tryon_worker.settings import TryOnSettings

container = Container(TryOnSettings())

_REQUEST = "TryOnRequested"


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def take(message: Message) -> None:
        match internal(message.body):
            case StepMessage() as asked:
                container.step(asked.try_on_id, time_left)
            case None:
                request = _requested(message)
                take_direct(request, message, container.tryon_queue, container.route_event)
            case _:
                raise InvalidMessage("it belongs on another queue")

    return process_batch(event, take, container.redelivery)


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
