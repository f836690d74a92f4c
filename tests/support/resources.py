"""One stack's worth of everything in memory: table, queues, buckets, secrets and bus."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from local.genlook.clock import Clock as StandInClock
from local.genlook.server import StandIn
from local.memory.cloud import Cloud
from tests.template.stack import load
from tryon_worker.aws.table import Table, from_item

_PARTS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def make_table(client: Any, name: str) -> None:
    """A table as the template has it."""
    properties = load().of_type("AWS::DynamoDB::Table")["Table"]
    client.create_table(TableName=name, **{part: properties[part] for part in _PARTS})


@dataclass
class Resources:
    """What a stack has at AWS, made for one test; everything is in the test's time."""

    genlook: StandIn
    clock: StandInClock
    name: str = field(kw_only=True, default_factory=lambda: f"w{uuid.uuid4().hex[:12]}")
    underway: dict[str, list[tuple[float, dict[str, Any]]]] = field(
        kw_only=True, default_factory=dict
    )

    def __post_init__(self) -> None:
        self.cloud = Cloud(self.clock.now)
        make_table(self.cloud.dynamodb, self.name)
        self.table = Table(self.cloud.client("dynamodb"), self.name, lambda _: None)
        self.queues = {
            role: self.cloud.sqs.create_queue(QueueName=f"{self.name}-{role}")["QueueUrl"]
            for role in ("intake", "upload", "tryon", "erasure", "watch")
        }
        for bucket in (self.photo_bucket, self.result_bucket):
            self.s3.create_bucket(Bucket=bucket)
        secrets = self.cloud.secretsmanager
        self.key_arn = secrets.create_secret(
            Name=f"{self.name}-key", SecretString=self.genlook.api_key
        )["ARN"]
        self.shopper_key_arn = secrets.create_secret(
            Name=f"{self.name}-shopper", SecretString="s" * 64
        )["ARN"]

    @property
    def photo_bucket(self) -> str:
        return f"{self.name}-photos"

    @property
    def result_bucket(self) -> str:
        return f"{self.name}-results"

    @property
    def s3(self) -> Any:
        return self.cloud.client("s3")

    # --- what is in it

    def messages(self, role: str) -> list[dict[str, Any]]:
        """Takes every message out of a queue whose time has come; ``watch`` is the bus."""
        if role == "watch":
            heard, self.cloud.events.events = self.cloud.events.events, []
            return heard
        now = self.clock.now()
        there = [*self.underway.pop(role, []), *self.arrivals(role)]
        self.underway[role] = [(at, body) for at, body in there if at > now]
        return [body for at, body in there if at <= now]

    def arrivals(self, role: str) -> list[tuple[float, dict[str, Any]]]:
        """Takes every message out of a queue, each with the time at which it is delivered."""
        queue = self.cloud.sqs.queues[self.queues[role]]
        found = [(message.visible_at, json.loads(message.body)) for message in queue]
        queue.clear()
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The whole table."""
        return [from_item(item) for item in self.cloud.dynamodb.items(self.name)]

    def objects(self, bucket: str) -> list[str]:
        return sorted(self.cloud.s3.buckets[bucket])
