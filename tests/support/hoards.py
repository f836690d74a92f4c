"""One shopper with very much: photos, results and ended try-ons, put there without the worker."""

from typing import Any

from tests.support.world import SHOPPER, World
from tryon_worker.objects import result_prefix
from tryon_worker.store import keys
from tryon_worker.store.entry import State
from tryon_worker.store.photo import Photo, PhotoState, photo_row
from tryon_worker.store.table import Key, put
from tryon_worker.wishes import Wish, WishedProduct


def hoard(world: World, count: int) -> None:
    """So many photos with their rows, and so many try-ons with their pictures."""
    now = int(world.clock.now())
    shopper_key = world.wiring.identities.shopper_key(SHOPPER)
    for number in range(count):
        for place, row in _rows(shopper_key, number, now).items():
            world.table.write(put(place, row))
        _objects(world, shopper_key, number)


def _rows(shopper_key: str, number: int, now: int) -> dict[Key, dict[str, Any]]:
    name = f"{number:040x}"
    wish = Wish(external_user_id=SHOPPER, product=WishedProduct(external_id="tee"))
    photo = Photo(shopper_key, name, _key(number), "0A", now, PhotoState.READY, announced=True)
    ledger = {
        "tryOnId": name,
        "shopperKey": shopper_key,
        "state": State.DECIDED,
        "payloadHash": "0",
        "wishedAt": now,
        "acceptedAt": now,
        "outcome": "COMPLETED",
        "decidedAt": now - 1000,
        "publishedAt": now - 1000,
    }
    return {
        keys.photo(shopper_key, name): photo_row(photo, now + 10**6),
        keys.request(shopper_key, name): {"tryOnId": name, "wish": wish.to_row(), "wishedAt": now},
        keys.ledger(name): ledger,
    }


def _objects(world: World, shopper_key: str, number: int) -> None:
    world.s3.put_object(Bucket=world.photo_bucket, Key=_key(number), Body=b"photo")
    key = result_prefix(shopper_key, f"{number:040x}") + "picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")


def _key(number: int) -> str:
    return f"photos/{SHOPPER}/{number}.jpg"
