"""A batch of SQS messages: each is handled by itself, and failed ones alone come again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import (
    PartialItemFailureResponse as BatchResponse,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import BotoCoreError, ClientError

from tryon_worker.messages import InvalidMessage
from tryon_worker.observability import error_fields, logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 300

# These say that the message itself is wrong, and will be wrong for ever.
_POISON = (LookupError, TypeError, ValueError)


__all__ = ["BatchResponse", "Message", "Redelivery", "growing_pause", "process_batch"]


@dataclass(frozen=True)
class Message:
    """A message of a queue, in its n-th of ``receives``; ``sent_at`` is in epoch seconds."""

    id: str
    body: dict[str, Any]
    sent_at: int
    receives: int


class Redelivery:
    """Tells the queue when a failed message shall come again."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def __call__(self, record: SQSRecord, error: BaseException) -> None:
        """Shortens the wait for a failed record of a batch."""
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=growing_pause(error, _receives(record)),
            )
        except (ClientError, BotoCoreError) as failure:
            # The message then comes again by itself, later.
            logger.warning("redelivery not shortened", extra={"error": type(failure).__name__})


class _Processor(BatchProcessor):
    """Powertools' processor; it also logs each failure and shortens the wait after it.

    Where all records fail, Powertools would raise, which Lambda counts as an error of the function
    and not of its messages. Only the error's type is logged, with where it was raised: the text of
    an exception may quote what was in the message.
    """

    def __init__(self, redelivery: Redelivery) -> None:
        super().__init__(EventType.SQS, raise_on_entire_batch_failure=False)
        self._redelivery = redelivery

    def failure_handler(self, record: SQSRecord, exception: Any) -> Any:
        """Takes a failed record; ``exception`` is ``sys.exc_info()``."""
        error = exception[1]
        logger.error(
            "message failed", extra={"messageId": record.message_id, **error_fields(error)}
        )
        self._redelivery(record, error)
        return super().failure_handler(record, exception)


def process_batch(
    event: dict[str, Any], take: Callable[[Message], None], redelivery: Redelivery
) -> BatchResponse:
    """Calls ``take`` for each record and answers which failed (``ReportBatchItemFailures``)."""

    def handle(record: SQSRecord) -> None:
        take(_message(record))

    processor = _Processor(redelivery)
    with processor(event["Records"], handle):
        processor.process()
    return processor.response()


def growing_pause(error: BaseException, receives: int) -> int:
    """Seconds until a message that failed with ``error`` at its n-th receive comes again."""
    if isinstance(error, _POISON):
        return 0
    return int(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (receives - 1)))


def _message(record: SQSRecord) -> Message:
    try:
        body = json.loads(record.body)
    except ValueError:
        raise InvalidMessage("the body is no JSON") from None
    if not isinstance(body, dict):
        raise InvalidMessage("the body is no JSON object")
    sent_at = int(record.attributes.sent_timestamp) // 1000
    return Message(record.message_id, body, sent_at, _receives(record))


def _receives(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count)
