"""The queues that the worker itself writes to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tryon_worker.canonical import to_json

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queue:
    """One queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends one message."""
        self._client.send_message(QueueUrl=self._url, MessageBody=to_json(message))


class TryOnQueue(Queue):
    """The queue of the try-on Lambda."""

    def send_step(self, try_on_id: str, *, wished_at: int) -> None:
        """Asks for the next step of a try-on; twice does no harm, the ledger knows."""
        self.send({"tryOnId": try_on_id, "wishedAt": wished_at})


class UploadQueue(Queue):
    """The queue of the upload Lambda."""

    def send_upload(self, shopper_key: str, photo_id: str) -> None:
        """Asks for a photo that Genlook no longer has, or whose upload was not finished."""
        self.send({"shopperKey": shopper_key, "photoId": photo_id})


class ErasureQueue(Queue):
    """The queue of the erasure Lambda."""

    def send_sweep(self, shopper_key: str, request_key: str) -> None:
        """Asks for the next sweep of an open erasure."""
        self.send({"shopperKey": shopper_key, "requestKey": request_key})
