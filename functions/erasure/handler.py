"""The erasure Lambda: what shoppers may ask for, to be forgotten or to be told what is held."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batches import Message, each_message
from tryon_worker.clock import TimeLeft
from tryon_worker.incoming import Incoming
from tryon_worker.observability import logger, tracer
from tryon_worker.straight import take_dated
from tryon_worker.wiring import Wiring

wiring = Wiring()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    return each_message(event, lambda message: _take(message, time_left), wiring.redelivery)


def _take(message: Message, time_left: TimeLeft) -> None:
    body = message.body

    def take(event: Incoming) -> None:
        wiring.take_privacy_request(event, time_left)

    if "requestKey" in body:
        wiring.erase.again(body["shopperKey"], body["requestKey"], time_left)
    elif "reportKey" in body:
        wiring.report.again(body["shopperKey"], body["reportKey"])
    elif "redactionKey" in body:
        wiring.redact_shop.again(body["redactionKey"], time_left)
    elif "detail-type" in body:
        take_dated(Incoming.from_bus(message), message, wiring.erasure_queue, take)
    else:
        erasure = Incoming.straight(message, "ErasureRequested")
        take_dated(erasure, message, wiring.erasure_queue, take)
