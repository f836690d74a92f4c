"""What the worker says to the outside, on the event bus."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tryon_worker.clock import Clock, iso
from tryon_worker.encoding import to_json

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


SOURCE = "tryon.worker"
SCHEMA_VERSION = 1


class EventNotTaken(Exception):
    """EventBridge did not take an event; it is published again later."""


class Publisher:
    """Puts events on the bus, one a call: each stands for a row of its own."""

    def __init__(self, client: "EventBridgeClient", bus_name: str, clock: Clock) -> None:
        self._client = client
        self._bus_name = bus_name
        self._clock = clock

    def publish(
        self, detail_type: str, detail: Mapping[str, Any], *, occurred_at: float | None = None
    ) -> None:
        """Publishes one event; attributes that are ``None`` are left out.

        Raises
        ------
        EventNotTaken
            The bus answered, but refused the entry.
        """
        moment = self._clock() if occurred_at is None else occurred_at
        body = {"schemaVersion": SCHEMA_VERSION, "occurredAt": iso(moment), **detail}
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._bus_name,
                    "Source": SOURCE,
                    "DetailType": detail_type,
                    "Detail": to_json({k: v for k, v in body.items() if v is not None}),
                }
            ]
        )
        # PutEvents answers 200 also where it took nothing (AWS).
        if answer["FailedEntryCount"]:
            code = answer["Entries"][0].get("ErrorCode", "")
            raise EventNotTaken(f"{detail_type}: {code}")
