"""When a failed message comes again: poison at once, anything else after a growing pause.

Left alone a message comes again when its visibility timeout is over, which is six times as long as
the function may run (AWS's advice): the fifth failure, and with it the dead-letter queue and its
alarm, would be an hour away.
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tryon_worker.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 300

# What is wrong with the message itself and will be wrong with it for ever.
_POISON = (LookupError, TypeError, ValueError)


class MessageMalformed(ValueError):
    """The body of a message is none that anybody could have meant."""


def pause_after(error: Exception, receives: int) -> int:
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
                VisibilityTimeout=pause_after(error, receives),
            )
        except (ClientError, BotoCoreError) as failure:
            # The message then comes again by itself, later.
            logger.warning("redelivery not shortened", extra={"error": type(failure).__name__})
