"""Publishes the worker's events on the event bus."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tryon_worker.clock import Clock, iso
from tryon_worker.encoding import to_json

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


SOURCE = "tryon.worker"
SCHEMA_VERSION = 1


class EventNotTaken(Exception):
    """EventBridge refused an event; the caller publishes it again later."""


class Publisher:
    """Publishes events one a call, because each belongs to a row of its own."""

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
            EventBridge refused the event.
        """
        moment = self._clock() if occurred_at is None else occurred_at
        body = {"schemaVersion": SCHEMA_VERSION, "occurredAt": iso(moment), **detail}
        response = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._bus_name,
                    "Source": SOURCE,
                    "DetailType": detail_type,
                    "Detail": to_json({k: v for k, v in body.items() if v is not None}),
                }
            ]
        )
        # PutEvents responds with 200 even if it refused the entry (AWS).
        if response["FailedEntryCount"]:
            code = response["Entries"][0].get("ErrorCode", "")
            raise EventNotTaken(f"{detail_type}: {code}")
