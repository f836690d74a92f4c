"""Puts a proxy between each deployed function and what it calls, and sets queue visibility."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from local.crash.calls import Call, aws_call, genlook_call
from local.crash.relay import Route, relaying
from local.crash.watch import Watch
from local.crash.workers import Workers
from local.system import System

# A killed worker's message comes again after this; on AWS after six times the function's timeout.
VISIBILITY_SECONDS = 8

_QUEUES = ("UploadQueueUrl", "IntakeQueueUrl", "TryOnQueueUrl", "ErasureQueueUrl")


def _genlook(method: str, path: str, _headers: object, body: bytes) -> Call:
    return genlook_call(method, path, body)


@contextmanager
def proxied(system: System, watch: Watch) -> Iterator[None]:
    """Let every call of every function go through a relay, for the `with` block."""
    functions = system.engine.client("lambda")
    workers = Workers(system.engine.child.pid)
    with ExitStack() as relays:
        for function in functions.list_functions()["Functions"]:
            name = function["FunctionName"]
            handler = name.rpartition("-")[2]
            aws = Route(handler, system.engine.endpoint_url, aws_call, reused=True)
            split = urlsplit(system.genlook.base_url)
            genlook = Route(handler, f"{split.scheme}://{split.netloc}", _genlook)
            here = {
                "AWS_ENDPOINT_URL": relays.enter_context(relaying(aws, watch, workers)),
                "GENLOOK_BASE_URL": relays.enter_context(relaying(genlook, watch, workers))
                + split.path,
            }
            variables = {**function["Environment"]["Variables"], **here}
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )
        yield


def set_visibility(system: System, seconds: int) -> None:
    """Let what a killed worker held come again after so long."""
    client: Any = system.engine.client("sqs")
    for queue in _QUEUES:
        client.set_queue_attributes(
            QueueUrl=system.stack.outputs[queue],
            Attributes={"VisibilityTimeout": str(seconds)},
        )
