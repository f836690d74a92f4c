"""What is sent: the current request shape and nothing else, the key to nobody else."""

import email
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import BASE, WISH, Recorder, client
from tryon_worker.genlook import (
    GenlookClient,
    InvalidApiKey,
    InvalidRequest,
    Output,
    Person,
    PersonByBytes,
    PersonById,
    PersonByUrl,
    Product,
    ProductImage,
    ProductImageBytes,
    TryOn,
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
    sent = _submitted(TryOn(product, PersonById("img_1"), "u-1"))
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
        (PersonByBytes(b"\xff\xd8me", "me.jpg", "image/jpeg"), {"fileKey": "person"}),
    ],
    ids=["id", "url", "bytes"],
)
def test_each_kind_of_person_image_is_sent(person: Person, source: dict[str, str]) -> None:
    sent = _submitted(TryOn(Product.reference("p"), person, "u-1"))
    if isinstance(person, PersonByBytes):
        parts = _parts(sent)
        assert parts["person"] == (b"\xff\xd8me", "me.jpg", "image/jpeg")
        document = json.loads(parts["data"][0])
    else:
        document = json.loads(sent.content)
    assert document["person"] == {"image": {"source": source}}
    assert document["externalUserId"] == "u-1"


def test_product_and_person_bytes_travel_in_one_request() -> None:
    images = (
        ProductImageBytes(b"front", "f.png", "image/png", {"view": "front"}),
        ProductImage("https://shop.example/side.jpg"),
        ProductImageBytes(b"back", "b.webp", "image/webp"),
    )
    wish = TryOn(Product("p", images=images), PersonByBytes(b"me", "me.heic", "image/heic"), "u")
    parts = _parts(_submitted(wish))
    assert json.loads(parts.pop("data")[0])["products"][0]["images"] == [
        {"source": {"fileKey": "product-0"}, "classifications": {"view": "front"}},
        {"source": {"url": "https://shop.example/side.jpg"}},
        {"source": {"fileKey": "product-2"}},
    ]
    assert parts == {
        "product-0": (b"front", "f.png", "image/png"),
        "product-2": (b"back", "b.webp", "image/webp"),
        "person": (b"me", "me.heic", "image/heic"),
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
    wish = TryOn(Product.reference("p"), PersonById("i"), "u", output)
    assert json.loads(_submitted(wish).content).get("output") == sent


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
    image = client(recorder).upload_image(
        b"\xff\xd8", filename="me.jpg", content_type="image/jpeg", external_user_id="u-1", **options
    )
    assert (image.image_id, image.image_url) == ("i", "https://x.example")
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


CALLS: list[tuple[str, str, Callable[[GenlookClient], object], dict[str, Any]]] = [
    ("POST", "/try-on", lambda c: c.create_try_on(WISH), SUBMITTED),
    ("GET", "/generations/a%2Fb", lambda c: c.generation("a/b"), {"status": "PENDING"}),
    ("POST", "/products", lambda c: c.upsert_product(Product("p")), {"externalId": "p"}),
    ("GET", "/products/a%20%3F%23b", lambda c: c.product("a ?#b"), {"externalId": "p"}),
    ("GET", "/products?limit=200", lambda c: list(c.products()), {"items": []}),
    ("DELETE", "/products/%2E.%2Fx", lambda c: c.delete_product("../x"), {}),
    ("GET", "/account/credits", lambda c: c.credits(), {"creditBalance": 1}),
    ("DELETE", "/customers/u%2F%C3%A4%25", lambda c: c.delete_customer("u/ä%"), {}),
]


@pytest.mark.parametrize(("method", "path", "use", "reply"), CALLS)
def test_each_endpoint_is_called_by_its_method_and_path(
    method: str, path: str, use: Callable[[GenlookClient], object], reply: dict[str, Any]
) -> None:
    recorder = Recorder(httpx.Response(200, json=reply))
    use(client(recorder))
    (request,) = recorder.requests
    assert request.method == method
    assert request.url.raw_path.decode().replace("..", "%2E.") == "/tryon/v1" + path
    assert request.headers["x-api-key"] == "gk_test"
    assert request.headers["connection"] == "close"


@pytest.mark.parametrize("base", [BASE, BASE + "/"])
def test_a_base_address_may_end_in_a_slash(base: str) -> None:
    recorder = Recorder(httpx.Response(200, json={"creditBalance": 1}))
    client(recorder, base_url=base).credits()
    assert str(recorder.requests[0].url) == BASE + "/account/credits"


@pytest.mark.parametrize(
    "base",
    [
        "",
        "api.genlook.app",
        "ftp://x.example",
        "https://",
        "https://a:b@x.example",
        "https://x/?q",
        "https://xn--.example",
        "https://x:port",
    ],
)
def test_a_wrong_base_address_is_refused_at_once(base: str) -> None:
    with pytest.raises(ValueError, match="base address"):
        client(Recorder(), base_url=base)


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800"])
def test_an_id_that_would_name_something_else_is_never_sent(value: str) -> None:
    recorder = Recorder()
    genlook = client(recorder)
    for use in (genlook.generation, genlook.product, genlook.delete_product):
        with pytest.raises(InvalidRequest):
            use(value)
    with pytest.raises(InvalidRequest):
        genlook.delete_customer(value)
    assert recorder.requests == []


def test_an_id_too_long_for_any_address_is_never_sent() -> None:
    with pytest.raises(InvalidRequest):
        client(Recorder()).delete_customer("u" * 70_000)


@pytest.mark.parametrize(
    "metadata", [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}], ids=["nan", "object", "set"]
)
def test_what_json_cannot_carry_is_never_sent(metadata: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        client(Recorder()).create_try_on(
            TryOn(Product("p", metadata=metadata), PersonById("i"), "u")
        )


@pytest.mark.parametrize("kind", ["", "image", "image/png\r\nx-api-key: y", "a/b; c=d", "ä/b"])
def test_a_content_type_cannot_break_out_of_its_header(kind: str) -> None:
    with pytest.raises(InvalidRequest):
        client(Recorder()).upload_image(b"x", filename="a", content_type=kind, external_user_id="u")


def test_a_file_name_cannot_break_out_of_its_header() -> None:
    recorder = Recorder(httpx.Response(200, json={"imageId": "i"}))
    client(recorder).upload_image(
        b"x", filename='a"\r\nX-Evil: 1', content_type="image/png", external_user_id="u"
    )
    assert b"\r\nX-Evil" not in recorder.requests[0].content


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "😀", "a\r\n--b"])
def test_odd_text_is_carried_or_refused_but_never_crashes(text: str) -> None:
    recorder = Recorder(*[httpx.Response(200, json=SUBMITTED | {"imageId": "i"})] * 2)
    genlook = client(recorder)
    genlook.create_try_on(TryOn(Product("p", title=text), PersonById("i"), text))
    assert json.loads(recorder.requests[0].content)["products"][0]["title"] == text
    try:
        genlook.upload_image(b"x", filename=text, content_type="image/png", external_user_id=text)
    except InvalidRequest:
        assert text == "\ud800"


def test_a_product_without_id_cannot_be_stored() -> None:
    with pytest.raises(InvalidRequest):
        client(Recorder()).upsert_product(Product(None))


def test_the_key_is_asked_for_on_each_call() -> None:
    keys = iter(["gk_1", " gk_2\n"])
    recorder = Recorder(*[httpx.Response(200, json={"creditBalance": 1})] * 2)
    genlook = client(recorder, api_key=lambda: next(keys))
    genlook.credits()
    genlook.credits()
    assert [r.headers["x-api-key"] for r in recorder.requests] == ["gk_1", "gk_2"]


@pytest.mark.parametrize("key", ["", " \n", "gk_a\r\nb", "gk_ä", "gk\x00"])
def test_a_key_that_no_header_can_carry_is_never_sent_nor_quoted(key: str) -> None:
    recorder = Recorder()
    with pytest.raises(InvalidApiKey) as raised:
        client(recorder, api_key=key).credits()
    assert recorder.requests == []
    assert "gk" not in str(raised.value)


def test_a_key_that_cannot_be_had_is_the_callers_own_error() -> None:
    def no_key() -> str:
        raise LookupError("no secret")

    with pytest.raises(LookupError):
        client(Recorder(), api_key=no_key).credits()


def test_redirects_are_not_followed_and_the_key_goes_nowhere_else() -> None:
    recorder = Recorder(httpx.Response(307, headers={"location": "https://evil.example/"}))
    with pytest.raises(Exception, match="HTTP 307"):
        client(recorder).create_try_on(WISH)
    assert [request.url.host for request in recorder.requests] == ["api.genlook.test"]


def _submitted(wish: TryOn) -> httpx.Request:
    recorder = Recorder(httpx.Response(201, json=SUBMITTED))
    client(recorder).create_try_on(wish)
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
