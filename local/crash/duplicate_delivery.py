"""Delivers again what was delivered: late, out of order, straight to the worker's queues."""

import heapq
import json
import random
import threading
import time
from collections import Counter
from typing import Any

from local.crash.harness import Harness
from local.crash.rows import kind

_SHARE = 0.3
_LATEST_SECONDS = 25.0
# Without an end to it, no shopper of a few try-ons would ever be silent, as an erasure has to see.
_STEPS_OF_A_TRY_ON = 6
_MIRRORS = {
    # Whose events, from which bus (None: the default one), to which queue they go again.
    "crash-photos": (["aws.s3"], None, "UploadQueueUrl"),
    "crash-requests": (["shop.orders", "shop.catalogue"], "EventBusName", "IntakeQueueUrl"),
    "crash-erasures": (["shop.privacy"], "EventBusName", "ErasureQueueUrl"),
}


class DuplicateDelivery:
    """A thread that repeats messages for the `with` block."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.sent = 0
        self._stage = harness
        self._random = random.Random(seed)
        self._sqs = harness.system.engine.client("sqs")
        self._outputs = harness.system.stack.outputs
        self._mirrors = {self._mirror(name): target[2] for name, target in _MIRRORS.items()}
        self._late: list[tuple[float, int, str, str]] = []
        self._steps: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> "DuplicateDelivery":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def _mirror(self, name: str) -> str:
        """Make a queue that gets a copy of each event; return its URL."""
        sources, bus, _ = _MIRRORS[name]
        url: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        events = self._stage.system.engine.client("events")
        where: dict[str, Any] = {"EventBusName": self._outputs[bus]} if bus else {}
        events.put_rule(Name=name, EventPattern=json.dumps({"source": sources}), **where)
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}], **where)
        return url

    def _repeat(self) -> None:
        while not self._over.wait(0.5):
            for mirror, queue in self._mirrors.items():
                for body in self._copies(mirror):
                    if self._random.random() < _SHARE:
                        self._later(queue, body)
            self._repeat_a_step()
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, queue, body = heapq.heappop(self._late)
                self._send(queue, body)

    def _copies(self, mirror: str) -> list[str]:
        answer = self._sqs.receive_message(QueueUrl=mirror, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=mirror, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def _repeat_a_step(self) -> None:
        """Ask for the next step of some try-on, in whatever state it is."""
        ledger = [row for row in self._stage.housekeeper.rows if kind(row) == "LEDGER"]
        if open_to_it := [r for r in ledger if self._steps[r["tryOnId"]] < _STEPS_OF_A_TRY_ON]:
            row = self._random.choice(open_to_it)
            self._steps[row["tryOnId"]] += 1
            step = {
                "type": "step",
                "tryOnId": row["tryOnId"],
                "requestedAt": int(row["requestedAt"]),
            }
            self._later("TryOnQueueUrl", json.dumps(step))

    def _later(self, queue: str, body: str) -> None:
        due = time.monotonic() + self._random.uniform(0, _LATEST_SECONDS)
        heapq.heappush(self._late, (due, self._random.getrandbits(32), queue, body))

    def _send(self, queue: str, body: str) -> None:
        self._sqs.send_message(QueueUrl=self._outputs[queue], MessageBody=body)
        self.sent += 1
