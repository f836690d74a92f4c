"""Asks what is held about a shopper, and reads the report."""

import json
from typing import Any

from tests.events.catalogue import report_complaints
from tests.support.world import SHOPPER, World
from tryon_worker.container import Container


def ask(world: World, request_id: str = "ask-1", *, process: Container | None = None) -> None:
    detail = {"externalUserId": SHOPPER, "requestId": request_id}
    event = world.event("DataRequested", detail, source="shop.privacy")
    (process or world.container).route_privacy_request(event)


def export_shopper(world: World, said: dict[str, Any]) -> dict[str, Any]:
    """The report that an event tells of, as its schema has it."""
    where = said["report"]
    found = world.s3.get_object(Bucket=where["bucket"], Key=where["key"])
    body = found["Body"].read()
    assert (len(body), found["ContentType"]) == (where["bytes"], where["contentType"])
    told: dict[str, Any] = json.loads(body)
    assert report_complaints(told) == []
    return told


def answered(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was said, and the report."""
    (said,) = world.events()
    assert said["type"] == "DataReported"
    return said, export_shopper(world, said)


def data_requests(world: World) -> list[str]:
    return [key for key in world.objects(world.result_bucket) if "/reports/" in key]


def rows(world: World) -> list[dict[str, Any]]:
    return [row for row in world.rows() if row["sk"].startswith("DATA_REQUEST#")]
