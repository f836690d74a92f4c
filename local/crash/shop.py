"""What the shop does: photos into the bucket, products, orders and erasure requests on the bus."""

import itertools
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local.demo.story import PHOTO, PRODUCT_PICTURE, PRODUCT_SITE
from local.genlook.drawings import t_shirt
from local.system import System

_NAVY, _WHITE = (34, 52, 102), (236, 236, 228)


def product_site(folder: Path) -> str:
    """Draw the shop's product picture into a folder; return the stand-in's way to find it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PRODUCT_PICTURE).write_bytes(t_shirt(_NAVY, _WHITE))
    return f"{PRODUCT_SITE}={folder}"


class Shop:
    """One shop; each shopper has a product of their own."""

    def __init__(self, system: System) -> None:
        self._outputs = system.stack.outputs
        self._s3 = system.engine.client("s3")
        self._events = system.engine.client("events")
        self._run = secrets.token_hex(2)
        self._numbers = itertools.count(1)
        self._photo = PHOTO.read_bytes()
        self.shoppers: list[str] = []

    def new_shopper(self) -> str:
        """Return an id that was never used."""
        self.shoppers.append(f"crash-{self._run}-{next(self._numbers)}")
        return self.shoppers[-1]

    @staticmethod
    def product_of(shopper: str) -> str:
        """Return the id of the shopper's own product."""
        return f"{shopper}-shirt"

    def drop_photo(self, shopper: str, name: str = "me.jpg") -> None:
        """Put a photo into the bucket."""
        self._s3.put_object(
            Bucket=self._outputs["PhotoBucketName"],
            Key=f"photos/{quote(shopper, safe='')}/{name}",
            Body=self._photo,
            ContentType="image/jpeg",
        )

    def put_product(self, shopper: str) -> None:
        """Say what the shopper's product is."""
        product = {
            "externalId": self.product_of(shopper),
            "title": "Striped shirt",
            "images": [{"url": PRODUCT_SITE + PRODUCT_PICTURE}],
            "updatedAt": datetime.now(UTC).isoformat(),
        }
        self.send("shop.catalogue", "ProductUpserted", product)

    def order(self, shopper: str, order: str = "1") -> None:
        """Order the product."""
        items = [{"productExternalId": self.product_of(shopper)}]
        detail = {"orderId": f"{shopper}-{order}", "externalUserId": shopper, "items": items}
        self.send("shop.orders", "OrderPlaced", detail)

    def erase(self, shopper: str) -> None:
        """Ask for the shopper to be forgotten."""
        detail = {"externalUserId": shopper, "requestId": f"erase-{shopper}"}
        self.send("shop.privacy", "ErasureRequested", detail)

    def ask(self, shopper: str) -> None:
        """Ask what is held about the shopper."""
        detail = {"externalUserId": shopper, "requestId": f"ask-{shopper}"}
        self.send("shop.privacy", "DataRequested", detail)

    def erase_all(self, request: str) -> None:
        """Ask for everybody to be forgotten, in the words of Shopify."""
        metadata = {"X-Shopify-Topic": "shop/redact", "X-Shopify-Webhook-Id": request}
        detail = {"metadata": metadata, "payload": {"shop_domain": "crash.example"}}
        self.send("shop.privacy", "shopifyWebhook", detail)

    def send(self, source: str, detail_type: str, detail: dict[str, Any]) -> None:
        """Put an event on the bus."""
        entry = {
            "EventBusName": self._outputs["EventBusName"],
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        self._events.put_events(Entries=[entry])
