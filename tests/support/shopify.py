"""Sends a shop platform's privacy webhooks, and sees of whom there is anything left."""

from typing import Any

from tests.support.world import World

SHOP = "example.myshopify.com"


def webhook(
    world: World,
    topic: str,
    *,
    source: str = "shop.privacy",
    webhook_id: str | None = "hook-1",
    **payload: Any,
) -> None:
    headers = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": webhook_id}
    detail = {
        "metadata": {name: value for name, value in headers.items() if value},
        "payload": {"shop_id": 1, "shop_domain": SHOP, **payload},
    }
    world.container.route_privacy_request(
        world.event("shopifyWebhook", detail, source=source, id="event-1")
    )


def names(world: World) -> set[str]:
    """Whose rows or objects there are."""
    keys = [*world.objects(world.photo_bucket), *(str(row.get("key", "")) for row in world.rows())]
    return {key.split("/")[1] for key in keys if "/" in key}
