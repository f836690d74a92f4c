"""One account on each side: in memory and on the embedded engine."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from local.memory.cloud import Cloud
from tests.support.clients import Clients
from tests.support.functions import make_machine
from tests.support.resources import make_table


@dataclass(frozen=True)
class Account:
    """A table, a bucket, a queue, a state machine and a secret, and the clients to use them."""

    client: Any
    name: str
    queue_url: str
    machine_arn: str
    secret_arn: str
    clock: list[float]

    @property
    def in_memory(self) -> bool:
        return bool(self.clock)


@pytest.fixture(params=["memory", pytest.param("engine", marks=pytest.mark.engine)])
def account(request: pytest.FixtureRequest) -> Account:
    name = f"contract-{uuid.uuid4().hex[:12]}"
    if request.param == "memory":
        clock = [1_800_000_000.0]
        client: Any = Cloud(lambda: clock[0]).client
        machine_arn = f"arn:aws:states:eu-west-1:000000000000:stateMachine:{name}"
    else:
        clock = []
        engine = request.getfixturevalue("engine")
        client = Clients(engine).client
        machine_arn = make_machine(engine, {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}})
    make_table(client("dynamodb"), name)
    client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    queue_url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    secret = client("secretsmanager").create_secret(Name=name, SecretString="first")
    return Account(client, name, queue_url, machine_arn, secret["ARN"], clock)
