"""Stands in for what AWS does by itself or by a clock of its own: executions, dates, delays."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tryon_worker.objects import Bucket, Head


class Executions:
    """Stands in for Step Functions: remembers what was started, runs nothing by itself."""

    def __init__(self) -> None:
        self.started: dict[str, str] = {}
        self.stopped: set[str] = set()

    def start(self, try_on_id: str, generation_id: str, wait_seconds: int) -> bool:
        assert wait_seconds >= 1
        if try_on_id in self.started and self.started[try_on_id] == generation_id:
            return False
        self.started[try_on_id] = generation_id
        return True

    def running(self, try_on_id: str, generation_id: str) -> bool | None:
        if self.started.get(try_on_id) != generation_id:
            return None
        return try_on_id not in self.stopped


class BucketInTime(Bucket):
    """The photo bucket by the test's time: S3's own clock is the machine's."""

    def __init__(self, bucket: Bucket, put_at: dict[str, int]) -> None:
        super().__init__(bucket._client, bucket.name)
        self._put_at = put_at

    def head(self, key: str) -> Head:
        head = super().head(key)
        return replace(head, modified_at=self._put_at.get(key, head.modified_at))

    def listing(self, prefix: str) -> Iterator[tuple[str, int]]:
        for key, modified_at in super().listing(prefix):
            yield key, self._put_at.get(key, modified_at)


class SqsInTime:
    """A queue's client whose delays are the test's time: SQS's own clock is the machine's."""

    def __init__(self, client: Any, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now

    def send_message(self, **message: Any) -> Any:
        return self._client.send_message(**self._dated(message))

    def send_message_batch(self, **batch: Any) -> Any:
        entries = [self._dated(entry) for entry in batch.pop("Entries")]
        return self._client.send_message_batch(**batch, Entries=entries)

    def _dated(self, message: dict[str, Any]) -> dict[str, Any]:
        at = self._now() + message.pop("DelaySeconds", 0)
        stamp = {"DataType": "Number", "StringValue": str(at)}
        return {**message, "MessageAttributes": {"at": stamp}}
