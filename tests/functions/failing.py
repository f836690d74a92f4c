"""Calls each function as Lambda would, traced, with a worker that fails in a shopper's own words.

Run by ``test_traces`` in a process of its own: the tracer looks at its environment only once.
"""

import importlib
import json
import sys
from typing import Any

from tests.support.handlers import Context

BODIES = {
    "tryon": {"type": "step", "tryOnId": "t", "requestedAt": 1},
    "upload": {"type": "upload", "shopperKey": "s", "photoId": "p"},
    "erasure": {"type": "sweep", "shopperKey": "s", "requestKey": "r"},
}
RECORD = {
    "messageId": "m",
    "receiptHandle": "h",
    "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1800000000000"},
}
EVENT = {"action": "poll", "tryOnId": "t", "generationId": "g"}


class Failing:
    """Whatever is asked of it fails and says of whom it was."""

    def __getattr__(self, _name: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError(f"photos/{sys.argv[1]}/me.jpg")


def call(function: str) -> None:
    """Calls one; what leaves the handler is printed as Lambda prints it."""
    module: Any = importlib.import_module(f"functions.{function}.handler")
    module.container = Failing()
    module.container.redelivery = lambda _record, _error: None
    records = [{**RECORD, "body": json.dumps(BODIES.get(function, {}))}]
    try:
        module.handler({**EVENT, "Records": records}, Context())
    except Exception as error:  # noqa: BLE001  the boundary that Lambda is
        sys.stdout.write(f"[ERROR] {type(error).__name__}: {error}\n")


if __name__ == "__main__":
    for name in ("upload", "intake", "tryon", "generation", "erasure", "housekeeping"):
        call(name)
