"""A shop as the deployed stack sees it: S3 in, the bus in, the bus out. No handler is called."""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from local.demo.observer import Event, Observer
from local.system import System
from tests.events.catalogue import complaints

PATIENCE_SECONDS = 180.0

Matches = Callable[[Event], bool]


class Shop:
    """Sends and listens; every event that it hears is held against its schema."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.outputs = system.stack.outputs
        self.heard: list[Event] = []
        self._observer = Observer(system)
        self._s3 = system.engine.client("s3")
        self._sqs = system.engine.client("sqs")
        self._events = system.engine.client("events")
        self._table = system.engine.resource("dynamodb").Table(self.outputs["TableName"])

    @staticmethod
    def new_shopper() -> str:
        return f"cust_{uuid.uuid4().hex[:10]}"

    def photo(self, shopper: str, data: bytes, *, name: str = "me.jpg", **metadata: str) -> str:
        key = f"photos/{quote(shopper, safe='')}/{name}"
        self._s3.put_object(
            Bucket=self.outputs["PhotoBucketName"],
            Key=key,
            Body=data,
            Metadata={name.replace("_", "-"): value for name, value in metadata.items()},
        )
        return key

    def send(self, detail_type: str, detail: dict[str, Any], source: str = "shop") -> str:
        answer = self._events.put_events(
            Entries=[
                {
                    "EventBusName": self.outputs["EventBusName"],
                    "Source": source,
                    "DetailType": detail_type,
                    "Detail": json.dumps(detail),
                }
            ]
        )
        assert answer["FailedEntryCount"] == 0, answer
        return str(answer["Entries"][0]["EventId"])

    def order(self, shopper: str, order_id: str, *products: str) -> None:
        items = [{"productExternalId": product} for product in products]
        detail = {"orderId": order_id, "externalUserId": shopper, "items": items}
        self.send("OrderPlaced", detail)

    def direct(self, queue: str, body: str) -> None:
        self._sqs.send_message(QueueUrl=self.outputs[queue], MessageBody=body)

    def wait(self, detail_type: str, found: Matches = lambda _: True) -> Event:
        """The first event of the type that fits, heard already or still to come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for event in self.heard:
                if event.detail_type == detail_type and found(event):
                    return event
            self.system.check()
            self.listen()
        told = [(event.detail_type, event.detail) for event in self.heard]
        raise AssertionError(f"no {detail_type} in {PATIENCE_SECONDS:.0f} s; heard {told}")

    def listen(self) -> None:
        for event in self._observer.events():
            assert complaints(event.detail_type, event.envelope) == []
            self.heard.append(event)

    def of(self, shopper: str, detail_type: str) -> Event:
        return self.wait(detail_type, lambda e: e.detail.get("externalUserId") == shopper)

    def erased(self, request_id: str, found: Matches = lambda _: True) -> Event:
        """The event that closes an erasure.

        An erasure waits for minutes until nothing is in flight. The test's shopper does nothing
        meanwhile, so here these minutes pass at once: the times in the rows are moved back.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.listen()
            for event in self.heard:
                closed = event.detail_type == "CustomerErased"
                if closed and event.detail["requestId"] == request_id and found(event):
                    return event
            self._let_erasures_go_on()
            self.system.check()
        raise AssertionError(f"no CustomerErased of {request_id}")

    def _let_erasures_go_on(self) -> None:
        now, moved_on = int(time.time()), self._table.meta.client.exceptions
        for row in self._table.scan(ConsistentRead=True)["Items"]:
            swept = row["sk"].startswith("ERASURE#") and "leaseUntil" not in row
            for name in ("dueAt",) if swept else ("inFlightUntil",):
                if int(row.get(name, 0)) > now:
                    with suppress(moved_on.ConditionalCheckFailedException):
                        self._table.update_item(
                            Key={"pk": row["pk"], "sk": row["sk"]},
                            UpdateExpression=f"SET {name} = :past",
                            ConditionExpression=f"{name} = :seen",
                            ExpressionAttributeValues={":past": now - 1, ":seen": row[name]},
                        )
        self.system.engine.client("lambda").invoke(
            FunctionName=f"{self.system.stack.name}-housekeeping", Payload=b"{}"
        )

    def emptied(self, queue: str) -> None:
        """Waits until a queue holds nothing, and nobody works on anything from it."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._sqs.get_queue_attributes(
                QueueUrl=self.outputs[queue], AttributeNames=counts
            )
            if not any(int(answer["Attributes"][count]) for count in counts):
                return
            time.sleep(0.2)
        raise AssertionError(f"{queue} still holds messages")

    def redrive(self, queue: str) -> None:
        """Moves all that lies in a queue's dead-letter queue back, as the runbook does."""
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self.dead_letter_queue(queue), AttributeNames=["QueueArn"]
        )["Attributes"]
        self._sqs.start_message_move_task(SourceArn=attributes["QueueArn"])

    def dead_letter(self, queue_url: str, body: str) -> None:
        """Waits until ``body`` lies in a dead-letter queue, and takes it out."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._sqs.receive_message(
                QueueUrl=queue_url, WaitTimeSeconds=1, VisibilityTimeout=1
            )
            for message in answer.get("Messages", []):
                if message["Body"] == body:
                    self._sqs.delete_message(
                        QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"]
                    )
                    return
        raise AssertionError(f"{body!r} never came to {queue_url}")

    def dead_letters(self, queue_url: str) -> set[str]:
        """The bodies of all that lies in a dead-letter queue, which are seen again in a second."""
        bodies: set[str] = set()
        while messages := self._sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=1
        ).get("Messages", []):
            bodies |= {message["Body"] for message in messages}
        return bodies

    def dead_letter_queue(self, queue: str) -> str:
        """The URL of the dead-letter queue behind a queue of the outputs."""
        policy = self._sqs.get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=["RedrivePolicy"]
        )["Attributes"]["RedrivePolicy"]
        name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
        return str(self._sqs.get_queue_url(QueueName=name)["QueueUrl"])
