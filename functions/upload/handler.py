"""The upload Lambda: photos from the upload queue to Genlook."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import Message, each_message
from tryon_worker.clock import from_iso
from tryon_worker.container import Container
from tryon_worker.observability import logger, tracer
from tryon_worker.photos.receive import Arrival

container = Container()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Takes the messages of a batch, each by itself."""
    return each_message(event, _receive, container.redelivery)


def _receive(message: Message) -> None:
    body = message.body
    if "photoId" in body:
        container.receive_photo.again(body["shopperKey"], body["photoId"])
        return
    detail = body["detail"]
    container.receive_photo(
        Arrival(
            key=detail["object"]["key"],
            sequencer=detail["object"]["sequencer"],
            # A photo is no younger than the message about it, whatever clock dated the event.
            taken_at=min(int(from_iso(body["time"])), message.sent_at),
        )
    )
