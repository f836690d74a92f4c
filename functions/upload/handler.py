"""The upload Lambda: photos from the upload queue to Genlook."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tryon_worker.batch import BatchResponse, Message, process_batch
from tryon_worker.clock import from_iso
from tryon_worker.container import Container
from tryon_worker.messages import InvalidMessage, UploadMessage, internal
from tryon_worker.observability import logger, tracer
from tryon_worker.photos.receive import Arrival
from tryon_worker.settings import UploadSettings

container = Container(UploadSettings())


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], _context: LambdaContext) -> BatchResponse:
    """Takes the messages of a batch, each by itself."""
    return process_batch(event, _take, container.redelivery)


def _take(message: Message) -> None:
    match internal(message.body):
        case UploadMessage() as asked:
            container.receive_photo.upload_again(asked.shopper_key, asked.photo_id)
        case None:
            container.receive_photo(_arrival(message))
        case _:
            raise InvalidMessage("it belongs on another queue")


def _arrival(message: Message) -> Arrival:
    """S3's event, as EventBridge delivers it."""
    put = message.body["detail"]["object"]
    return Arrival(
        key=put["key"],
        sequencer=put["sequencer"],
        # A photo is no younger than the message about it, whatever clock dated the event.
        taken_at=min(int(from_iso(message.body["time"])), message.sent_at),
        size=put["size"],
    )
