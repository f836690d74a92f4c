"""The erasure Lambda: erases shoppers and shops, and exports what is held about a shopper."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import BatchResponse, Message, process_batch
from tryon_worker.clock import TimeLeft
from tryon_worker.container import Container
from tryon_worker.events.direct_message import take_direct
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.messages import (
    ExportMessage,
    InvalidMessage,
    RedactionMessage,
    SweepMessage,
    internal,
)
from tryon_worker.observability import logger, tracer
from tryon_worker.settings import ErasureSettings

container = Container(ErasureSettings())


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    return process_batch(event, lambda message: _take(message, time_left), container.redelivery)


def _take(message: Message, time_left: TimeLeft) -> None:
    match internal(message.body):
        case SweepMessage() as asked:
            container.erase.resume(asked.shopper_key, asked.request_key, time_left)
        case ExportMessage() as asked:
            container.export_shopper.resume(asked.shopper_key, asked.request_key)
        case RedactionMessage() as asked:
            container.redact_shop.resume(asked.request_key, time_left)
        case None:
            _take_event(message, time_left)
        case _:
            raise InvalidMessage("it belongs on another queue")


def _take_event(message: Message, time_left: TimeLeft) -> None:
    def route(event: InboundEvent) -> None:
        container.route_privacy_request(event, time_left)

    if "detail-type" in message.body:
        event = InboundEvent.from_bus(message)
    else:
        event = InboundEvent.direct(message, "ErasureRequested")
    take_direct(event, message, container.erasure_queue, route)
