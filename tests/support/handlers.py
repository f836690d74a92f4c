"""Calls the functions' handlers as Lambda does, in this process and on a world's resources."""

import importlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.world import World

SENT_AT = 1_800_000_000
"""When the messages were put on their queue, if a test says nothing else."""


@dataclass(frozen=True)
class Context:
    """What the handlers use of Lambda's context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:000000000000:function:function"
    aws_request_id: str = "request"
    seconds_left: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds_left * 1000)


class Function:
    """One function, fed from the queue of its name."""

    def __init__(self, name: str, queue: str, world: World, patch: pytest.MonkeyPatch) -> None:
        world.options["own_queue_url"] = world.queues[queue]
        settings = world.settings().model_dump()
        for field, value in settings.items():
            patch.setenv(field.upper(), str(value))
        self.module = importlib.import_module(f"functions.{name}.handler")
        self.url = world.queues[queue]
        self.sent_at = SENT_AT
        patch.setattr(self.module, "container", world.new_process())

    def __call__(self, *bodies: Any, receives: int = 1) -> list[int]:
        """Delivers messages with these bodies; which of them, by place, come again."""
        records = [record(body, receives, self.sent_at) for body in bodies]
        answer = self.module.handler({"Records": records}, Context())
        ids = [each["messageId"] for each in records]
        return [ids.index(each["itemIdentifier"]) for each in answer["batchItemFailures"]]


def record(body: Any, receives: int = 1, sent_at: int = SENT_AT) -> dict[str, Any]:
    """A record as SQS hands it to Lambda."""
    return {
        "messageId": uuid.uuid4().hex,
        "receiptHandle": "handle",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": f"{sent_at * 1000}",
        },
    }
