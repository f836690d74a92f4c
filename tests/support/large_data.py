"""One shopper with very much: photos, results and ended try-ons, put there without the worker."""

from typing import Any

from tests.support.world import SHOPPER, World
from tryon_worker.aws import keys
from tryon_worker.aws.buckets import result_prefix
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import put
from tryon_worker.events.schemas import RequestedProduct, TryOnRequest
from tryon_worker.photos.model import Photo, PhotoState, photo_row
from tryon_worker.tryons.model import State


def hoard(world: World, count: int) -> None:
    """So many photos with their rows, and so many try-ons with their pictures."""
    now = int(world.clock.now())
    shopper_key = world.container.pseudonymizer.shopper_key(SHOPPER)
    for number in range(count):
        for place, row in _rows(shopper_key, number, now).items():
            world.table.write(put(place, row))
        _objects(world, shopper_key, number)


def _rows(shopper_key: str, number: int, now: int) -> dict[Key, dict[str, Any]]:
    name = f"{number:040x}"
    request = TryOnRequest(external_user_id=SHOPPER, product=RequestedProduct(external_id="tee"))
    photo = Photo(shopper_key, name, _key(number), "0A", now, PhotoState.READY, published=True)
    ledger = {
        "tryOnId": name,
        "shopperKey": shopper_key,
        "state": State.DECIDED,
        "payloadHash": "0",
        "requestedAt": now,
        "acceptedAt": now,
        "outcome": "COMPLETED",
        "decidedAt": now - 1000,
        "publishedAt": now - 1000,
    }
    return {
        keys.photo(shopper_key, name): photo_row(photo, now + 10**6),
        keys.request(shopper_key, name): {
            "tryOnId": name,
            "request": request.to_row(),
            "requestedAt": now,
        },
        keys.ledger(name): ledger,
    }


def _objects(world: World, shopper_key: str, number: int) -> None:
    world.s3.put_object(Bucket=world.photo_bucket, Key=_key(number), Body=b"photo")
    key = result_prefix(shopper_key, f"{number:040x}") + "picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")


def _key(number: int) -> str:
    return f"photos/{SHOPPER}/{number}.jpg"
