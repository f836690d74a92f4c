"""Who may ask for an erasure, and of whom."""

from typing import Any

import pytest

from tests.support.erasing import closed, deletions
from tests.support.world import SHOPPER, World
from tryon_worker.events.envelope import QUEUE


@pytest.mark.parametrize(
    ("source", "detail", "refused"),
    [
        ("shop", {"externalUserId": SHOPPER}, ("SOURCE_NOT_TRUSTED", "source")),
        ("queue", {"externalUserId": SHOPPER}, ("SOURCE_NOT_TRUSTED", "source")),
        ("shop.privacy", {}, ("INVALID", "externalUserId")),
        ("shop.privacy", {"externalUserId": "guest"}, ("INVALID", "externalUserId")),
        ("shop.privacy", {"externalUserId": "  "}, ("INVALID", "externalUserId")),
        (QUEUE, {"externalUserId": "Anonymous"}, ("INVALID", "externalUserId")),
        (QUEUE, {"externalUserId": ".."}, ("INVALID", "externalUserId")),
    ],
)
def test_what_is_no_request_erases_nobody(
    world: World, source: str, detail: dict[str, Any], refused: tuple[str, str]
) -> None:
    world.container.route_privacy_request(world.event("ErasureRequested", detail, source=source))
    (said,) = world.events()
    assert (said["reason"], said["field"]) == refused
    assert world.rows() == []
    assert deletions(world) == 0


def test_a_question_about_a_shopper_erases_nobody(world: World) -> None:
    detail = {"externalUserId": SHOPPER}
    world.container.route_privacy_request(
        world.event("DataRequested", detail, source="shop.privacy")
    )
    assert [said["type"] for said in world.events()] == ["DataReported"]
    assert deletions(world) == 0


def test_without_a_request_id_the_events_own_counts(world: World) -> None:
    event = world.event("ErasureRequested", {"externalUserId": SHOPPER}, source="tryon.operator")
    for _ in range(2):
        world.container.route_privacy_request(event)
    (said,) = closed(world)
    assert said["requestId"] == event.id
