"""One stack's worth of everything on the engine: table, queues, buckets, secrets and bus."""

import json
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from local.engine_process import Engine
from local.genlook.clock import Clock as StandInClock
from local.genlook.server import StandIn
from tests.support.clients import Clients
from tests.template.stack import load
from tryon_worker.store.values import from_item

_PARTS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def make_table(client: Any, name: str) -> None:
    """A table as the template has it."""
    properties = load().of_type("AWS::DynamoDB::Table")["Table"]
    client.create_table(TableName=name, **{part: properties[part] for part in _PARTS})


@dataclass
class Resources:
    """What a stack has at AWS, made for one test; delays are those of the test's time."""

    engine: Engine
    genlook: StandIn
    clock: StandInClock
    name: str = field(kw_only=True, default_factory=lambda: f"w{uuid.uuid4().hex[:12]}")
    underway: dict[str, list[tuple[float, dict[str, Any]]]] = field(
        kw_only=True, default_factory=dict
    )

    def __post_init__(self) -> None:
        self.clients = Clients(self.engine)
        sqs = self.clients.client("sqs")
        self.queues = {
            role: sqs.create_queue(QueueName=f"{self.name}-{role}")["QueueUrl"]
            for role in ("intake", "upload", "tryon", "erasure", "watch")
        }
        make_table(self.clients.client("dynamodb"), self.name)
        self._make_bus()
        for bucket in (self.photo_bucket, self.result_bucket):
            self.s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": self.engine.region},
            )
        secrets = self.clients.client("secretsmanager")
        self.key_arn = secrets.create_secret(
            Name=f"{self.name}-key", SecretString=self.genlook.api_key
        )["ARN"]
        self.shopper_key_arn = secrets.create_secret(
            Name=f"{self.name}-shopper", SecretString="s" * 64
        )["ARN"]

    def _make_bus(self) -> None:
        events, sqs = self.clients.client("events"), self.clients.client("sqs")
        events.create_event_bus(Name=self.name)
        arn = sqs.get_queue_attributes(QueueUrl=self.queues["watch"], AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        events.put_rule(
            Name=self.name,
            EventBusName=self.name,
            EventPattern=json.dumps({"source": ["tryon.worker"]}),
        )
        events.put_targets(
            Rule=self.name, EventBusName=self.name, Targets=[{"Id": "watch", "Arn": arn}]
        )

    @property
    def photo_bucket(self) -> str:
        return f"{self.name}-photos"

    @property
    def result_bucket(self) -> str:
        return f"{self.name}-results"

    @cached_property
    def s3(self) -> Any:
        return self.clients.client("s3")

    # --- what is in it

    def messages(self, role: str) -> list[dict[str, Any]]:
        """Takes every message out of a queue whose time has come."""
        now = self.clock.now()
        there = [*self.underway.pop(role, []), *self.arrivals(role)]
        self.underway[role] = [(at, body) for at, body in there if at > now]
        return [body for at, body in there if at <= now]

    def arrivals(self, role: str) -> list[tuple[float, dict[str, Any]]]:
        """Takes every message out of a queue, each with the time at which it is delivered."""
        sqs, url, found = self.clients.client("sqs"), self.queues[role], []
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["at"]}
        while messages := sqs.receive_message(**asked).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                stamp = message.get("MessageAttributes", {}).get("at", {"StringValue": "0"})
                found.append((float(stamp["StringValue"]), json.loads(message["Body"])))
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The whole table."""
        pages = self.clients.client("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName=self.name, ConsistentRead=True)
        return [from_item(item) for page in found for item in page["Items"]]

    def objects(self, bucket: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [item["Key"] for item in found]
