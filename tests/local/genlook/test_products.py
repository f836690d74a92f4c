"""The endpoints of products."""

import json
from typing import Any

import httpx
import pytest

from tests.local.genlook.helpers import (
    SHIRT,
    SHIRT_URL,
    Caller,
    by_url,
    http_get,
    one_shot,
    paths,
    picture,
    refusal,
)

KEYS = {
    "externalId", "title", "description", "metadata", "validForDays", "expiresAt", "lastUsedAt",
    "createdAt", "updatedAt", "images",
}  # fmt: skip
SKU = one_shot(externalId="sku")


def upsert(caller: Caller, **body: Any) -> httpx.Response:
    return caller.http.post("/products", json=body)


def test_answer_shows_nulls(caller: Caller) -> None:
    response = upsert(caller, externalId="sku", images=by_url())
    assert response.status_code == 201
    assert response.json().keys() == KEYS
    unset = {"title", "description", "metadata", "validForDays", "expiresAt", "lastUsedAt"}
    assert {key for key in KEYS if response.json()[key] is None} == unset
    assert response.json()["images"] == [
        {"sourceUrl": SHIRT_URL, "order": 0, "classifications": None}
    ]


def test_upsert_is_idempotent_and_partial(caller: Caller) -> None:
    upsert(caller, **SKU, metadata={"a": 1})
    again = upsert(caller, externalId="sku", description="Cotton").json()
    assert (again["title"], again["description"]) == ("Blue shirt", "Cotton")
    assert again["metadata"] == {"a": 1}
    assert len(caller.http.get("/products").json()["items"]) == 1


def test_images_are_replaced_as_a_whole(caller: Caller) -> None:
    upsert(caller, externalId="sku", images=by_url() * 3)
    changed = upsert(caller, externalId="sku", images=by_url("https://shop.example/b.png")).json()
    assert [image["sourceUrl"] for image in changed["images"]] == ["https://shop.example/b.png"]


def test_multipart(caller: Caller) -> None:
    body = {"externalId": "sku", "images": [{"source": {"fileKey": "f"}}]}
    response = caller.http.post(
        "/products", data={"data": json.dumps(body)}, files={"f": ("f.png", SHIRT)}
    )
    assert response.status_code == 201
    link = response.json()["images"][0]["sourceUrl"]
    assert picture(http_get(link).content).size == (800, 800)


def test_image_urls_are_an_alias(caller: Caller) -> None:
    made = upsert(caller, externalId="sku", imageUrls=[SHIRT_URL]).json()
    assert made["images"][0]["sourceUrl"] == SHIRT_URL


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"title": "x"}, 400, "EXTERNAL_ID_REQUIRED"),
        ({"externalId": "_anon_x", "images": by_url()}, 409, "RESERVED_EXTERNAL_ID"),
        ({"externalId": "x"}, 400, "PRODUCT_IMAGES_REQUIRED"),
        ({"externalId": "x", "images": [{}]}, 400, "INVALID_IMAGE_INPUT"),
        ({"externalId": "x", "images": [{"fileKey": "f"}]}, 400, "MULTIPART_FILE_NOT_FOUND"),
    ],
)
def test_refusals(caller: Caller, body: dict[str, Any], status: int, code: str) -> None:
    assert refusal(upsert(caller, **body)) == (status, code)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"externalId": None, "title": 5}, "title"),
        ({"validForDays": 366}, "validForDays"),
        ({"images": "x"}, "images"),
        ({"price": 5}, "price"),
    ],
)
def test_a_wrong_field_is_named(caller: Caller, change: dict[str, Any], path: str) -> None:
    assert paths(upsert(caller, **(SKU | change))) == [path]


@pytest.mark.parametrize("external_id", ["a/b", "a b", "ü%?#", "..", "%2F", "a\nb"])
def test_any_id_is_found_when_encoded(caller: Caller, external_id: str) -> None:
    upsert(caller, **(SKU | {"externalId": external_id}))
    encoded = "".join(f"%{byte:02X}" for byte in external_id.encode())
    assert caller.http.get(f"/products/{encoded}").json()["externalId"] == external_id
    assert caller.http.delete(f"/products/{encoded}").status_code == 204
    assert refusal(caller.http.get(f"/products/{encoded}")) == (404, "PRODUCT_NOT_FOUND")


def test_delete_what_is_not_there(caller: Caller) -> None:
    assert refusal(caller.http.delete("/products/none")) == (404, "PRODUCT_NOT_FOUND")


def test_a_deleted_product_leaves_its_generations(caller: Caller) -> None:
    upsert(caller, **SKU)
    generation = caller.generation_id(products=[{"externalId": "sku"}])
    caller.http.delete("/products/sku")
    assert caller.finished(generation)["status"] == "COMPLETED"


def test_one_shots_are_found_but_not_listed(caller: Caller) -> None:
    made = caller.simple().json()["productExternalId"]
    assert caller.http.get(f"/products/{made}").json()["title"] == "Blue shirt"
    assert caller.http.get("/products").json()["items"] == []


def test_list_is_paged_newest_first(caller: Caller) -> None:
    for number in range(5):
        upsert(caller, **(SKU | {"externalId": f"sku-{number}"}))
        caller.clock.advance(1)
    first = caller.http.get("/products", params={"limit": 3}).json()
    rest = caller.http.get("/products", params={"cursor": first["nextCursor"]}).json()
    names = [item["externalId"] for item in first["items"] + rest["items"]]
    assert names == [f"sku-{number}" for number in (4, 3, 2, 1, 0)]
    assert (first["hasMore"], rest["hasMore"], rest["nextCursor"]) == (True, False, None)


def test_accounts_have_products_of_their_own(caller: Caller, stranger: Caller) -> None:
    upsert(caller, **SKU)
    assert refusal(stranger.http.get("/products/sku")) == (404, "PRODUCT_NOT_FOUND")
    assert upsert(stranger, **(SKU | {"title": "Other"})).status_code == 201
    assert caller.http.get("/products/sku").json()["title"] == "Blue shirt"


def test_a_server_made_id_of_another_account_is_forbidden(caller: Caller, stranger: Caller) -> None:
    made = caller.simple().json()["productExternalId"]
    for method in ("GET", "DELETE"):
        response = stranger.http.request(method, f"/products/{made}")
        assert refusal(response) == (403, "FORBIDDEN")
    assert refusal(stranger.simple(products=[{"externalId": made}])) == (403, "FORBIDDEN")
