"""An order as a shop says it, and what intake makes of what it is told."""

from typing import Any

from tests.support.world import SHOPPER, World


def order(*products: str, **changes: Any) -> dict[str, Any]:
    items = [{"productExternalId": product} for product in products]
    return {"orderId": "o-1", "externalUserId": SHOPPER, "items": items, **changes}


def refusal_publisher(world: World) -> list[tuple[str, str]]:
    return [(said["reason"], said["field"]) for said in world.events("RequestRefused")]


def messages(world: World) -> list[str]:
    return [body["tryOnId"] for body in world.messages("tryon")]
