"""A later version refuses at the door what an earlier one took; what is stored goes on."""

import pytest

from tests.support.erasing import assert_nothing_is_left, wait
from tests.support.intake import refusal_publisher
from tests.support.products import sent
from tests.support.shopify import webhook
from tests.support.submitting import SMALL_PHOTO, ordered
from tests.support.world import PRODUCT_URL, SHOPPER, World
from tryon_worker import identity
from tryon_worker.events import fields
from tryon_worker.tryons.model import State


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def refuse_shopper(deploy: pytest.MonkeyPatch) -> None:
    deploy.setattr(identity, "_SHARED_IDS", identity._SHARED_IDS | {SHOPPER})


def refuse_pictures(deploy: pytest.MonkeyPatch) -> None:
    deploy.setattr(fields, "_INTERNAL", fields._INTERNAL | {"example"})


def test_the_rules_of_these_tests_are_stricter(world: World, deploy: pytest.MonkeyPatch) -> None:
    refuse_shopper(deploy)
    world.container.route_event(world.event("TryOnRequested", world.request()))
    deploy.undo()
    refuse_pictures(deploy)
    world.container.route_event(world.event("TryOnRequested", world.request()))
    assert [field for _, field in refusal_publisher(world)] == [
        "externalUserId",
        "product.images.0.url",
    ]


def test_an_accepted_request_is_submitted_and_comes_to_its_outcome(
    world: World, deploy: pytest.MonkeyPatch
) -> None:
    try_on_id = ordered(world)
    refuse_shopper(deploy)
    refuse_pictures(deploy)
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    world.watch(try_on_id)
    (event,) = world.events("TryOnCompleted")
    assert event["externalUserId"] == SHOPPER


def test_a_product_of_the_catalogue_goes_to_genlook_as_it_was_stored(
    world: World, deploy: pytest.MonkeyPatch
) -> None:
    product = {
        "externalId": "tee-1",
        "title": "Tee",
        "images": [{"url": PRODUCT_URL}],
        "updatedAt": "2027-01-15T07:00:00Z",
    }
    world.container.route_event(world.event("ProductUpserted", product))
    try_on_id = ordered(world, product={"externalId": "tee-1"})
    refuse_pictures(deploy)
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert [product["title"] for product in sent(world)] == ["Tee"]


def test_a_photo_that_waits_in_its_row_goes_up(world: World, deploy: pytest.MonkeyPatch) -> None:
    world.genlook.control.refuse("upload", 503)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    refuse_shopper(deploy)
    world.clock.advance(121)
    world.housekeeping_round()
    (event,) = world.events("PhotoReady")
    assert event["externalUserId"] == SHOPPER


def test_a_shop_is_erased_with_all_of_it(world: World, deploy: pytest.MonkeyPatch) -> None:
    ordered(world)
    world.clock.advance(60)
    refuse_shopper(deploy)
    refuse_pictures(deploy)
    webhook(world, "shop/redact")
    world.run()
    wait(world, 4 * 3600)
    assert [event["shoppers"] for event in world.events("ShopErased")] == [1]
    assert_nothing_is_left(world)
