"""The erasure Lambda: what shoppers may ask for, to be forgotten or to be told what is held."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import Message, each_message
from tryon_worker.clock import TimeLeft
from tryon_worker.container import Container
from tryon_worker.events.direct_message import take_direct
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.observability import logger, tracer

container = Container()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    return each_message(event, lambda message: _take(message, time_left), container.redelivery)


def _take(message: Message, time_left: TimeLeft) -> None:
    body = message.body

    def take(event: InboundEvent) -> None:
        container.route_privacy_request(event, time_left)

    if "requestKey" in body:
        container.erase.again(body["shopperKey"], body["requestKey"], time_left)
    elif "reportKey" in body:
        container.export_shopper.again(body["shopperKey"], body["reportKey"])
    elif "redactionKey" in body:
        container.redact_shop.again(body["redactionKey"], time_left)
    elif "detail-type" in body:
        take_direct(InboundEvent.from_bus(message), message, container.erasure_queue, take)
    else:
        erasure = InboundEvent.direct(message, "ErasureRequested")
        take_direct(erasure, message, container.erasure_queue, take)
