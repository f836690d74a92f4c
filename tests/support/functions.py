"""Put small Lambda functions, queues and machines into a running engine."""

import io
import json
import math
import textwrap
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

from local.engine_process import Engine

ROLE = "arn:aws:iam::000000000000:role/contract"

# The most that is waited for what should come at once: a busy machine stands still for a while.
PATIENCE_SECONDS = 60.0


def unique(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def until(check: Callable[[], Any], seconds: float = math.inf) -> Any:
    """Wait until `check` gives something and return it; fail when it does not."""
    deadline = time.monotonic() + min(seconds, PATIENCE_SECONDS)
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def make_function(engine: Engine, code: str, **settings: Any) -> str:
    """Deploy `code` (it has a `handler`) as a Lambda function and return its name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", textwrap.dedent(code))
    name = unique("function")
    engine.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        **{"Role": ROLE, "Timeout": 10, **settings},
    )
    return name


def invoke(engine: Engine, name: str, event: Any = None) -> tuple[str | None, Any]:
    """Call a function and return its error kind and its answer."""
    answer = engine.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def make_queue(engine: Engine, **attributes: Any) -> tuple[str, str]:
    """Make a queue and return its URL and ARN."""
    client = engine.client("sqs")
    texts = {name: str(value) for name, value in attributes.items()}
    url = client.create_queue(QueueName=unique("queue"), Attributes=texts)["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, arn["Attributes"]["QueueArn"]


def receive(engine: Engine, url: str) -> list[str]:
    """Take what a queue holds and return the bodies."""
    client = engine.client("sqs")
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in messages]


def make_machine(engine: Engine, states: dict[str, Any], role: str = ROLE, **settings: Any) -> str:
    """Make a state machine that starts at the first of `states` and return its ARN."""
    definition = {"StartAt": next(iter(states)), "States": states, **settings}
    made = engine.client("stepfunctions").create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=role
    )
    return str(made["stateMachineArn"])


def lambda_task(function: str, **settings: Any) -> dict[str, Any]:
    """A machine's last state, which calls a function."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {}},
        "End": True,
        **settings,
    }


def run_machine(engine: Engine, arn: str, seconds: float = math.inf) -> dict[str, Any]:
    """Run a state machine to its end and return what it says of it."""
    client = engine.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=arn, input="{}")["executionArn"]

    def ended() -> dict[str, Any] | None:
        described: dict[str, Any] = client.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    result: dict[str, Any] = until(ended, seconds)
    return result
