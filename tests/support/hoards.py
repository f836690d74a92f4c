"""One shopper with very much: photos, results and ended try-ons, put there without the worker."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.world import SHOPPER, World
from tryon_worker.objects import result_prefix
from tryon_worker.store import keys
from tryon_worker.store.entry import State
from tryon_worker.store.photo import Photo, PhotoState, photo_row
from tryon_worker.wishes import Wish, WishedProduct


def hoard(world: World, count: int) -> None:
    """So many photos with their rows, and so many try-ons with their pictures."""
    now = int(world.clock.now())
    shopper_key = world.wiring.identities.shopper_key(SHOPPER)
    table = world.engine.resource("dynamodb").Table(world.name)
    with table.batch_writer() as batch:
        for number in range(count):
            for row in _rows(shopper_key, number, now):
                batch.put_item(Item=row)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _objects(world, shopper_key, number), range(count)))


def _rows(shopper_key: str, number: int, now: int) -> list[dict[str, Any]]:
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
    rows = {
        keys.photo(shopper_key, name): photo_row(photo, now + 10**6),
        keys.request(shopper_key, name): {"tryOnId": name, "wish": wish.to_row(), "wishedAt": now},
        keys.ledger(name): ledger,
    }
    return [
        {"pk": pk, "sk": sk, **{k: v for k, v in row.items() if v is not None}}
        for (pk, sk), row in rows.items()
    ]


def _objects(world: World, shopper_key: str, number: int) -> None:
    world.s3.put_object(Bucket=world.photo_bucket, Key=_key(number), Body=b"photo")
    world.put_at[_key(number)] = int(world.clock.now())
    key = result_prefix(shopper_key, f"{number:040x}") + "picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")


def _key(number: int) -> str:
    return f"photos/{SHOPPER}/{number}.jpg"
