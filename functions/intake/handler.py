"""The intake Lambda: events of the bus become requests, product rows and reviews."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import BatchResponse, Message, process_batch
from tryon_worker.container import Container
from tryon_worker.events.direct_message import take_direct
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.observability import logger, tracer
from tryon_worker.settings import IntakeSettings

container = Container(IntakeSettings())

# An order of 200 items is some ten seconds of writing. A function that is stopped in its midst
# brings back its whole batch; what does not fit comes again alone.
STEP_SECONDS = 20


class OutOfTime(Exception):
    """The message was not begun."""


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Takes the messages of a batch, each by itself, as long as there is time for one."""

    def route_event(message: Message) -> None:
        if context.get_remaining_time_in_millis() < STEP_SECONDS * 1000:
            raise OutOfTime
        take_direct(
            InboundEvent.from_bus(message), message, container.intake_queue, container.route_event
        )

    return process_batch(event, route_event, container.redelivery)
