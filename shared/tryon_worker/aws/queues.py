"""The queues that the worker itself writes to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tryon_worker.encoding import to_json

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
        """Asks for the next step of a try-on; twice does no harm, the ledger knows."""
        self.send({"tryOnId": try_on_id, "requestedAt": requested_at}, delay=delay)

    def send_steps(self, try_on_ids: Sequence[str], *, requested_at: int) -> None:
        """Asks for the first steps of all the try-ons of one event."""
        self.send_all([{"tryOnId": one, "requestedAt": requested_at} for one in try_on_ids])

    def send_apart(
        self, steps: Sequence[tuple[str, int]], *, apart: float, first_after: float = 0
    ) -> None:
        """Asks for steps of try-ons, each with the time of its request, so many seconds apart."""
        messages = [{"tryOnId": one, "requestedAt": requested_at} for one, requested_at in steps]
        self.send_all(messages, first_after=first_after, apart=apart)


class IntakeQueue(Queue):
    """The queue of the intake Lambda."""

    def send_parts(self, parts: Sequence[Mapping[str, Any]], *, apart: float) -> None:
        """Sends the parts of an event with very many items, so many seconds apart."""
        self.send_all(parts, apart=apart, a_call=_PARTS_A_CALL)


class UploadQueue(Queue):
    """The queue of the upload Lambda."""

    def send_upload(self, shopper_key: str, photo_id: str, *, delay: int = 0) -> None:
        """Asks for a photo that Genlook no longer has, or whose upload was not finished."""
        self.send({"shopperKey": shopper_key, "photoId": photo_id}, delay=delay)


class ErasureQueue(Queue):
    """The queue of the erasure Lambda."""

    def send_sweep(self, shopper_key: str, request_key: str) -> None:
        """Asks for the next sweep of an open erasure."""
        self.send({"shopperKey": shopper_key, "requestKey": request_key})

    def send_sweeps(self, shopper_keys: Sequence[str], request_key: str) -> None:
        """Asks for the first sweeps of many erasures of one request."""
        self.send_all([{"shopperKey": one, "requestKey": request_key} for one in shopper_keys])

    def send_redaction(self, redaction_key: str) -> None:
        """Asks for the next walk over all shoppers of a shop that is to be forgotten."""
        self.send({"redactionKey": redaction_key})

    def send_report(self, shopper_key: str, report_key: str) -> None:
        """Asks for a report that is open, or not yet published."""
        self.send({"shopperKey": shopper_key, "reportKey": report_key})
