"""Where the engine differs from AWS in what we rely on: one module a gap, applied in one place."""

from typing import Any

import ministack.app
from ministack.core import lambda_runtime

from local.engine.patches import (
    batch_answers,
    encoded_uploads,
    event_delivery,
    event_sources,
    function_errors,
    function_runtime,
    layers,
    machine_definition,
    machine_role,
    machine_timeout,
    queue_permissions,
    redrive,
    same_execution,
    task_retries,
    template_properties,
)

_GAPS = (
    function_errors,
    batch_answers,
    machine_definition,
    machine_timeout,
    task_retries,
    same_execution,
    template_properties,
    event_sources,
    redrive,
    event_delivery,
    machine_role,
    queue_permissions,
    layers,
    encoded_uploads,
)


NAMES = tuple(gap.__name__.rsplit(".", 1)[-1] for gap in _GAPS)


def apply(function_python: str | None, leave_open: str | None) -> Any:
    """Close the engine's gaps and return its ASGI application.

    One of them can be left open, by its module's name: so the tests show that each patch is
    needed, also after the engine's version was raised.
    """
    function_runtime.apply(function_python)
    for name, gap in zip(NAMES, _GAPS, strict=True):
        if name != leave_open:
            gap.apply()
    return ministack.app.app


def end_functions() -> None:
    """End all workers: calls under way hold threads, and threads hold the interpreter."""
    pools = list(lambda_runtime._workers.values())
    lambda_runtime.kill_workers([worker for pool in pools for worker in pool])
