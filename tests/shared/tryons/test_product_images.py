"""Product pictures from the shop's own buckets travel as bytes, or end the request."""

from typing import Any

import pytest

from tests.support.products import try_on
from tests.support.submitting import SMALL_PHOTO, ordered
from tests.support.world import World
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.tryons.model import State, WaitingFor


def in_bucket(world: World, data: bytes, **event_fields: Any) -> dict[str, Any]:
    world.options["product_image_buckets"] = world.result_bucket
    world.s3.put_object(Bucket=world.result_bucket, Key="p/tee.png", Body=data, **event_fields)
    image = {
        "s3": {"bucket": world.result_bucket, "key": "p/tee.png"},
        "classifications": {"view": "front"},
    }
    return {"externalId": "tee-1", "title": "Tee", "images": [image]}


@pytest.mark.parametrize("said", ["image/png", "binary/octet-stream"])
def test_pictures_from_a_bucket_travel_as_bytes(world: World, said: str) -> None:
    product = in_bucket(world, SMALL_PHOTO, ContentType=said)
    try_on_id = try_on(world, 1, product=product)
    assert world.try_on(try_on_id).state is State.SUBMITTED
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
    world.new_process().step(try_on_id, lambda: 120)
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_MISSING"


def test_a_picture_too_large_to_be_held_ends_the_wish(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon_worker.aws.buckets.MAX_PHOTO_BYTES", len(SMALL_PHOTO) - 1)
    try_on(world, 1, product=in_bucket(world, SMALL_PHOTO))
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_TOO_LARGE"


def test_pictures_too_large_together_end_the_wish(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon_worker.tryons.product._MAX_IMAGE_BYTES", 2 * len(SMALL_PHOTO))
    product = in_bucket(world, SMALL_PHOTO)
    try_on(world, 1, product={**product, "images": product["images"] * 2})
    assert world.paid_calls() == 1
    try_on(world, 2, product={**product, "images": product["images"] * 3})
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_IMAGE_TOO_LARGE"


def test_no_picture_is_read_while_the_breaker_is_shut(world: World) -> None:
    product = in_bucket(world, SMALL_PHOTO)
    product["images"][0]["s3"]["key"] = "p/none.png"
    try_on_id = ordered(world, product=product)
    world.container.circuit_breaker.open(OpenReason.INVALID_API_KEY)
    world.step(try_on_id)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.CIRCUIT
