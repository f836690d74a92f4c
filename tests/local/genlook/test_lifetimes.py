"""What lives how long, with the days made to pass."""

import pytest

from local.genlook.faults import Fate
from local.genlook.server import StandIn
from tests.local.genlook.helpers import DAY, Caller, http_get, one_shot, person, refusal


@pytest.mark.parametrize("days", [1, 3, 7])
def test_an_image_id_lives_its_days(caller: Caller, stand_in: StandIn, days: int) -> None:
    image = person(caller.image_id(keepForDays=str(days)))
    stand_in.clock.advance(days * DAY - 60)
    assert caller.simple(person=image).status_code == 201
    stand_in.clock.advance(60)
    assert refusal(caller.simple(person=image)) == (404, "CUSTOMER_IMAGE_NOT_FOUND")


def test_an_image_id_lives_the_accounts_window(caller: Caller, stand_in: StandIn) -> None:
    image = person(caller.image_id())
    stand_in.clock.advance(7 * DAY - 1)
    assert caller.simple(person=image).status_code == 201
    stand_in.clock.advance(1)
    assert caller.simple(person=image).status_code == 404


def test_the_image_url_is_short_lived(caller: Caller, stand_in: StandIn) -> None:
    url = caller.upload().json()["imageUrl"]
    assert http_get(url).status_code == 200
    stand_in.clock.advance(900)
    assert http_get(url).status_code == 403


def result_lives(caller: Caller, generation: str) -> bool:
    return "resultImageUrl" in caller.generation(generation)


@pytest.mark.parametrize("days", [1, 3, 7])
def test_a_result_lives_its_days(caller: Caller, stand_in: StandIn, days: int) -> None:
    url = "https://shop.example/pictures/shirt.png"
    generation = caller.generation_id(
        person={"image": {"source": {"url": url}}}, output={"keepForDays": days}
    )
    stand_in.clock.advance(days * DAY - 1)
    assert result_lives(caller, generation)
    stand_in.clock.advance(1)
    assert not result_lives(caller, generation)
    assert caller.generation(generation)["status"] == "COMPLETED"


def test_keep_for_days_is_ignored_with_an_image_id(caller: Caller, stand_in: StandIn) -> None:
    image = person(caller.image_id(keepForDays="1"))
    generation = caller.generation_id(person=image, output={"keepForDays": 7})
    stand_in.clock.advance(DAY - 1)
    assert result_lives(caller, generation)
    stand_in.clock.advance(1)
    assert not result_lives(caller, generation)


def lives(caller: Caller, external_id: str) -> bool:
    return caller.http.get(f"/products/{external_id}").status_code == 200


def test_an_inline_product_lives_15_days_after_its_last_use(
    caller: Caller, stand_in: StandIn
) -> None:
    caller.generation_id(products=[one_shot(externalId="sku")])
    stand_in.clock.advance(15 * DAY - 1)
    caller.generation_id(products=[{"externalId": "sku"}])
    stand_in.clock.advance(15 * DAY - 1)
    assert lives(caller, "sku")
    stand_in.clock.advance(1)
    assert not lives(caller, "sku")
    reference = caller.simple(products=[{"externalId": "sku"}])
    assert refusal(reference) == (404, "PRODUCT_NOT_FOUND")


def test_looking_is_no_use(caller: Caller, stand_in: StandIn) -> None:
    caller.generation_id(products=[one_shot(externalId="sku")])
    stand_in.clock.advance(14 * DAY)
    assert lives(caller, "sku")
    stand_in.clock.advance(DAY)
    assert not lives(caller, "sku")


def test_a_one_shot_lives_7_days_after_its_last_use(caller: Caller, stand_in: StandIn) -> None:
    made = caller.simple().json()["productExternalId"]
    stand_in.clock.advance(7 * DAY - 1)
    caller.generation_id(products=[{"externalId": made}])
    stand_in.clock.advance(7 * DAY - 1)
    assert lives(caller, made)
    stand_in.clock.advance(1)
    assert not lives(caller, made)


def test_a_registered_product_lives_for_ever(caller: Caller, stand_in: StandIn) -> None:
    caller.http.post("/products", json=one_shot(externalId="sku"))
    stand_in.clock.advance(3650 * DAY)
    assert lives(caller, "sku")


@pytest.mark.parametrize("by_post", [True, False])
def test_valid_for_days(caller: Caller, stand_in: StandIn, by_post: bool) -> None:
    product = one_shot(externalId="sku", validForDays=2)
    if by_post:
        caller.http.post("/products", json=product)
    else:
        caller.generation_id(products=[product])
    stand_in.clock.advance(2 * DAY - 1)
    assert lives(caller, "sku")
    stand_in.clock.advance(1)
    assert not lives(caller, "sku")


def test_valid_for_days_null_is_for_ever(caller: Caller, stand_in: StandIn) -> None:
    caller.generation_id(products=[one_shot(externalId="sku", validForDays=None)])
    stand_in.clock.advance(3650 * DAY)
    assert lives(caller, "sku")


def test_an_upsert_starts_the_time_anew(caller: Caller, stand_in: StandIn) -> None:
    caller.generation_id(products=[one_shot(externalId="sku")])
    stand_in.clock.advance(14 * DAY)
    caller.generation_id(products=[{"externalId": "sku", "title": "New"}])
    stand_in.clock.advance(14 * DAY)
    assert lives(caller, "sku")


def test_an_expired_product_is_created_anew(caller: Caller, stand_in: StandIn) -> None:
    caller.generation_id(products=[one_shot(externalId="sku", description="old")])
    stand_in.clock.advance(15 * DAY)
    without = caller.simple(products=[{"externalId": "sku", "title": "New"}])
    assert refusal(without) == (400, "PRODUCT_IMAGES_REQUIRED")
    caller.generation_id(products=[one_shot(externalId="sku")])
    assert caller.http.get("/products/sku").json()["description"] is None


def test_a_running_generation_outlives_its_photo(caller: Caller, stand_in: StandIn) -> None:
    """It took its snapshot when it began."""
    image_id = caller.image_id(keepForDays="1")
    stand_in.clock.advance(DAY - 1)
    stand_in.control.decide(Fate(seconds=60))
    generation = caller.generation_id(person=person(image_id))
    stand_in.clock.advance(61)
    assert result_lives(caller, generation)
