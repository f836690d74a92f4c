"""The queues to which the worker sends messages."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tryon_worker.encoding import to_json
from tryon_worker.messages import (
    ExportMessage,
    RedactionMessage,
    StepMessage,
    SweepMessage,
    UploadMessage,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


# When housekeeping first takes a sent message for lost and resends it. A backlog may keep a message
# longer in the queue; then the second one does no harm.
RESEND_SECONDS = 900

# The longest delay of a message (AWS).
_LONGEST_DELAY = 900

# The most messages that one SendMessageBatch takes (AWS).
SEND_BATCH = 10

# One call may also have no more bytes than one message. A part names fifty ids, and fifty of the
# longest are 51 KB.
_PARTS_A_CALL = 4


class MessagesNotTaken(Exception):
    """SQS refused some messages of a batch; the caller sends them again later."""


class Queue:
    """One queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Mapping[str, Any], *, delay: int = 0) -> None:
        """Sends one message; it arrives after ``delay`` seconds."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=to_json(message),
            DelaySeconds=min(delay, _LONGEST_DELAY),
        )

    def send_all(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        first_after: float = 0,
        apart: float = 0,
        batch_size: int = SEND_BATCH,
    ) -> None:
        """Sends many messages in few calls.

        The first arrives after ``first_after`` seconds, each other one ``apart`` seconds later.

        Raises
        ------
        MessagesNotTaken
            SQS refused some (it responds with 200 and reports errors message by message).
        """
        failed = 0
        for start in range(0, len(messages), batch_size):
            batch = messages[start : start + batch_size]
            response = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(place),
                        "MessageBody": to_json(message),
                        "DelaySeconds": int(first_after + (start + place) * apart),
                    }
                    for place, message in enumerate(batch)
                ],
            )
            failed += len(response.get("Failed", []))
        if failed:
            raise MessagesNotTaken(f"{failed} of {len(messages)}")


class TryOnQueue(Queue):
    """The queue of the try-on Lambda."""

    def send_step(self, try_on_id: str, *, requested_at: int, delay: int = 0) -> None:
        """Sends the message for the next step of a try-on."""
        self.send(_step(try_on_id, requested_at), delay=delay)

    def send_steps(
        self, steps: Sequence[tuple[str, int]], *, apart: float = 0, first_after: float = 0
    ) -> None:
        """Sends a message for each try-on and the time of its request, ``apart`` seconds apart."""
        self.send_all([_step(*step) for step in steps], first_after=first_after, apart=apart)


def _step(try_on_id: str, requested_at: int) -> dict[str, Any]:
    return StepMessage(try_on_id=try_on_id, requested_at=requested_at).body()


class IntakeQueue(Queue):
    """The queue of the intake Lambda."""

    def send_parts(self, parts: Sequence[Mapping[str, Any]], *, apart: float) -> None:
        """Sends the parts of an event with very many items, ``apart`` seconds apart."""
        self.send_all(parts, apart=apart, batch_size=_PARTS_A_CALL)


class UploadQueue(Queue):
    """The queue of the upload Lambda."""

    def send_upload(self, shopper_key: str, photo_id: str, *, delay: int = 0) -> None:
        """Sends the message for the upload of a photo that is in the bucket."""
        self.send(UploadMessage(shopper_key=shopper_key, photo_id=photo_id).body(), delay=delay)


class ErasureQueue(Queue):
    """The queue of the erasure Lambda."""

    def send_sweeps(self, shopper_keys: Sequence[str], request_key: str) -> None:
        """Sends the messages for the next sweeps of one request's erasures."""
        self.send_all(
            [SweepMessage(shopper_key=key, request_key=request_key).body() for key in shopper_keys]
        )

    def send_redaction(self, request_key: str) -> None:
        """Sends the message for the next part of a shop redaction."""
        self.send(RedactionMessage(request_key=request_key).body())

    def send_export(self, shopper_key: str, request_key: str) -> None:
        """Sends the message for an export that is not yet published."""
        self.send(ExportMessage(shopper_key=shopper_key, request_key=request_key).body())
