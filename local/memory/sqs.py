"""SQS in memory: at least once, with delays and visibility, in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.memory.errors import Exceptions, client_error

# AWS's limits: seconds of a delay, messages a call, bytes of a call.
_LONGEST_DELAY = 900
_BATCH = 10
_BYTES = 1024 * 1024

_VISIBILITY_SECONDS = 30


@dataclass
class Message:
    """A message; it can be received from ``visible_at`` on."""

    id: str
    body: str
    sent_at: float
    visible_at: float
    receives: int = 0
    receipt: str = ""


class SQS:
    """The client; ``queues`` holds the messages by the queue's URL."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sent = 0
        self.queues: dict[str, list[Message]] = {}
        self.exceptions = Exceptions()

    def create_queue(self, **given: Any) -> dict[str, Any]:
        """Make a queue."""
        url = f"https://sqs.memory.invalid/000000000000/{given['QueueName']}"
        self.queues.setdefault(url, [])
        return {"QueueUrl": url}

    def get_queue_attributes(self, **given: Any) -> dict[str, Any]:
        """Say a queue's ARN and how much is in it."""
        messages, now = self._queue(given), self._now()
        visible = sum(message.visible_at <= now for message in messages)
        name = given["QueueUrl"].rpartition("/")[2]
        return {
            "Attributes": {
                "QueueArn": f"arn:aws:sqs:eu-west-1:000000000000:{name}",
                "ApproximateNumberOfMessages": str(visible),
                "ApproximateNumberOfMessagesNotVisible": str(len(messages) - visible),
            }
        }

    def send_message(self, **given: Any) -> dict[str, Any]:
        """Send one message."""
        return self._send(self._queue(given), given)

    def send_message_batch(self, **given: Any) -> dict[str, Any]:
        """Send up to ten messages, together at most one megabyte."""
        entries, queue = given["Entries"], self._queue(given)
        if len(entries) > _BATCH:
            raise client_error("TooManyEntriesInBatchRequest", "SendMessageBatch")
        if sum(len(entry["MessageBody"].encode()) for entry in entries) > _BYTES:
            raise client_error("BatchRequestTooLong", "SendMessageBatch")
        sent = [{"Id": entry["Id"], **self._send(queue, entry)} for entry in entries]
        return {"Successful": sent}

    def receive_message(self, **given: Any) -> dict[str, Any]:
        """Take up to so many messages, which are hidden for the visibility timeout."""
        now, hidden = self._now(), given.get("VisibilityTimeout", _VISIBILITY_SECONDS)
        ready = [message for message in self._queue(given) if message.visible_at <= now]
        taken = ready[: given.get("MaxNumberOfMessages", 1)]
        for message in taken:
            message.receives += 1
            message.visible_at = now + hidden
            message.receipt = f"{message.id}#{message.receives}"
        if not taken:
            return {}
        return {"Messages": [_received(message) for message in taken]}

    def delete_message(self, **given: Any) -> dict[str, Any]:
        """Remove a message that was received."""
        queue = self._queue(given)
        queue[:] = [one for one in queue if one.receipt != given["ReceiptHandle"]]
        return {}

    def change_message_visibility(self, **given: Any) -> dict[str, Any]:
        """Let a message that was received come again after so many seconds."""
        for message in self._queue(given):
            if message.receipt == given["ReceiptHandle"]:
                message.visible_at = self._now() + given["VisibilityTimeout"]
                return {}
        raise client_error("ReceiptHandleIsInvalid", "ChangeMessageVisibility")

    def _send(self, queue: list[Message], given: dict[str, Any]) -> dict[str, Any]:
        delay = given.get("DelaySeconds", 0)
        if not 0 <= delay <= _LONGEST_DELAY or len(given["MessageBody"].encode()) > _BYTES:
            raise client_error("InvalidParameterValue", "SendMessage")
        self._sent += 1
        message = Message(
            f"message-{self._sent}",
            given["MessageBody"],
            self._now(),
            self._now() + delay,
        )
        queue.append(message)
        return {"MessageId": message.id}

    def _queue(self, given: dict[str, Any]) -> list[Message]:
        try:
            return self.queues[given["QueueUrl"]]
        except KeyError:
            raise client_error("AWS.SimpleQueueService.NonExistentQueue", "SQS") from None


def _received(message: Message) -> dict[str, Any]:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "Attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1000)),
        },
    }
