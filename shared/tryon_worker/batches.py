"""A batch of queue messages: each is taken by itself, and the bad ones alone come again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tryon_worker.failures import what
from tryon_worker.observability import logger
from tryon_worker.redelivery import MessageMalformed, Redelivery


@dataclass(frozen=True)
class Message:
    """A message of a queue, in its n-th of ``receives``; ``sent_at`` is in epoch seconds."""

    id: str
    body: dict[str, Any]
    sent_at: int
    receives: int


def each_message(
    event: dict[str, Any], take: Callable[[Message], None], redelivery: Redelivery
) -> dict[str, list[dict[str, str]]]:
    """Calls ``take`` for each record and answers which failed (``ReportBatchItemFailures``).

    Powertools' batch utility raises where all records fail, which Lambda counts as an error of the
    function and not of the messages.
    """
    failed = []
    for record in event["Records"]:
        try:
            take(_message(record))
        # The one boundary of a batch: whatever a record does must not touch its neighbours. Its
        # message comes again and ends in the dead-letter queue. Only the type is logged, with
        # where it was raised: texts of exceptions may quote what was in the message.
        except Exception as error:  # noqa: BLE001  the one boundary of a batch
            logger.error("message failed", extra={"messageId": record["messageId"], **what(error)})
            redelivery(record, error)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _message(record: dict[str, Any]) -> Message:
    try:
        body = json.loads(record["body"])
    except ValueError:
        raise MessageMalformed("the body is no JSON") from None
    if not isinstance(body, dict):
        raise MessageMalformed("the body is no JSON object")
    sent_at = int(record["attributes"]["SentTimestamp"]) // 1000
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return Message(record["messageId"], body, sent_at, receives)
