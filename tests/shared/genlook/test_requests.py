"""Where requests go, with which key, and what is refused before it is sent."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import BASE, WISH, Recorder, client
from tryon_worker.genlook import (
    GenlookClient,
    InvalidApiKey,
    InvalidRequest,
    NotSent,
    PersonById,
    Product,
    TryOnInput,
)

SUBMITTED = {"generationId": "g1", "status": "PENDING"}


CALLS: list[tuple[str, str, Callable[[GenlookClient], object], dict[str, Any] | None]] = [
    ("POST", "/try-on", lambda c: c.create_try_on(WISH), SUBMITTED),
    ("GET", "/generations/a%2Fb", lambda c: c.generation("a/b"), {"status": "PENDING"}),
    ("POST", "/products", lambda c: c.upsert_product(Product("p")), {"externalId": "p"}),
    ("GET", "/products/a%20%3F%23b", lambda c: c.product("a ?#b"), {"externalId": "p"}),
    ("GET", "/products?limit=200", lambda c: list(c.products()), {"items": []}),
    ("DELETE", "/products/%2E.%2Fx", lambda c: c.delete_product("../x"), {}),
    ("GET", "/account/credits", lambda c: c.credits(), {"creditBalance": 1}),
    ("DELETE", "/customers/u%2F%C3%A4%25", lambda c: c.delete_customer("u/ä%"), None),
]


@pytest.mark.parametrize(("method", "path", "use", "reply"), CALLS)
def test_each_endpoint_is_called_by_its_method_and_path(
    method: str, path: str, use: Callable[[GenlookClient], object], reply: dict[str, Any] | None
) -> None:
    answer = httpx.Response(204) if reply is None else httpx.Response(200, json=reply)
    recorder = Recorder(answer)
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
            TryOnInput(Product("p", metadata=metadata), PersonById("i"), "u")
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
    genlook.create_try_on(TryOnInput(Product("p", title=text), PersonById("i"), text))
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
        client(recorder, api_key=lambda: key).credits()
    assert recorder.requests == []
    assert "gk" not in str(raised.value)


def test_a_key_that_cannot_be_had_sends_nothing_and_says_so() -> None:
    """Else a paid call whose key could not be read would look as if it might have been charged."""

    def no_key() -> str:
        raise LookupError("no secret")

    recorder = Recorder()
    with pytest.raises(NotSent) as raised:
        client(recorder, api_key=no_key).create_try_on(WISH)
    assert isinstance(raised.value.__cause__, LookupError)
    assert recorder.requests == []


@pytest.mark.promise("The paid call", "transport-never-repeats")
def test_redirects_are_not_followed_and_the_key_goes_nowhere_else() -> None:
    recorder = Recorder(httpx.Response(307, headers={"location": "https://evil.example/"}))
    with pytest.raises(Exception, match="HTTP 307"):
        client(recorder).create_try_on(WISH)
    assert [request.url.host for request in recorder.requests] == ["api.genlook.test"]
