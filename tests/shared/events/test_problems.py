"""A refusal says all that is wrong, what was given, and what was probably meant."""

from typing import Any

import pytest

from tests.support.intake import order
from tests.support.world import SHOPPER, World

TEE = {"externalId": "tee-1"}


def refused(world: World, detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
    world.container.route_event(world.event(detail_type, detail, source="tryon.operator"))
    (said,) = world.events()
    assert said["type"] == "RequestRefused"
    return said


def problems(said: dict[str, Any]) -> dict[str, str]:
    return {one["field"]: one["message"] for one in said["problems"]}


def test_all_problems_are_said_at_once(world: World) -> None:
    detail = world.request(
        product={"externalId": ["tee"], "validForDays": 0}, output={"keepForDays": 2}, variantId=""
    )
    said = refused(world, "TryOnRequested", detail)
    assert said["problems"] == [
        {"field": "product.externalId", "message": "must be text or a whole number"},
        {"field": "product.validForDays", "message": "must be at least 1", "value": 0},
        {"field": "output.keepForDays", "message": "must be 1, 3 or 7", "value": 2},
        {
            "field": "variantId",
            "message": "is too short: the least is 1",
            "value": "",
        },
    ]
    assert (said["field"], said["message"]) == (
        "product.externalId",
        "must be text or a whole number",
    )
    assert said["requestId"] == "r-1"


def test_the_order_is_named(world: World) -> None:
    said = refused(world, "OrderPlaced", order("_anon_1"))
    assert said["orderId"] == "o-1"
    assert said["problems"][0]["value"] == "_anon_1"


def test_the_first_twenty_are_listed_and_the_others_counted(world: World) -> None:
    images = [{"url": f"http://cdn.shop.example/{place}.jpg"} for place in range(23)]
    said = refused(world, "TryOnRequested", world.request(product={**TEE, "images": images}))
    assert len(said["problems"]) == 20
    assert said["moreProblems"] == 3


@pytest.mark.parametrize(
    "change",
    [
        {"externalUserId": f" {SHOPPER}"},
        {"photo": {"url": f"http://cdn.shop.example/{SHOPPER}.jpg"}},
        {"photo": {"key": f"photos/{SHOPPER}"}},
        {"context": {"note": SHOPPER * 65_536}},
    ],
    ids=str,
)
def test_what_may_be_personal_is_not_repeated(world: World, change: dict[str, Any]) -> None:
    said = refused(world, "TryOnRequested", world.request(**change))
    assert SHOPPER not in str(said)
    assert all("value" not in one for one in said["problems"])


def test_of_an_erased_shoppers_request_the_events_id_alone_is_said(world: World) -> None:
    late = world.event("TryOnRequested", world.request("r-1"))
    world.container.erase(SHOPPER, "e-1")
    world.events()
    world.container.route_event(late)
    (said,) = world.events()
    assert said["reason"] == "CUSTOMER_ERASED"
    assert said["eventId"] == late.id
    assert {"orderId", "requestId"}.isdisjoint(said)
    assert all("value" not in one for one in said["problems"])


def test_a_value_is_cut_and_printable(world: World) -> None:
    url = "http://cdn.shop.example/\n" + "x" * 200
    said = refused(world, "TryOnRequested", world.request(product={"images": [{"url": url}]}))
    value = said["problems"][0]["value"]
    assert value == f"{url[:100]}…".replace("\n", "\ufffd")


WRONG_PLACES: list[tuple[str, dict[str, Any], str, str]] = [
    ("TryOnRequested", {"keepForDays": 1}, "keepForDays", "output.keepForDays"),
    ("TryOnRequested", {"keep_for_days": 1}, "keep_for_days", "output.keepForDays"),
    ("TryOnRequested", {"keepForDay": 1}, "keepForDay", "output.keepForDays"),
    (
        "TryOnRequested",
        {"product": {**TEE, "keepForDays": 1}},
        "product.keepForDays",
        "output.keepForDays",
    ),
    ("TryOnRequested", {"imageId": "i-1"}, "imageId", "photo.imageId"),
    ("TryOnRequested", {"images": []}, "images", "product.images"),
    ("TryOnRequested", {"product": {**TEE, "variantId": "v"}}, "product.variantId", "variantId"),
    ("OrderPlaced", {"variantId": "red"}, "variantId", "items.N.variantId"),
    (
        "OrderPlaced",
        {"items": [{"productExternalId": "tee-1", "externalUserId": "c-2"}]},
        "items.0.externalUserId",
        "externalUserId",
    ),
]


@pytest.mark.parametrize(("detail_type", "change", "field", "place"), WRONG_PLACES, ids=str)
def test_a_known_field_in_a_wrong_place_is_refused(
    world: World, detail_type: str, change: dict[str, Any], field: str, place: str
) -> None:
    sound = world.request() if detail_type == "TryOnRequested" else order("tee-1")
    said = refused(world, detail_type, {**sound, **change})
    assert problems(said) == {field: f"is in the wrong place: it belongs in {place}"}
    assert world.rows() == []


MISSPELT: list[tuple[str, dict[str, Any], str, str]] = [
    ("TryOnRequested", {"outputs": {"keepForDays": 1}}, "outputs", "output"),
    ("TryOnRequested", {"output": {"KeepForDays": 1}}, "output.KeepForDays", "keepForDays"),
    ("TryOnRequested", {"photos": {"imageId": "i"}}, "photos", "photo"),
    ("TryOnRequested", {"variant": "red"}, "variant", "variantId"),
    ("ProductUpserted", {"tryonfor": ["c-1"]}, "tryonfor", "tryOnFor"),
    ("TryOnReviewed", {"reviewID": "a-1"}, "reviewID", "reviewId"),
]


@pytest.mark.parametrize(("detail_type", "change", "field", "meant"), MISSPELT, ids=str)
def test_a_misspelt_field_that_weighs_is_refused(
    world: World, detail_type: str, change: dict[str, Any], field: str, meant: str
) -> None:
    sound: dict[str, dict[str, Any]] = {
        "TryOnRequested": world.request(),
        "ProductUpserted": {"externalId": "tee-1", "updatedAt": "2026-01-01T00:00:00Z"},
        "TryOnReviewed": {"tryOnId": "t", "action": "close"},
    }
    said = refused(world, detail_type, {**sound[detail_type], **change})
    assert meant in problems(said)[field]
    assert world.rows() == []


def test_what_an_order_cannot_ask_for_is_refused(world: World) -> None:
    said = refused(world, "OrderPlaced", order("tee-1", output={"keepForDays": 1}))
    assert problems(said) == {"output": "is not taken in this event; TryOnRequested takes output"}


def test_a_missing_field_is_found_under_a_name_like_it(world: World) -> None:
    said = refused(world, "ProductDeleted", {"productExternalId": "tee-1"})
    assert problems(said) == {
        "externalId": "is missing: productExternalId is not known, did you mean externalId?"
    }


def test_an_erasure_names_the_field_that_was_meant(world: World) -> None:
    detail = {"externaluser": SHOPPER}
    event = world.event("ErasureRequested", detail, source="shop.privacy")
    world.container.route_privacy_request(event)
    (said,) = world.events()
    assert problems(said) == {
        "externalUserId": "is missing: externaluser is not known, did you mean externalUserId?"
    }
    assert SHOPPER not in str(said)


@pytest.mark.parametrize(
    "own",
    [
        {"requestedAt": "2026-01-01"},
        {"url": "https://shop.example/tee"},
        {"title": "Tee"},
        {"x" * 5000: 1},
        {"context": {"keepForDays": 1, "photo": "their own"}},
        {"product": {**TEE, "metadata": {"keepForDays": 1}}},
    ],
    ids=lambda own: str(own)[:60],
)
def test_what_is_the_shops_own_is_let_be(world: World, own: dict[str, Any]) -> None:
    world.container.route_event(world.event("TryOnRequested", world.request(**own)))
    assert world.events() == []
    assert len(world.try_on_ids()) == 1


def test_a_wrong_time_says_which_form_is_wanted(world: World) -> None:
    detail = {"externalId": "tee-1", "updatedAt": "2026-06-01T09:30:00"}
    said = refused(world, "ProductUpserted", detail)
    assert "2026-06-01T09:30:00Z" in said["message"]
    assert said["problems"][0]["value"] == "2026-06-01T09:30:00"
