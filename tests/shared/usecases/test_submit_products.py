"""Products are never stale: by reference only while Genlook surely has what we would send."""

from typing import Any

import httpx
import pytest

from tests.support.paying import SMALL_PHOTO, answer, created, ordered, rewire
from tests.support.world import PRODUCT_URL, World
from tryon_worker.breaker import ShutBy
from tryon_worker.store.entry import State, WaitingFor
from tryon_worker.store.products import Offer
from tryon_worker.store.table import ConditionFailed

REFERENCE = {"externalId": "tee-1"}
BARE: dict[str, Any] = {"product": REFERENCE}


@pytest.fixture
def world(swept_world: World) -> World:
    return swept_world


def upsert(world: World, title: str, day: int, **more: Any) -> None:
    detail = {
        "externalId": "tee-1",
        "title": title,
        "images": [{"url": PRODUCT_URL}],
        "updatedAt": f"2027-01-{day:02}T00:00:00Z",
        **more,
    }
    world.wiring.take_in(world.event("ProductUpserted", detail))
    world.messages("tryon")


def sent(world: World) -> list[dict[str, Any]]:
    """What was said of the product in each paid call that Genlook read."""
    requests = [call["request"] for call in world.genlook.control.calls("try_on")]
    return [request["data"]["products"][0] for request in requests if request]


def try_on(world: World, number: int, **changes: Any) -> str:
    try_on_id = ordered(world, f"r-{number}", **{**BARE, **changes})
    world.step(try_on_id)
    return try_on_id


def test_a_product_goes_in_full_once_and_then_by_reference(world: World) -> None:
    upsert(world, "Tee", 1)
    for number in range(3):
        try_on(world, number)
    assert [call.get("title") for call in sent(world)] == ["Tee", None, None]
    assert sent(world)[1] == REFERENCE


@pytest.mark.parametrize("title", ["Tee II", "Tee"], ids=["other text", "same text, new pictures"])
def test_a_product_that_changed_goes_in_full_again(world: World, title: str) -> None:
    upsert(world, "Tee", 1)
    try_on(world, 1)
    world.clock.advance(100)  # that call is surely over
    upsert(world, title, 2)
    try_on(world, 2)
    try_on(world, 3)
    assert [call.get("title") for call in sent(world)] == ["Tee", title, None]


def test_what_a_wish_says_of_a_product_is_laid_over_what_is_known(world: World) -> None:
    upsert(world, "Tee", 1, description="Cotton")
    try_on(world, 1, product={**REFERENCE, "title": "Special"})
    assert sent(world)[0]["title"] == "Special"
    assert sent(world)[0]["description"] == "Cotton"
    try_on(world, 2)
    assert sent(world)[1]["title"] == "Tee", "Genlook has the special one"


END = {
    "a lost answer": {"kind": "lose", "when": "after", "status": 200},
    "a lost call": {"kind": "lose", "status": 200},
    "a refusal": {"status": 400, "code": "VALIDATION_FAILED"},
}


@pytest.mark.parametrize("end", END.values(), ids=END)
def test_after_an_end_that_proves_nothing_it_goes_in_full(world: World, end: Any) -> None:
    """Back to the text that Genlook accepted last but one: what it has now, nobody knows."""
    tee: dict[str, Any] = world.wish()["product"]
    try_on(world, 1, product=tee)
    world.clock.advance(100)
    answer(world, **end)
    try_on(world, 2, product={**tee, "title": "Sale"})
    world.clock.advance(100)
    try_on(world, 3, product=tee)
    assert sent(world)[-1].get("title") == "Tee"


def test_only_the_text_that_was_offered_last_is_accepted(world: World) -> None:
    products, table, now = world.wiring.products, world.wiring.table, int(world.clock.now())
    table.write(products.offering("p", Offer("new", now), "attempt", until=now + 85))
    with pytest.raises(ConditionFailed):
        table.write(products.acceptance("p", Offer("old", now)))
    table.write(products.acceptance("p", Offer("new", now)))
    kept = products.get("p")
    assert kept is not None
    assert kept.accepted_hash == "new"


def test_a_crash_between_the_call_and_the_save_leaves_nothing_accepted(world: World) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    rewire(world, payer := world.new_process(), act)
    with pytest.raises(KeyboardInterrupt):
        payer.submit(try_on_id, lambda: 120)
    kept = world.wiring.products.get("tee-1")
    assert kept is not None
    assert (kept.accepted_hash, kept.offered_hash is None) == (None, False)
    world.clock.advance(180)
    try_on(world, 2)
    assert sent(world)[-1].get("title") == "Tee"


def test_the_hash_is_saved_with_the_generation_or_not_at_all(world: World) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        entry = world.entry(try_on_id)
        world.wiring.ledger.unknown(try_on_id, entry.attempt or "", reason="r", now=1)
        world.wiring.ledger.retry(try_on_id, "review", now=1, due_at=2)
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.submit(try_on_id, lambda: 120)
    kept = world.wiring.products.get("tee-1")
    assert kept is not None
    assert kept.accepted_hash is None


def test_a_product_deleted_meanwhile_is_not_accepted_but_the_generation_is_saved(
    world: World,
) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        world.engine.resource("dynamodb").Table(world.name).delete_item(
            Key={"pk": "PRODUCT#tee-1", "sk": "PRODUCT"}
        )
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.submit(try_on_id, lambda: 120)
    assert world.entry(try_on_id).generation_id == "gen-1"
    assert world.wiring.products.get("tee-1") is None


def test_two_texts_on_their_way_at_once_prove_nothing(world: World) -> None:
    """Which of them reached Genlook last cannot be known: the next goes in full."""
    upsert(world, "Tee", 1)
    first, second = ordered(world, "r-1", **BARE), ordered(world, "r-2", **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        upsert(world, "Sale", 2)
        world.step(second)
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.submit(first, lambda: 120)
    kept = world.wiring.products.get("tee-1")
    assert kept is not None
    assert kept.accepted_hash is None
    try_on(world, 3)
    assert sent(world)[-1]["title"] == "Sale"
    world.clock.advance(200)  # by now each of those calls is over
    try_on(world, 4)
    try_on(world, 5)
    assert [call.get("title") for call in sent(world)][-2:] == ["Sale", None]


def test_the_same_text_twice_at_once_is_accepted(world: World) -> None:
    upsert(world, "Tee", 1)
    first, second = ordered(world, "r-1", **BARE), ordered(world, "r-2", **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        world.step(second)
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.submit(first, lambda: 120)
    try_on(world, 3)
    assert sent(world)[-1] == REFERENCE


def test_an_offer_that_was_overtaken_is_looked_at_again(world: World) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)
    dress = world.wiring.submit.pay.dress
    overtaken: list[str] = []

    def late(*arguments: Any, **named: Any) -> Any:
        dressed = dress(*arguments, **named)
        if not overtaken:
            upsert(world, "Sale", 2)
            overtaken.append(ordered(world, "r-2", **BARE))
            world.new_process().submit(overtaken[0], lambda: 120)
        return dressed

    object.__setattr__(world.wiring.submit.pay, "dress", late)
    world.step(try_on_id)
    assert world.entry(try_on_id).state is State.SUBMITTED
    assert [call.get("title") for call in sent(world)] == ["Sale", None]


# --- how it is said


def test_a_one_shot_product_goes_in_full_each_time(world: World) -> None:
    product = {"title": "Mine", "images": [{"url": PRODUCT_URL}]}
    for number in (1, 2):
        try_on(world, number, product=product)
    assert [call.get("externalId", "none") for call in sent(world)] == ["none", "none"]
    assert [call["title"] for call in sent(world)] == ["Mine", "Mine"]
    assert not [row for row in world.rows() if row["pk"].startswith("PRODUCT#")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, "absent"), ({"validForDays": None}, None), ({"validForDays": 30}, 30)],
    ids=["absent", "null", "a number"],
)
def test_absent_and_null_days_are_not_the_same(world: World, said: Any, expected: Any) -> None:
    upsert(world, "Tee", 1, **said)
    try_on(world, 1)
    assert sent(world)[0].get("validForDays", "absent") == expected


@pytest.mark.parametrize("watermark", [True, False, None])
@pytest.mark.parametrize("days", [1, 3, 7, None])
def test_what_is_wished_of_the_output_is_passed_on(
    world: World, watermark: bool | None, days: int | None
) -> None:
    world.options["keep_for_days"] = 3
    output = {"watermark": watermark, "keepForDays": days}
    given = {name: value for name, value in output.items() if value is not None}
    try_on(world, 1, photo={"url": PRODUCT_URL}, output=given)
    said = world.genlook.control.calls("try_on")[0]["request"]["data"]["output"]
    assert said.get("watermark") == watermark
    assert said["keepForDays"] == min(days or 3, 3), "shortened, never lengthened"


def test_the_retention_of_an_uploaded_photo_is_its_own(world: World) -> None:
    try_on(world, 1, output={"keepForDays": 1}, product={"images": [{"url": PRODUCT_URL}]})
    said = world.genlook.control.calls("try_on")[0]["request"]["data"]
    assert "keepForDays" not in said.get("output", {})
    assert said["externalUserId"] == "shopper-7"


# --- pictures from the shop's own buckets


def in_bucket(world: World, data: bytes, **about: Any) -> dict[str, Any]:
    world.options["product_image_buckets"] = world.result_bucket
    world.s3.put_object(Bucket=world.result_bucket, Key="p/tee.png", Body=data, **about)
    image = {
        "s3": {"bucket": world.result_bucket, "key": "p/tee.png"},
        "classifications": {"view": "front"},
    }
    return {"externalId": "tee-1", "title": "Tee", "images": [image]}


@pytest.mark.parametrize("said", ["image/png", "binary/octet-stream"])
def test_pictures_from_a_bucket_travel_as_bytes(world: World, said: str) -> None:
    product = in_bucket(world, SMALL_PHOTO, ContentType=said)
    try_on_id = try_on(world, 1, product=product)
    assert world.entry(try_on_id).state is State.SUBMITTED
    call = world.genlook.control.calls("try_on")[0]["request"]
    (image,) = call["data"]["products"][0]["images"]
    assert image["classifications"] == {"view": "front"}
    assert call["files"] == {image["source"]["fileKey"]: len(SMALL_PHOTO)}
    assert world.result_bucket not in str(call)
    world.s3.delete_object(Bucket=world.result_bucket, Key="p/tee.png")


GONE = {"key": "p/none.png"}, {"bucket": "no-such-bucket-of-ours"}


@pytest.mark.parametrize("change", GONE, ids=["no object", "no bucket"])
def test_a_picture_that_is_not_there_ends_the_wish(world: World, change: dict[str, str]) -> None:
    product = in_bucket(world, SMALL_PHOTO)
    product["images"][0]["s3"].update(change)
    world.options["product_image_buckets"] += ",no-such-bucket-of-ours"
    try_on(world, 1, product=product)
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_MISSING"
    assert world.paid_calls() == 0


def test_a_picture_in_a_bucket_that_is_no_longer_allowed_is_not_read(world: World) -> None:
    try_on_id = ordered(world, product=in_bucket(world, SMALL_PHOTO))
    world.options["product_image_buckets"] = ""
    world.new_process().submit(try_on_id, lambda: 120)
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_MISSING"


def test_a_picture_too_large_to_be_held_ends_the_wish(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon_worker.objects.MAX_PHOTO_BYTES", len(SMALL_PHOTO) - 1)
    try_on(world, 1, product=in_bucket(world, SMALL_PHOTO))
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_TOO_LARGE"


def test_pictures_too_large_together_end_the_wish(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon_worker.usecases.dress._MAX_IMAGE_BYTES", 2 * len(SMALL_PHOTO))
    product = in_bucket(world, SMALL_PHOTO)
    try_on(world, 1, product={**product, "images": product["images"] * 2})
    assert world.paid_calls() == 1
    try_on(world, 2, product={**product, "images": product["images"] * 3})
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_TOO_LARGE"


def test_no_picture_is_read_while_the_breaker_is_shut(world: World) -> None:
    product = in_bucket(world, SMALL_PHOTO)
    product["images"][0]["s3"]["key"] = "p/none.png"
    try_on_id = ordered(world, product=product)
    world.wiring.breaker.shut(ShutBy.INVALID_API_KEY)
    world.step(try_on_id)
    assert world.entry(try_on_id).waiting_for is WaitingFor.BREAKER
