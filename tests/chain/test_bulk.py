"""The deployed stack with a large order: a live shopper does not notice it."""

from pathlib import Path

import pytest

from local.system import System
from tests.support.shop import Shop
from tests.support.stack import SHOP

JPEG = (Path(__file__).parent.parent / "photos" / "shopper.jpg").read_bytes()
TEE = {"externalId": "bulk-tee", "title": "Tee", "images": [{"url": f"{SHOP}shirt.png"}]}
ITEMS = 200


@pytest.mark.promise("Live before bulk", "bulk-uses-what-live-leaves")
def test_a_live_wish_goes_before_most_of_an_order_of_two_hundred(stack: System) -> None:
    shop = Shop(stack)
    shop.send("ProductUpserted", {**TEE, "updatedAt": "2026-01-01T00:00:00Z"})
    wholesaler, live = shop.new_shopper(), shop.new_shopper()
    for shopper in (wholesaler, live):
        shop.photo(shopper, JPEG)
        shop.of(shopper, "PhotoReady")

    items = [{"productExternalId": "bulk-tee", "variantId": str(n)} for n in range(ITEMS)]
    order = {"orderId": f"o-{wholesaler}", "externalUserId": wholesaler, "items": items}
    shop.send("OrderPlaced", order)
    shop.of(wholesaler, "TryOnSubmitted")
    shop.send("TryOnRequested", {"externalUserId": live, "requestId": live, "product": TEE})
    shop.of(live, "TryOnSubmitted")
    before = [
        event
        for event in shop.heard
        if event.detail_type == "TryOnSubmitted" and event.detail["externalUserId"] == wholesaler
    ]
    assert len(before) <= ITEMS / 10

    # Nobody else of this stack has to share its rate with the rest; none of it was lost.
    detail = {"externalUserId": wholesaler, "requestId": wholesaler}
    shop.send("ErasureRequested", detail, source="shop.privacy")
    shop.wait("TryOnFailed", lambda event: event.detail["reason"] == "CUSTOMER_ERASED")
