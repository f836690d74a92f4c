"""EventBridge in memory: it keeps what was put on the bus, and may refuse to take it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.memory.errors import Exceptions, client_error

# AWS's limits of a PutEvents call: entries, and bytes of all of them.
_ENTRIES = 10
_BYTES = 1024 * 1024


@dataclass
class EventBridge:
    """The client; ``events`` are the envelopes as a rule's target gets them, oldest first."""

    now: Callable[[], float]
    events: list[dict[str, Any]] = field(default_factory=list)
    refusal_publisher: int = 0
    exceptions: Exceptions = field(default_factory=Exceptions)
    _put_so_far: int = 0

    def create_event_bus(self, **_given: Any) -> dict[str, Any]:
        """Make a bus."""
        return {}

    def put_events(self, **given: Any) -> dict[str, Any]:
        """Put up to ten events on the bus; 200 also where it takes none of them (AWS)."""
        entries = given["Entries"]
        size = sum(len(entry["Detail"].encode()) for entry in entries)
        if len(entries) > _ENTRIES or size > _BYTES:
            raise client_error("ValidationException", "PutEvents")
        answers = [self._put(entry) for entry in entries]
        failed = sum("ErrorCode" in answer for answer in answers)
        return {"FailedEntryCount": failed, "Entries": answers}

    def _put(self, entry: dict[str, Any]) -> dict[str, Any]:
        if self.refusal_publisher:
            self.refusal_publisher -= 1
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "later"}
        self._put_so_far += 1
        event_id = f"event-{self._put_so_far}"
        self.events.append(
            {
                "version": "0",
                "id": event_id,
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "account": "000000000000",
                "region": "eu-west-1",
                "resources": [],
                "time": _whole_seconds(self.now()),
                "detail": json.loads(entry["Detail"]),
            }
        )
        return {"EventId": event_id}


def _whole_seconds(moment: float) -> str:
    """The time of an event, which EventBridge gives in whole seconds."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")
