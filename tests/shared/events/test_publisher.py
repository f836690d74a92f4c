"""What is put on the bus, and that its refusals are seen."""

import json
from typing import Any

import pytest

from tryon_worker.events.publisher import EventNotTaken, Publisher


class Bus:
    """EventBridge's one method."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.try_ons: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  AWS's
        if self.refuses:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        self.try_ons += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def publisher(bus: Any) -> Publisher:
    return Publisher(bus, "shop", lambda: 1_800_000_000.25)


def test_an_event_says_what_when_and_in_which_version() -> None:
    bus = Bus()
    publisher(bus).publish("TryOnFailed", {"tryOnId": "t", "code": None, "context": {"a": None}})
    (try_on,) = bus.try_ons
    detail = json.loads(try_on.pop("Detail"))
    assert try_on == {
        "EventBusName": "shop",
        "Source": "tryon.worker",
        "DetailType": "TryOnFailed",
    }
    assert detail == {
        "schemaVersion": 1,
        "occurredAt": "2027-01-15T08:00:00.250Z",
        "tryOnId": "t",
        "context": {"a": None},
    }


@pytest.mark.parametrize("moment", [0, 1_700_000_000])
def test_it_says_when_it_happened_and_not_when_it_is_said(moment: int) -> None:
    bus = Bus()
    publisher(bus).publish("TryOnFailed", {}, occurred_at=moment)
    assert not json.loads(bus.try_ons[0]["Detail"])["occurredAt"].startswith("2027")


def test_a_refusal_in_an_answer_of_success_is_seen() -> None:
    with pytest.raises(EventNotTaken, match=r"TryOnFailed: ThrottlingException"):
        publisher(Bus(refuses=True)).publish("TryOnFailed", {"externalUserId": "somebody"})
