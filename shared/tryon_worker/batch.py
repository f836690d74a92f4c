"""A batch of SQS messages: each is handled by itself, and failed ones alone come again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tryon_worker.observability import logger, what

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 300

# What is wrong with the message itself and will be wrong with it for ever.
_POISON = (LookupError, TypeError, ValueError)


class InvalidMessage(ValueError):
    """The body of a message is none that anybody could have meant."""


def growing_pause(error: Exception, receives: int) -> int:
    """Seconds until a message that failed with ``error`` at its n-th receive comes again."""
    if isinstance(error, _POISON):
        return 0
    return int(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (receives - 1)))


class Redelivery:
    """Says to the queue when a failed message shall come again."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def __call__(self, record: dict[str, Any], error: Exception) -> None:
        """Shortens the wait for a failed record of a batch."""
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=growing_pause(error, receives),
            )
        except (ClientError, BotoCoreError) as failure:
            # The message then comes again by itself, later.
            logger.warning("redelivery not shortened", extra={"error": type(failure).__name__})


@dataclass(frozen=True)
class Message:
    """A message of a queue, in its n-th of ``receives``; ``sent_at`` is in epoch seconds."""

    id: str
    body: dict[str, Any]
    sent_at: int
    receives: int


def each_message(
    event: dict[str, Any], take: Callable[[Message], None], redelivery: Redelivery
) -> dict[str, list[dict[str, str]]]:
    """Calls ``take`` for each record and answers which failed (``ReportBatchItemFailures``).

    Powertools' batch utility raises where all records fail, which Lambda counts as an error of the
    function and not of the messages.
    """
    failed = []
    for record in event["Records"]:
        try:
            take(_message(record))
        # The one boundary of a batch: whatever a record does must not touch its neighbours. Its
        # message comes again and ends in the dead-letter queue. Only the type is logged, with
        # where it was raised: texts of exceptions may quote what was in the message.
        except Exception as error:  # noqa: BLE001  the one boundary of a batch
            logger.error("message failed", extra={"messageId": record["messageId"], **what(error)})
            redelivery(record, error)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _message(record: dict[str, Any]) -> Message:
    try:
        body = json.loads(record["body"])
    except ValueError:
        raise InvalidMessage("the body is no JSON") from None
    if not isinstance(body, dict):
        raise InvalidMessage("the body is no JSON object")
    sent_at = int(record["attributes"]["SentTimestamp"]) // 1000
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return Message(record["messageId"], body, sent_at, receives)
