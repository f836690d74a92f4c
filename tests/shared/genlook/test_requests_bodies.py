"""What the bodies of requests hold: the current shape and nothing else."""

import email
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import Recorder, client
from tryon_worker.genlook import (
    Output,
    Person,
    PersonById,
    PersonByUrl,
    Product,
    ProductImage,
    ProductImageBytes,
    TryOnInput,
    Unset,
)

SUBMITTED = {"generationId": "g1", "status": "PENDING"}


@pytest.mark.parametrize(
    ("product", "document"),
    [
        (Product.reference("shirt-1"), {"externalId": "shirt-1"}),
        (
            Product(
                "shirt-1",
                title="Shirt",
                description="Red",
                images=(ProductImage("https://shop.example/1.jpg", {"view": "front"}),),
                valid_for_days=30,
                metadata={"sku": 1},
            ),
            {
                "externalId": "shirt-1",
                "title": "Shirt",
                "description": "Red",
                "images": [
                    {
                        "source": {"url": "https://shop.example/1.jpg"},
                        "classifications": {"view": "front"},
                    }
                ],
                "validForDays": 30,
                "metadata": {"sku": 1},
            },
        ),
        (
            Product(None, images=(ProductImage("https://shop.example/1.jpg"),)),
            {"images": [{"source": {"url": "https://shop.example/1.jpg"}}]},
        ),
        (
            Product("p", metadata=MappingProxyType({"a": MappingProxyType({"b": 1})})),
            {"externalId": "p", "metadata": {"a": {"b": 1}}},
        ),
        (Product("p", title=""), {"externalId": "p", "title": ""}),
        (Product("p", valid_for_days=None), {"externalId": "p", "validForDays": None}),
        (Product("p", metadata={}), {"externalId": "p", "metadata": {}}),
    ],
    ids=["reference", "inline", "one-shot", "mappings", "empty text", "for ever", "no metadata"],
)
def test_each_kind_of_product_is_sent_in_the_current_shape(
    product: Product, document: dict[str, Any]
) -> None:
    sent = _submitted(TryOnInput(product, PersonById("img_1"), "u-1"))
    assert json.loads(sent.content) == {
        "products": [document],
        "person": {"image": {"source": {"id": "img_1"}}},
        "externalUserId": "u-1",
    }
    assert sent.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("days", "sent"), [(7, {"validForDays": 7}), (None, {"validForDays": None}), (Unset.UNSET, {})]
)
def test_a_products_life_is_a_number_for_ever_or_not_mentioned(
    days: int | Unset | None, sent: Mapping[str, Any]
) -> None:
    recorder = Recorder(httpx.Response(200, json={"externalId": "p"}))
    client(recorder).upsert_product(Product("p", valid_for_days=days))
    assert json.loads(recorder.requests[0].content) == {"externalId": "p", **sent}


@pytest.mark.parametrize(
    ("person", "source"),
    [
        (
            PersonById("ephemeral/customer/ttl-7d/x.jpeg"),
            {"id": "ephemeral/customer/ttl-7d/x.jpeg"},
        ),
        (PersonByUrl("https://photos.example/me.jpg"), {"url": "https://photos.example/me.jpg"}),
    ],
    ids=["id", "url"],
)
def test_each_kind_of_person_image_is_sent(person: Person, source: dict[str, str]) -> None:
    sent = _submitted(TryOnInput(Product.reference("p"), person, "u-1"))
    document = json.loads(sent.content)
    assert document["person"] == {"image": {"source": source}}
    assert document["externalUserId"] == "u-1"


def test_the_bytes_of_all_pictures_of_a_product_travel_in_one_request() -> None:
    images = (
        ProductImageBytes(b"front", "f.png", "image/png", {"view": "front"}),
        ProductImage("https://shop.example/side.jpg"),
        ProductImageBytes(b"back", "b.webp", "image/webp"),
    )
    request = TryOnInput(Product("p", images=images), PersonById("img_1"), "u")
    parts = _parts(_submitted(request))
    assert json.loads(parts.pop("data")[0])["products"][0]["images"] == [
        {"source": {"fileKey": "product-0"}, "classifications": {"view": "front"}},
        {"source": {"url": "https://shop.example/side.jpg"}},
        {"source": {"fileKey": "product-2"}},
    ]
    assert parts == {
        "product-0": (b"front", "f.png", "image/png"),
        "product-2": (b"back", "b.webp", "image/webp"),
    }


@pytest.mark.parametrize(
    ("output", "sent"),
    [
        (Output(), None),
        (Output(watermark=False), {"watermark": False}),
        (Output(watermark=True, keep_for_days=3), {"watermark": True, "keepForDays": 3}),
        (Output(keep_for_days=1), {"keepForDays": 1}),
    ],
)
def test_output_is_sent_where_it_says_something(output: Output, sent: Any) -> None:
    request = TryOnInput(Product.reference("p"), PersonById("i"), "u", output)
    assert json.loads(_submitted(request).content).get("output") == sent


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({}, {}),
        ({"crop": True}, {"crop": "true"}),
        ({"crop": False, "keep_for_days": 3}, {"crop": "false", "keepForDays": "3"}),
    ],
)
def test_an_upload_is_a_form(options: dict[str, Any], fields: dict[str, str]) -> None:
    recorder = Recorder(httpx.Response(201, json={"imageId": "i", "imageUrl": "https://x.example"}))
    image_id = client(recorder).upload_image(
        b"\xff\xd8", filename="me.jpg", content_type="image/jpeg", external_user_id="u-1", **options
    )
    assert image_id == "i"
    parts = _parts(recorder.requests[0])
    assert parts.pop("file") == (b"\xff\xd8", "me.jpg", "image/jpeg")
    text = {name: part[0].decode() for name, part in parts.items()}
    assert text == {"externalUserId": "u-1", **fields}


def test_a_product_with_bytes_is_stored_as_a_form() -> None:
    recorder = Recorder(httpx.Response(200, json={"externalId": "p"}))
    picture = ProductImageBytes(b"front", "f.png", "image/png")
    client(recorder).upsert_product(Product("p", title="T", images=(picture,)))
    parts = _parts(recorder.requests[0])
    assert json.loads(parts["data"][0]) == {
        "externalId": "p",
        "title": "T",
        "images": [{"source": {"fileKey": "product-0"}}],
    }
    assert parts["product-0"] == (b"front", "f.png", "image/png")


def _submitted(request: TryOnInput) -> httpx.Request:
    recorder = Recorder(httpx.Response(201, json=SUBMITTED))
    client(recorder).create_try_on(request)
    return recorder.requests[0]


def _parts(request: httpx.Request) -> dict[str, tuple[bytes, str | None, str | None]]:
    """Take a form apart: name -> content, file name, content type."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.content)
    parts = {}
    for part in message.walk():
        if part.is_multipart():
            continue
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        kind = part.get_content_type() if part.get_filename() else None
        parts[name] = (content, part.get_filename(), kind)
    return parts
