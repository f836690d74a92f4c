"""Products as the shop tells of them, try-ons of them, and what Genlook was told."""

from typing import Any

from tests.support.submitting import ordered
from tests.support.world import PRODUCT_URL, World

REFERENCE = {"externalId": "tee-1"}
BARE: dict[str, Any] = {"product": REFERENCE}


def upsert(world: World, title: str, day: int, **more: Any) -> None:
    detail = {
        "externalId": "tee-1",
        "title": title,
        "images": [{"url": PRODUCT_URL}],
        "updatedAt": f"2027-01-{day:02}T00:00:00Z",
        **more,
    }
    world.container.route_event(world.event("ProductUpserted", detail))
    world.messages("tryon")


def sent(world: World) -> list[dict[str, Any]]:
    """What was said of the product in each paid call that Genlook read."""
    details = [call["request"] for call in world.genlook.control.calls("try_on")]
    return [request["data"]["products"][0] for request in details if request]


def try_on(world: World, number: int, **changes: Any) -> str:
    try_on_id = ordered(world, f"r-{number}", **{**BARE, **changes})
    world.step(try_on_id)
    return try_on_id
