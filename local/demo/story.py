"""What the demo does: a photo by S3, a product and an order by the bus, the picture into `out/`."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local.console import Console
from local.demo.observer import Event, Observer
from local.failures import LocalSystemError
from local.system import System

SHOPPER = "cust_8f14e45f"
ORDER = "1001"
PRODUCT = "striped-shirt-42"
PRODUCT_SITE = "https://shop.example/"
PRODUCT_PICTURE = "striped-shirt.png"
PHOTO = Path(__file__).with_name("shopper.jpg")
PATIENCE_SECONDS = 120.0
_ENDS = {"TryOnCompleted", "TryOnFailed", "TryOnNeedsReview"}
_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


class Story:
    """One run of the demo on a running system."""

    def __init__(self, system: System, console: Console, out: Path) -> None:
        self._system = system
        self._console = console
        self._out = out
        self._observer = Observer(system)
        self._bus = system.stack.outputs["EventBusName"]

    def tell(self) -> Path:
        """Play it to its end and return where the picture lies."""
        self._drop_photo()
        self._wait("Genlook to take the photo", self._photo_is_ready)
        self._put_product()
        self._place_order()
        completed = self._wait("the picture", self._is_outcome)
        if completed.detail_type != "TryOnCompleted":
            raise LocalSystemError(f"the try-on ended as {json.dumps(completed.detail)}")
        picture = self._fetch(completed.detail["result"])
        self._console.say("\n" + json.dumps(completed.envelope, indent=2, ensure_ascii=False))
        return picture

    def _drop_photo(self) -> None:
        bucket = self._system.stack.outputs["PhotoBucketName"]
        key = f"photos/{quote(SHOPPER, safe='')}/{PHOTO.name}"
        self._system.engine.client("s3").put_object(
            Bucket=bucket, Key=key, Body=PHOTO.read_bytes(), ContentType="image/jpeg"
        )
        self._console.step(f"photo put to s3://{bucket}/{key}")

    def _put_product(self) -> None:
        product = {
            "externalId": PRODUCT,
            "title": "Striped shirt",
            "images": [{"url": PRODUCT_SITE + PRODUCT_PICTURE}],
            "updatedAt": datetime.now(UTC).isoformat(),
        }
        self._send("shop.catalogue", "ProductUpserted", product)

    def _place_order(self) -> None:
        items = [{"productExternalId": PRODUCT}]
        self._send(
            "shop.orders",
            "OrderPlaced",
            {"orderId": ORDER, "externalUserId": SHOPPER, "items": items},
        )

    def _send(self, source: str, detail_type: str, detail: dict[str, Any]) -> None:
        entry = {
            "EventBusName": self._bus,
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        answer = self._system.engine.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise LocalSystemError(f"the bus refused {detail_type}: {answer['Entries']}")
        self._console.step(f"{detail_type} sent to the bus by {source}")

    def _wait(self, what: str, is_it: Callable[[Event], bool]) -> Event:
        """Show each event as it comes, until the one that is waited for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._system.check()
            self._console.waiting(f"waiting for {what}")
            for event in self._observer.events():
                self._console.step(f"{event.detail_type} read from the bus{_saying(event)}")
                if is_it(event):
                    return event
        raise LocalSystemError(f"waited {PATIENCE_SECONDS:.0f} s for {what} in vain")

    def _photo_is_ready(self, event: Event) -> bool:
        if event.detail_type == "PhotoRejected":
            raise LocalSystemError(f"the photo was rejected: {json.dumps(event.detail)}")
        return event.detail_type == "PhotoReady"

    def _is_outcome(self, event: Event) -> bool:
        return event.detail_type in _ENDS or event.detail_type == "RequestRefused"

    def _fetch(self, result: dict[str, Any]) -> Path:
        stored = self._system.engine.client("s3").get_object(
            Bucket=result["bucket"], Key=result["key"]
        )
        content: bytes = stored["Body"].read()
        self._out.mkdir(parents=True, exist_ok=True)
        suffix = _SUFFIXES.get(result["contentType"], "")
        picture = self._out / f"try-on-{ORDER}{suffix}"
        picture.write_bytes(content)
        self._console.step(f"picture fetched from s3://{result['bucket']}/{result['key']}")
        return picture


def _saying(event: Event) -> str:
    """Return the words of an event that a person wants to see."""
    names = ("reason", "code", "message", "generationId", "expiresAt")
    said = [f"{name} {event.detail[name]}" for name in names if event.detail.get(name)]
    return f": {', '.join(said)}" if said else ""
