"""What is done, once, so that a refused request is taken after all: the product, the photo."""

import pytest

from tests.support.submitting import SMALL_PHOTO, answer, ordered, quiet, types
from tests.support.world import PRODUCT_URL, World
from tryon_worker.aws.table import update
from tryon_worker.photos.model import PhotoState
from tryon_worker.tryons.model import State, WaitingFor

FULL = {"externalId": "tee-1", "title": "Tee", "images": [{"url": PRODUCT_URL}]}


def sent(world: World) -> list[dict[str, object]]:
    """What was said of the product in each paid call that Genlook read."""
    details = [call["request"] for call in world.genlook.control.calls("try_on")]
    return [request["data"]["products"][0] for request in details if request]


# --- 404 PRODUCT_NOT_FOUND


@pytest.mark.promise("The paid call", "forgotten-product-goes-in-full")
def test_a_product_that_genlook_forgot_goes_once_more_in_full(world: World) -> None:
    world.step(ordered(world, "r-0"))
    try_on_id = ordered(world, "r-1")
    world.genlook.state.products.clear()
    world.step(try_on_id)
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.fallbacks) == (State.WAITING, frozenset({"PRODUCT"}))
    world.run()
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert sent(world)[1] == {"externalId": "tee-1"}
    assert sent(world)[2]["images"]
    assert (world.paid_calls(), world.genlook.control.charges()) == (3, 2)
    world.step(ordered(world, "r-2"))
    assert sent(world)[3] == {"externalId": "tee-1"}, "Genlook has it again"


def test_what_was_noted_to_be_done_is_done_though_the_worker_died(world: World) -> None:
    """Between the remedy and the product's row; or another worker has just had it accepted."""
    world.step(ordered(world, "r-0"))
    try_on_id = ordered(world, "r-1")
    world.genlook.state.products.clear()
    kept = world.container.products.get("tee-1")
    world.step(try_on_id)
    assert kept is not None
    row = update(("PRODUCT#tee-1", "PRODUCT"), "SET #acceptedHash = :hash", hash=kept.accepted_hash)
    world.container.table.write(row)
    world.run()
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert sent(world)[-1]["images"]


@pytest.mark.promise("The paid call", "forgotten-product-goes-in-full")
def test_a_product_that_is_not_found_again_fails(world: World) -> None:
    world.step(ordered(world, "r-0"))
    world.events()
    try_on_id = ordered(world, "r-1")
    answer(world, 404, code="PRODUCT_NOT_FOUND", times=None)
    world.step(try_on_id)
    world.run()
    (failed,) = world.events()
    assert (failed["reason"], failed["code"]) == ("REJECTED", "PRODUCT_NOT_FOUND")
    assert world.paid_calls() == 3


def test_a_product_of_which_nothing_more_is_known_fails_at_once(world: World) -> None:
    try_on_id = ordered(world, product={"externalId": "never-described"})
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.DECIDED
    assert world.events("TryOnFailed")[0]["code"] == "PRODUCT_NOT_FOUND"
    assert world.paid_calls() == 1


# --- an uncatalogued 4xx with a person's id


@pytest.mark.promise("The paid call", "lost-photo-is-uploaded-again")
@pytest.mark.parametrize("refusal", ["404:GONE_IMAGE", "400:IMAGE_EXPIRED", "410:IMAGE_GONE"])
def test_a_photo_that_genlook_lost_goes_up_again_and_the_call_is_made_once_more(
    world: World, refusal: str
) -> None:
    try_on_id = ordered(world)
    world.genlook.control.set_quirks(unknownImage=refusal)
    lost = world.container.photos.of_shopper(world.try_on(try_on_id).shopper_key)[0].image_id
    world.genlook.state.photos.clear()
    world.step(try_on_id)
    assert world.try_on(try_on_id).fallbacks == {"PHOTO"}
    world.run()
    try_on = world.try_on(try_on_id)
    (photo,) = world.container.photos.of_shopper(try_on.shopper_key)
    assert (try_on.state, photo.state) == (State.SUBMITTED, PhotoState.READY)
    assert photo.image_id != lost
    assert (world.paid_calls(), world.genlook.control.charges()) == (2, 1)


@pytest.mark.promise("The paid call", "lost-photo-is-uploaded-again")
def test_the_photo_is_brought_again_only_once(world: World) -> None:
    try_on_id = ordered(world)
    answer(world, 422, code="NO_IDEA", times=None)
    world.step(try_on_id)
    world.run()
    quiet(world, rounds=2)
    assert world.events("TryOnFailed")[0]["code"] == "NO_IDEA"
    assert world.paid_calls() == 2
    assert len(world.genlook.control.calls("upload")) == 2


def test_a_photo_that_is_gone_here_too_lets_the_wish_wait_for_another(world: World) -> None:
    try_on_id = ordered(world)
    world.s3.delete_object(Bucket=world.photo_bucket, Key=world.objects(world.photo_bucket)[0])
    answer(world, 422, code="NO_IDEA")
    world.step(try_on_id)
    world.run()
    assert world.try_on(try_on_id).waiting_for is WaitingFor.PHOTO
    world.container.receive_photo(world.photo("new.jpg", data=SMALL_PHOTO))
    world.run()
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 2)


def test_a_picture_by_link_has_no_such_remedy(world: World) -> None:
    try_on_id = ordered(world, photo={"url": PRODUCT_URL})
    answer(world, 422, code="NO_IDEA")
    world.step(try_on_id)
    assert types(world.events()) == ["TryOnFailed"]
    assert world.paid_calls() == 1


def test_a_catalogued_refusal_has_no_such_remedy(world: World) -> None:
    try_on_id = ordered(world)
    answer(world, 400, code="INVALID_IMAGE")
    world.step(try_on_id)
    assert types(world.events()) == ["TryOnFailed"]
    assert len(world.genlook.control.calls("upload")) == 1


def test_both_remedies_may_be_needed(world: World) -> None:
    world.step(ordered(world, "r-0"))
    try_on_id = ordered(world, "r-1")
    answer(world, 404, code="PRODUCT_NOT_FOUND")
    answer(world, 422, code="NO_IDEA")
    world.step(try_on_id)
    world.run()
    assert world.try_on(try_on_id).fallbacks == {"PRODUCT", "PHOTO"}
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 4)
