"""One account of AWS in memory: all clients over one state and one time, call by call."""

from collections.abc import Callable
from typing import Any

from local.memory.dynamodb import DynamoDB
from local.memory.eventbridge import EventBridge
from local.memory.pages import Paginator
from local.memory.s3 import S3
from local.memory.secretsmanager import SecretsManager
from local.memory.sqs import SQS
from local.memory.stepfunctions import StepFunctions

Around = Callable[[str, Callable[..., Any], dict[str, Any]], Any]
"""Makes a call: its name (``dynamodb.GetItem``), what does it, and what it is given."""


class Cloud:
    """The services. Its ``client`` stands in for boto3's."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.dynamodb = DynamoDB(now)
        self.s3 = S3(now)
        self.sqs = SQS(now)
        self.events = EventBridge(now)
        self.stepfunctions = StepFunctions(now)
        self.secretsmanager = SecretsManager()

    def client(self, service: str, **_options: Any) -> Any:
        """Return a service's client, as ``boto3.client`` does."""
        return getattr(self, service)


class Session:
    """A session of one process: each of its calls goes through ``around``."""

    def __init__(self, cloud: Cloud, around: Around) -> None:
        self._cloud = cloud
        self._around = around
        self._clients: dict[str, Any] = {}

    def client(self, service: str, **_options: Any) -> Any:
        """Return a service's client."""
        if service not in self._clients:
            self._clients[service] = _Client(service, self._cloud.client(service), self._around)
        return self._clients[service]


class _Client:
    """A client whose calls are made by somebody else."""

    def __init__(self, service: str, client: Any, around: Around) -> None:
        self._service = service
        self._client = client
        self._around = around
        self.exceptions = client.exceptions

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return self._gate(getattr(self._client, method))

    def get_paginator(self, operation: str) -> Paginator:
        paginator: Paginator = self._client.get_paginator(operation)
        return paginator.through(self._gate)

    def _gate(self, call: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{self._service}.{_operation(call.__name__)}"

        def gated(**given: Any) -> Any:
            return self._around(name, call, given)

        return gated


def _operation(method: str) -> str:
    """``get_item`` as AWS calls it: ``GetItem``."""
    return "".join(word.capitalize() for word in method.split("_"))
