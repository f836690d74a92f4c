"""`StartMessageMoveTask`, the redrive of a dead-letter queue: the engine has none."""

import json
import time
from typing import Any

from ministack.services import sqs

_tasks: list[dict[str, Any]] = []


def _sources_of(dead_letter_arn: str) -> list[str]:
    """Return the queues that send their dead messages there."""
    found = []
    for queue in list(sqs._queues.values()):
        policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
        if policy.get("deadLetterTargetArn") == dead_letter_arn:
            found.append(queue["attributes"]["QueueArn"])
    return found


def _url(arn: str) -> str:
    url: str = sqs._queue_url(arn.rsplit(":", 1)[-1])
    return url


def _take_visible(queue: dict[str, Any], now: float) -> list[dict[str, Any]]:
    with sqs._queues_lock:
        moved = [m for m in queue["messages"] if m.get("visible_at", 0) <= now]
        queue["messages"] = [m for m in queue["messages"] if m.get("visible_at", 0) > now]
    return moved


def _destination(request: dict[str, Any]) -> str:
    if request.get("DestinationArn"):
        return str(request["DestinationArn"])
    sources = _sources_of(request["SourceArn"])
    if not sources:
        message = "Source queue must be configured as a Dead Letter Queue."
        raise sqs._Err("InvalidParameterValue", message)
    return sources[0]


def _start(request: dict[str, Any], _url_of_request: str) -> dict[str, Any]:
    now = time.time()
    destination = _destination(request)
    moved = _take_visible(sqs._get_q(_url(request["SourceArn"])), now)
    for message in moved:
        attributes = message.get("message_attributes") or {}
        sent = {"QueueUrl": _url(destination), "MessageBody": message["body"]}
        sqs._act_send_message({**sent, "MessageAttributes": attributes}, _url(destination))
    handle = str(len(_tasks))
    _tasks.insert(
        0,
        {
            "TaskHandle": handle,
            "Status": "COMPLETED",
            "SourceArn": request["SourceArn"],
            "DestinationArn": destination,
            "ApproximateNumberOfMessagesMoved": len(moved),
            "ApproximateNumberOfMessagesToMove": len(moved),
            "StartedTimestamp": int(now * 1000),
        },
    )
    return {"TaskHandle": handle}


def _list(request: dict[str, Any], _url_of_request: str) -> dict[str, Any]:
    found = [task for task in _tasks if task["SourceArn"] == request["SourceArn"]]
    return {"Results": found[: request.get("MaxResults", 1)]}


def apply() -> None:
    """Close the gap."""
    sqs._HANDLERS["StartMessageMoveTask"] = _start
    sqs._HANDLERS["ListMessageMoveTasks"] = _list
