"""POST /try-on in its current shape: the kinds of product and person, and each field."""

from typing import Any

import pytest

from local.genlook.server import StandIn
from tests.local.genlook.helpers import (
    SHIRT,
    SHIRT_URL,
    SHOPPER,
    Caller,
    by_url,
    http_get,
    one_shot,
    paths,
    person,
    picture,
    refusal,
)

INLINE = {"externalId": "sku/1", "title": "Blue shirt", "images": by_url()}


def order(caller: Caller, product: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"products": [product], "person": person(caller.image_id()), **more}


def test_answer_of_an_inline_product(caller: Caller) -> None:
    response = caller.try_on(order(caller, INLINE))
    assert response.status_code == 201
    assert response.json().keys() == {"generationId", "status", "productExternalId"}
    assert response.json()["status"] == "PENDING"
    assert response.json()["productExternalId"] == "sku/1"


def test_a_reference_follows_an_inline_product(caller: Caller) -> None:
    reference = order(caller, {"externalId": "sku/1"})
    assert refusal(caller.try_on(reference)) == (404, "PRODUCT_NOT_FOUND")
    assert caller.try_on(order(caller, INLINE)).status_code == 201
    assert caller.try_on(reference).status_code == 201


def test_a_one_shot_gets_an_id_that_can_be_used_again(caller: Caller) -> None:
    made = caller.try_on(order(caller, one_shot())).json()["productExternalId"]
    assert made.startswith("_anon_")
    assert len(made) == len("_anon_") + 32
    again = caller.try_on(order(caller, {"externalId": made}))
    assert again.json()["productExternalId"] == made


@pytest.mark.parametrize("classifications", [None, {}, {"view": "front", "deep": [1, None]}])
def test_product_pictures_by_bytes(caller: Caller, classifications: Any) -> None:
    image = {"source": {"fileKey": "a"}, "classifications": classifications}
    body = order(caller, {"title": "Shirt", "images": [image, {"source": {"fileKey": "b"}}]})
    response = caller.try_on(body, {"a": SHIRT, "b": SHIRT})
    assert response.status_code == 201
    assert caller.finished(response.json()["generationId"])["status"] == "COMPLETED"


def test_person_by_bytes(caller: Caller) -> None:
    body = {"products": [one_shot()], "person": {"image": {"source": {"fileKey": "me"}}}}
    response = caller.try_on(body, {"me": SHOPPER})
    done = caller.finished(response.json()["generationId"])
    assert picture(http_get(done["resultImageUrl"]).content).size == (410, 512)


def test_person_by_url(caller: Caller) -> None:
    body = {"products": [one_shot()], "person": {"image": {"source": {"url": SHIRT_URL}}}}
    done = caller.finished(caller.try_on(body).json()["generationId"])
    width, height = picture(http_get(done["resultImageUrl"]).content).size
    assert width / height == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("name", ["missing.png", "../../etc/passwd", "%2e%2e/x"])
def test_person_by_a_dead_url(caller: Caller, name: str) -> None:
    url = SHIRT_URL.replace("shirt.png", name)
    body = {"products": [one_shot()], "person": {"image": {"source": {"url": url}}}}
    assert refusal(caller.try_on(body)) == (400, "CUSTOMER_IMAGE_FETCH_FAILED")


def test_person_by_a_url_that_is_no_picture(caller: Caller) -> None:
    url = SHIRT_URL.replace("shirt.png", "page.html")
    body = {"products": [one_shot()], "person": {"image": {"source": {"url": url}}}}
    assert refusal(caller.try_on(body)) == (400, "INVALID_IMAGE")


@pytest.mark.parametrize("person_body", [None, {}, {"image": {}}, "absent"])
def test_without_a_person(caller: Caller, person_body: Any) -> None:
    body: dict[str, Any] = {"products": [one_shot()], "person": person_body}
    if person_body == "absent":
        del body["person"]
    assert refusal(caller.try_on(body)) == (400, "CUSTOMER_IMAGE_REQUIRED")


@pytest.mark.parametrize("key", ["products", "person"])
def test_a_file_key_without_its_part(caller: Caller, key: str) -> None:
    body = order(caller, one_shot())
    if key == "person":
        body["person"] = {"image": {"source": {"fileKey": "nowhere"}}}
    else:
        body["products"] = [{"images": [{"source": {"fileKey": "nowhere"}}]}]
    assert refusal(caller.try_on(body, {"other": SHIRT})) == (400, "MULTIPART_FILE_NOT_FOUND")
    assert refusal(caller.try_on(body)) == (400, "MULTIPART_FILE_NOT_FOUND")


@pytest.mark.parametrize("image", [{}, {"source": {}}, {"classifications": {"view": "x"}}])
def test_an_image_that_names_none(caller: Caller, image: dict[str, Any]) -> None:
    body = order(caller, {"images": [image]})
    assert refusal(caller.try_on(body)) == (400, "INVALID_IMAGE_INPUT")


def test_product_bytes_that_are_no_picture(caller: Caller) -> None:
    body = order(caller, {"images": [{"source": {"fileKey": "a"}}]})
    assert refusal(caller.try_on(body, {"a": b"text" * 99})) == (400, "INVALID_IMAGE")


@pytest.mark.parametrize("product", [{}, {"title": "x"}, {"externalId": "n", "images": []}])
def test_a_new_product_without_a_picture(caller: Caller, product: dict[str, Any]) -> None:
    product = product | {"description": "y"}
    assert refusal(caller.try_on(order(caller, product))) == (400, "PRODUCT_IMAGES_REQUIRED")


def test_a_reserved_id(caller: Caller) -> None:
    body = order(caller, INLINE | {"externalId": "_anon_" + "0" * 32})
    assert refusal(caller.try_on(body)) == (409, "RESERVED_EXTERNAL_ID")


def test_an_unknown_server_made_id_is_just_unknown(caller: Caller) -> None:
    body = order(caller, {"externalId": "_anon_" + "0" * 32})
    assert refusal(caller.try_on(body)) == (404, "PRODUCT_NOT_FOUND")


LONG = "x" * 5_001


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"products": []}, "products"),
        ({"products": [INLINE, INLINE]}, "products"),
        ({"products": None}, "products"),
        ({"products": ["sku"]}, "products.0"),
        ({"products": [{"externalId": 7}]}, "products.0.externalId"),
        ({"products": [{"externalId": ""}]}, "products.0.externalId"),
        ({"products": [{"externalId": "x" * 256}]}, "products.0.externalId"),
        ({"products": [INLINE | {"title": LONG}]}, "products.0.title"),
        ({"products": [INLINE | {"description": 1}]}, "products.0.description"),
        ({"products": [INLINE | {"validForDays": 0}]}, "products.0.validForDays"),
        ({"products": [INLINE | {"validForDays": 366}]}, "products.0.validForDays"),
        ({"products": [INLINE | {"validForDays": "5"}]}, "products.0.validForDays"),
        ({"products": [INLINE | {"validForDays": True}]}, "products.0.validForDays"),
        ({"products": [INLINE | {"metadata": "text"}]}, "products.0.metadata"),
        ({"products": [INLINE | {"colour": "red"}]}, "products.0.colour"),
        ({"products": [{"images": by_url("shirt.png")}]}, "products.0.images.0.source.url"),
        ({"products": [{"images": by_url("ftp://x/y")}]}, "products.0.images.0.source.url"),
        (
            {"products": [{"images": [{"source": {"url": SHIRT_URL, "fileKey": "a"}}]}]},
            "products.0.images.0.source",
        ),
        ({"products": [{"images": [{"classifications": "top"}]}]},
         "products.0.images.0.classifications"),
        ({"person": {"image": {"source": {}}}}, "person.image.source"),
        ({"person": {"image": {"source": {"id": "a", "url": SHIRT_URL}}}}, "person.image.source"),
        ({"person": {"image": {"source": {"id": 5}}}}, "person.image.source.id"),
        ({"person": {"image": {"source": {"url": "x"}}}}, "person.image.source.url"),
        ({"person": {"image": {"id": "x"}}}, "person.image.id"),
        ({"externalUserId": ""}, "externalUserId"),
        ({"externalUserId": 12}, "externalUserId"),
        ({"externalUserId": "x" * 256}, "externalUserId"),
        ({"output": {"watermark": "false"}}, "output.watermark"),
        ({"output": {"keepForDays": 2}}, "output.keepForDays"),
        ({"output": {"keepForDays": "7"}}, "output.keepForDays"),
        ({"output": {"quality": "hd"}}, "output.quality"),
        ({"webhook_url": "https://shop.example"}, "webhook_url"),
        ({"customerId": "u"}, "customerId"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(caller: Caller, change: dict[str, Any], path: str) -> None:
    body = {"products": [INLINE], "person": person("x"), **change}
    assert paths(caller.try_on(body)) == [path]


@pytest.mark.parametrize(
    "output", [{}, {"watermark": False}, {"keepForDays": 1}, {"aiLabel": False}]
)
def test_output_fields_are_taken(caller: Caller, output: dict[str, Any]) -> None:
    assert caller.simple(output=output).status_code == 201


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"a": NaN}', b'{"a": "\\ud800"}',
     b"[" * 5_000],
)  # fmt: skip
@pytest.mark.parametrize("url", ["/try-on", "/products"])
def test_a_body_that_is_no_object(caller: Caller, raw: bytes, url: str) -> None:
    response = caller.http.post(url, content=raw, headers={"content-type": "application/json"})
    assert refusal(response) == (400, "VALIDATION_FAILED")


def test_another_media_type(caller: Caller) -> None:
    assert paths(caller.http.post("/try-on", content=b"{}")) == [""]


def test_multipart_without_data(caller: Caller) -> None:
    assert paths(caller.http.post("/try-on", files={"a": SHIRT})) == ["data"]


def test_multipart_with_another_text_part(caller: Caller) -> None:
    response = caller.http.post("/try-on", data={"data": "{}", "note": "hello"}, files={"a": SHIRT})
    assert paths(response) == ["note"]


def test_a_refused_call_leaves_no_trace(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_account(credits=0)
    assert refusal(caller.try_on(order(caller, INLINE))) == (402, "INSUFFICIENT_CREDITS")
    assert caller.http.get("/products/sku%2F1").status_code == 404
    assert stand_in.control.store()["generations"] == 0


def test_the_same_order_twice_is_paid_twice(caller: Caller, stand_in: StandIn) -> None:
    body = order(caller, INLINE)
    first, second = (caller.try_on(body).json()["generationId"] for _ in range(2))
    assert first != second
    assert stand_in.control.credits_spent() == 2


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({}, {"title": "Blue shirt", "description": None}),
        ({"title": "Navy shirt"}, {"title": "Navy shirt"}),
        ({"description": "Cotton"}, {"title": "Blue shirt", "description": "Cotton"}),
        ({"metadata": {"a": [1, {"b": None}]}}, {"metadata": {"a": [1, {"b": None}]}}),
        ({"validForDays": 30}, {"validForDays": 30}),
        ({"validForDays": None}, {"validForDays": None, "expiresAt": None}),
    ],
)
def test_what_is_omitted_is_kept(
    caller: Caller, update: dict[str, Any], expected: dict[str, Any]
) -> None:
    caller.try_on(order(caller, INLINE))
    assert caller.try_on(order(caller, {"externalId": "sku/1", **update})).status_code == 201
    product = caller.http.get("/products/sku%2F1").json()
    assert {key: product[key] for key in expected} == expected
