"""The queues that the worker itself writes to."""

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


# When housekeeping first looks whether a message that was sent is lost. A backlog waits longer in
# the queue than this; a second message for the same does no harm.
RESEND_SECONDS = 900

# SQS delays a message by no more (AWS).
_LONGEST_DELAY = 900

# SendMessageBatch takes so many (AWS).
SEND_BATCH = 10

# It also takes no more bytes in all than one message may have. Fifty ids of the longest kind are
# 51 KB.
_PARTS_A_CALL = 4


class MessagesNotTaken(Exception):
    """The queue answered, but did not take some messages; they are sent again later."""


class Queue:
    """One queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Mapping[str, Any], *, delay: int = 0) -> None:
        """Sends one message, which arrives after ``delay`` seconds."""
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
        a_call: int = SEND_BATCH,
    ) -> None:
        """Sends many messages in few calls; they arrive so many seconds ``apart``.

        Raises
        ------
        MessagesNotTaken
            SQS answered 200 and refused some (it reports errors message by message).
        """
        failed = 0
        for start in range(0, len(messages), a_call):
            batch = messages[start : start + a_call]
            answer = self._client.send_message_batch(
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
            failed += len(answer.get("Failed", []))
        if failed:
            raise MessagesNotTaken(f"{failed} of {len(messages)}")


class TryOnQueue(Queue):
    """The queue of the try-on Lambda."""

    def send_step(self, try_on_id: str, *, requested_at: int, delay: int = 0) -> None:
        """Asks for the next step of a try-on."""
        self.send(_step(try_on_id, requested_at), delay=delay)

    def send_steps(
        self, steps: Sequence[tuple[str, int]], *, apart: float = 0, first_after: float = 0
    ) -> None:
        """Asks for steps of try-ons, each with the time of its request, so many seconds apart."""
        self.send_all([_step(*step) for step in steps], first_after=first_after, apart=apart)


def _step(try_on_id: str, requested_at: int) -> dict[str, Any]:
    return StepMessage(try_on_id=try_on_id, requested_at=requested_at).body()


class IntakeQueue(Queue):
    """The queue of the intake Lambda."""

    def send_parts(self, parts: Sequence[Mapping[str, Any]], *, apart: float) -> None:
        """Sends the parts of an event with very many items, so many seconds apart."""
        self.send_all(parts, apart=apart, a_call=_PARTS_A_CALL)


class UploadQueue(Queue):
    """The queue of the upload Lambda."""

    def send_upload(self, shopper_key: str, photo_id: str, *, delay: int = 0) -> None:
        """Asks for the upload of a photo that lies in the bucket."""
        self.send(UploadMessage(shopper_key=shopper_key, photo_id=photo_id).body(), delay=delay)


class ErasureQueue(Queue):
    """The queue of the erasure Lambda."""

    def send_sweeps(self, shopper_keys: Sequence[str], request_key: str) -> None:
        """Asks for the next sweeps of erasures of one request."""
        self.send_all(
            [SweepMessage(shopper_key=one, request_key=request_key).body() for one in shopper_keys]
        )

    def send_redaction(self, request_key: str) -> None:
        """Asks for the next walk over all shoppers of a shop that is to be forgotten."""
        self.send(RedactionMessage(request_key=request_key).body())

    def send_export(self, shopper_key: str, request_key: str) -> None:
        """Asks for an export that is open, or not yet published."""
        self.send(ExportMessage(shopper_key=shopper_key, request_key=request_key).body())
