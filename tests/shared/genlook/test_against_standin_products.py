"""Products of every kind, the real client against the stand-in over a socket."""

from datetime import timedelta
from typing import Any

import pytest

from local.genlook.server import StandIn
from tests.shared.genlook.shop import SHOP, upload
from tryon_worker.genlook import (
    GenlookClient,
    PersonById,
    Product,
    ProductImage,
    ProductImageBytes,
    ProductNotFound,
    TryOnInput,
)


def test_each_kind_of_product(genlook: GenlookClient, picture: bytes) -> None:
    person = PersonById(upload(genlook, picture))
    with pytest.raises(ProductNotFound):
        genlook.create_try_on(TryOnInput(Product.reference("shirt"), person, "u-1"))
    images = (
        ProductImage(SHOP + "shirt.jpg", {"view": "front"}),
        ProductImageBytes(picture, "back.jpg", "image/jpeg", {"view": "back"}),
    )
    inline = Product("shirt", "Shirt", "Red", images, valid_for_days=30, metadata={"a": [1]})
    assert genlook.create_try_on(TryOnInput(inline, person, "u-1")).product_external_id == "shirt"
    stored = genlook.product("shirt")
    assert (stored.title, stored.description, stored.metadata) == ("Shirt", "Red", {"a": [1]})
    assert stored.valid_for_days == 30
    assert stored.last_used_at is not None
    assert stored.expires_at == stored.last_used_at + timedelta(days=30)
    assert [image.classifications for image in stored.images] == [
        {"view": "front"},
        {"view": "back"},
    ]
    reference = Product.reference("shirt")
    assert (
        genlook.create_try_on(TryOnInput(reference, person, "u-1")).product_external_id == "shirt"
    )
    once = Product(None, title="Once", images=images[1:])
    made = genlook.create_try_on(TryOnInput(once, person, "u-1")).product_external_id or ""
    assert made.startswith("_anon_")
    assert genlook.product(made).title == "Once"
    again = genlook.create_try_on(TryOnInput(Product.reference(made), person, "u-1"))
    assert again.product_external_id == made


@pytest.mark.parametrize(
    ("given", "days"), [({}, None), ({"valid_for_days": 9}, 9), ({"valid_for_days": None}, None)]
)
def test_a_stored_product_and_its_life(
    genlook: GenlookClient, given: dict[str, Any], days: int | None
) -> None:
    images = (ProductImage(SHOP + "shirt.jpg"),)
    stored = genlook.upsert_product(Product("a/b?c#d%", title="T", images=images, **given))
    assert (stored.external_id, stored.title, stored.valid_for_days) == ("a/b?c#d%", "T", days)
    assert (stored.expires_at is None) == (days is None)
    assert (stored.created_at, stored.last_used_at) == (stored.updated_at, None)
    assert [image.source_url for image in stored.images] == [SHOP + "shirt.jpg"]
    assert genlook.product("a/b?c#d%") == stored


def test_what_is_not_given_of_a_product_stays(genlook: GenlookClient, picture: bytes) -> None:
    image = ProductImageBytes(picture, "a.jpg", "image/jpeg")
    genlook.upsert_product(Product("p", "T", "D", (image,), valid_for_days=9, metadata={"a": 1}))
    genlook.upsert_product(Product("p", description="E"))
    stored = genlook.product("p")
    assert (stored.title, stored.description, stored.valid_for_days) == ("T", "E", 9)
    assert (stored.metadata, len(stored.images)) == ({"a": 1}, 1)
    genlook.upsert_product(Product("p", valid_for_days=None, metadata={}))
    assert (genlook.product("p").valid_for_days, genlook.product("p").metadata) == (None, {})


def test_products_are_walked_page_by_page(genlook: GenlookClient, stand_in: StandIn) -> None:
    images = (ProductImage(SHOP + "shirt.jpg"),)
    for n in range(7):
        genlook.upsert_product(Product(f"p{n}", images=images))
    assert {p.external_id for p in genlook.products(page_size=3)} == {f"p{n}" for n in range(7)}
    assert len(stand_in.control.calls("product_list")) == 3
    assert len(list(genlook.products())) == 7


def test_a_deleted_product_is_gone_and_deleting_it_again_is_fine(genlook: GenlookClient) -> None:
    genlook.upsert_product(Product("p/1", images=(ProductImage(SHOP + "shirt.jpg"),)))
    genlook.delete_product("p/1")
    genlook.delete_product("p/1")
    with pytest.raises(ProductNotFound):
        genlook.product("p/1")
