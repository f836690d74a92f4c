"""Reads the worker's events off the bus, by a rule and a queue that are the demo's own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.system import System

SOURCE = "tryon.worker"


@dataclass(frozen=True)
class Event:
    """One event of the worker."""

    detail_type: str
    detail: dict[str, Any]
    envelope: dict[str, Any]


class Observer:
    """A queue behind a rule for all that the worker says."""

    def __init__(self, system: System, name: str = "demo-observer") -> None:
        self._sqs = system.engine.client("sqs")
        self._url: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self._connect(system, name)

    def _connect(self, system: System, name: str) -> None:
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        queue_arn = asked["Attributes"]["QueueArn"]
        bus = system.stack.outputs["EventBusName"]
        events = system.engine.client("events")
        rule = {"Name": name, "EventBusName": bus}
        made = events.put_rule(**rule, EventPattern=json.dumps({"source": [SOURCE]}))
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": made["RuleArn"]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        target = {"Id": "queue", "Arn": queue_arn}
        events.put_targets(Rule=name, EventBusName=bus, Targets=[target])

    def events(self) -> Iterator[Event]:
        """Take what has arrived; waits for a second if there is nothing."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            envelope = json.loads(message["Body"])
            yield Event(envelope["detail-type"], envelope["detail"], envelope)
