"""Shops write the same thing in different forms; where neither money nor privacy hangs on it, all
are taken, and all mean the same."""

import json
from typing import Any

import pytest

from tests.support.intake import refusal_publisher
from tests.support.world import PRODUCT_URL, World
from tryon_worker.events.envelope import InvalidEvent, parse
from tryon_worker.events.fields import shopper_id
from tryon_worker.events.schemas import ProductUpserted, TryOnRequested
from tryon_worker.identity import InvalidShopperId, check_shopper_id, shopper_of_key

LARGE = 2**63 + 1
"""No double holds it."""


def asked(**fields: Any) -> TryOnRequested:
    detail = {"externalUserId": "c-1", "product": {"externalId": "tee-1"}, **fields}
    return parse(TryOnRequested, json.loads(json.dumps(detail)))


def image(given: Any) -> dict[str, Any]:
    (only,) = asked(product={"images": [given]}).product.images or ()
    return only.model_dump(by_alias=True, exclude_unset=True)


def test_an_id_that_is_a_number_is_its_digits() -> None:
    wanted = asked(externalUserId=LARGE, requestId=LARGE, orderId=7, variantId=8)
    assert (wanted.external_user_id, wanted.request_id) == (str(LARGE), str(LARGE))
    assert (wanted.order_id, wanted.variant_id) == ("7", "8")


def test_a_number_and_its_text_are_one_try_on(world: World) -> None:
    for number in (41, "41"):
        detail = world.request(requestId=number, externalUserId=number)
        world.container.route_event(world.event("TryOnRequested", detail))
    assert len(world.try_on_ids()) == 1
    assert refusal_publisher(world) == []


def test_the_lines_of_an_order_may_have_numbers(world: World) -> None:
    orders = [
        {
            "orderId": order_id,
            "externalUserId": shopper,
            "items": [{"productExternalId": product, "variantId": variant}],
        }
        for order_id, shopper, product, variant in [
            (1, 2, 3, 4),
            ("1", "2", "3", "4"),
            (
                "gid://shopify/Order/1",
                "gid://shopify/Customer/2",
                "gid://shopify/Product/3",
                "gid://shopify/ProductVariant/4",
            ),
        ]
    ]
    for order in orders:
        world.container.route_event(world.event("OrderPlaced", order))
    assert len(world.try_on_ids()) == 1


@pytest.mark.parametrize("external_id", [3, "3", "gid://shopify/Product/3"])
def test_one_product_however_its_id_is_written(external_id: Any) -> None:
    detail = {"externalId": external_id, "updatedAt": "2026-01-01T00:00:00Z"}
    assert parse(ProductUpserted, detail).external_id == "3"


def test_the_shoppers_of_a_product_too(world: World) -> None:
    detail = {
        "externalId": "tee-1",
        "updatedAt": "2027-01-10T00:00:00Z",
        "tryOnFor": [7, "7", "gid://shopify/Customer/7"],
    }
    world.container.route_event(world.event("ProductUpserted", detail))
    assert len(world.try_on_ids()) == 1
    assert refusal_publisher(world) == []


@pytest.mark.parametrize("given", [7.0, True, None, [], "gid://shopify/Order/7", 0, -1])
def test_what_names_no_shopper_is_refused(given: Any) -> None:
    with pytest.raises(InvalidShopperId):
        shopper_id(given)


def test_a_gid_in_a_photos_key_is_refused() -> None:
    """The shopper's events name the number, so their erasure would miss that key."""
    with pytest.raises(InvalidShopperId):
        check_shopper_id("gid://shopify/Customer/7")
    with pytest.raises(InvalidShopperId):
        shopper_of_key("photos/gid%3A%2F%2Fshopify%2FCustomer%2F7/me.jpg")
    assert shopper_of_key("photos/7/me.jpg") == shopper_id("gid://shopify/Customer/7")


@pytest.mark.parametrize(
    "given",
    [
        PRODUCT_URL,
        PRODUCT_URL.removeprefix("https:"),
        {"url": PRODUCT_URL},
        {"url": PRODUCT_URL.removeprefix("https:")},
        {"source": {"url": PRODUCT_URL}},
        {"source": {"url": PRODUCT_URL.removeprefix("https:")}},
    ],
    ids=str,
)
def test_every_form_of_a_link_is_one_picture(given: Any) -> None:
    assert image(given) == {"url": PRODUCT_URL}
    written = {"images": [given], "externalId": "tee-1"}
    plain = {"images": [{"url": PRODUCT_URL}], "externalId": "tee-1"}
    assert asked(product=written).product.hash == asked(product=plain).product.hash


def test_genlooks_own_form_keeps_its_classifications() -> None:
    given = {"source": {"s3": {"bucket": "abc", "key": "k"}}, "classifications": {"view": "front"}}
    assert image(given) == {
        "s3": {"bucket": "abc", "key": "k"},
        "classifications": {"view": "front"},
    }


@pytest.mark.parametrize(
    "given",
    [
        "//127.0.0.1/a.jpg",
        "//user:word@cdn.shop.example/a.jpg",
        "///cdn.shop.example/a.jpg",
        "http://cdn.shop.example/a.jpg",
        {"source": {"url": "https://localhost/a.jpg"}},
        {"source": {}},
        {"source": PRODUCT_URL},
        {"url": PRODUCT_URL, "source": {"s3": {"bucket": "abc", "key": "k"}}, "s3": {}},
        7,
        None,
    ],
    ids=str,
)
def test_no_form_leads_to_a_private_network(given: Any) -> None:
    with pytest.raises(InvalidEvent):
        image(given)
