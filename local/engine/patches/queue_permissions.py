"""Who may send, delete or hide a message may do it in batches; the engine asks for "…Batch"."""

from typing import Any

from ministack.core import iam_actions

from local.engine.patches.wrapping import Function, wrap


def _without_batch(original: Function) -> Function:
    def action(service: str, *request: Any) -> str | None:
        name: str | None = original(service, *request)
        return name.removesuffix("Batch") if name and service == "sqs" else name

    return action


def apply() -> None:
    """Close the gap."""
    wrap(iam_actions, "extract_iam_action", _without_batch)
