"""What the fields of events may hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.events.catalogue import complaints, sample
from tryon_worker.events.fields import (
    MAX_CONTEXT_BYTES,
    MAX_DEPTH,
    json_size,
    plain_json,
    public_url,
)
from tryon_worker.events.schemas import OrderPlaced, RequestedProduct, TryOnRequest, TryOnRequested
from tryon_worker.identity import InvalidShopperId, check_shopper_id

PUBLIC = [
    "https://cdn.shop.example/tee.png",
    "https://CDN.Shop.Example/tee.png",
    "https://cdn.shop.example.:443/tee.png?v=1#front",
    "https://cdn.shop.example:8443/a@b/tee.png?next=https://10.0.0.1/",
    "https://my_bucket.s3.eu-west-1.amazonaws.com/tee%20shirt.png",
    "https://xn--mller-kva.example/tee.png",
    "https://shop.xn--p1ai/tee.png",
    "https://7up.example",
]
ASTRAY = [
    "",
    "tee.png",
    "//cdn.shop.example/tee.png",
    "http://cdn.shop.example/tee.png",
    "ftp://cdn.shop.example/tee.png",
    "https:/cdn.shop.example/tee.png",
    "https:///tee.png",
    "https://",
    # credentials
    "https://user@cdn.shop.example/tee.png",
    "https://user:word@cdn.shop.example/tee.png",
    "https://:@cdn.shop.example/tee.png",
    "https://cdn.shop.example@127.0.0.1/tee.png",
    # addresses, plain and in the spellings that resolvers and lenient parsers take
    "https://127.0.0.1/tee.png",
    "https://10.0.0.1/tee.png",
    "https://169.254.169.254/latest/meta-data",
    "https://8.8.8.8/tee.png",
    "https://127.0.0.1./tee.png",
    "https://127.1/tee.png",
    "https://2130706433/tee.png",
    "https://0x7f000001/tee.png",
    "https://0x7f.0.0.1/tee.png",
    "https://127.0.0.0x1/tee.png",
    "https://0177.0.0.01/tee.png",
    "https://[::1]/tee.png",
    "https://[::ffff:127.0.0.1]/tee.png",
    "https://[fe80::1%25eth0]/tee.png",
    "https://[::1/tee.png",
    "https://127.0.0.%31/tee.png",
    "https://127%2e0%2e0%2e1/tee.png",
    "https://\uff11\uff12\uff17.0.0.1/tee.png",
    "https://127。0。0。1/tee.png",
    "https://127。0.0.1/tee.png",
    "https://cdn.shop。example/tee.png",
    "https://müller.example/tee.png",
    # parsers disagree
    "https://cdn.shop.example\\@127.0.0.1/tee.png",
    "https://127.0.0.1\\.shop.example/tee.png",
    "https://cdn.shop.example/tee.png\n",
    "https://cdn.\tshop.example/tee.png",
    "https://cdn.shop.example/my tee.png",
    " https://cdn.shop.example/tee.png",
    # names that are not public
    "https://localhost/tee.png",
    "https://LOCALHOST./tee.png",
    "https://pictures/tee.png",
    "https://nas.local/tee.png",
    "https://metadata.google.internal/tee.png",
    "https://app.localhost/tee.png",
    "https://wiki.corp/tee.png",
    "https://router.lan/tee.png",
    "https://nas.home.arpa/tee.png",
    "https://shop.onion/tee.png",
    # no names at all
    "https://.example/tee.png",
    "https://cdn..example/tee.png",
    "https://-cdn.example/tee.png",
    "https://cdn.shop.example:0/tee.png",
    "https://cdn.shop.example:port/tee.png",
    "https://cdn.shop.example:99999/tee.png",
    f"https://{'a' * 64}.example/tee.png",
    f"https://{'a.' * 130}example/tee.png",
]


@pytest.mark.parametrize("url", PUBLIC)
def test_a_link_to_a_public_name_is_taken_as_it_is(url: str) -> None:
    assert public_url(url) == url


@pytest.mark.parametrize("url", ASTRAY)
def test_a_link_that_could_lead_inside_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must"):
        public_url(url)


@pytest.mark.parametrize("url", PUBLIC)
def test_the_schema_takes_what_the_code_takes(url: str) -> None:
    assert complaints("TryOnRequested", _with_url(url)) == []


# A pattern cannot tell internal names, lengths and ports; those the code alone refuses. A link
# without a scheme is taken in an event: https is meant.
BY_PATTERN = [
    url
    for url in ASTRAY[: ASTRAY.index("https://cdn.shop.example/tee.png\n")]
    if url != "//cdn.shop.example/tee.png"
]


@pytest.mark.parametrize("url", BY_PATTERN)
def test_the_schema_refuses_addresses_and_credentials_too(url: str) -> None:
    assert complaints("TryOnRequested", _with_url(url))


@given(st.text(max_size=60))
def test_no_text_makes_the_check_fail_otherwise(text: str) -> None:
    for url in (text, f"https://{text}", f"https://cdn.shop.example/{text}"):
        try:
            public_url(url)
        except ValueError as error:
            assert str(error).startswith("must")  # noqa: PT017  that it holds none of the link


def _with_url(url: str) -> dict[str, Any]:
    event: dict[str, Any] = sample("incoming/TryOnRequested")
    event["detail"]["product"]["images"] = [{"url": url}]
    return event


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), [float("-inf")], "\ud800", {"a": "\udfff"}, {"\ud800": 1}],
    ids=repr,
)
def test_json_that_no_parser_would_take_back_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="numbers and characters that JSON has"):
        json_size(value)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_json_may_be_only_so_deep(wrap: Any) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = wrap(value)
    assert plain_json(value) == value
    with pytest.raises(ValueError, match="nested"):
        plain_json(wrap(value))


def test_the_context_is_measured_in_bytes_not_in_characters() -> None:
    fits = "é" * ((MAX_CONTEXT_BYTES - 2) // 2)
    TryOnRequest.model_validate(_request(context=fits))
    with pytest.raises(ValidationError, match="longer"):
        TryOnRequest.model_validate(_request(context=fits + "é"))


@pytest.mark.promise("Erasure", "shared-ids-are-refused")
@pytest.mark.parametrize(
    "shopper",
    [
        *("guest", "Guest", "ANONYMOUS", "null", "0", "-1", "[object Object]", ".", ".."),
        *("", " ", "\t", " 7", "7 ", "a\nb", "a\x00b", "a\u200bb", "\ud800", "x" * 257),
    ],
)
def test_an_id_that_names_nobody_or_many_is_refused(shopper: str) -> None:
    with pytest.raises(InvalidShopperId):
        check_shopper_id(shopper)


@pytest.mark.parametrize(
    "shopper", ["7", "guest-7", "café", "a b", "a/b", "%20", "x" * 256, "null7"]
)
def test_any_other_id_is_one(shopper: str) -> None:
    assert check_shopper_id(shopper) == shopper


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("product.validForDays", {"product": {"externalId": "a", "validForDays": True}}),
    ("product.validForDays", {"product": {"externalId": "a", "validForDays": "7"}}),
    ("output.watermark", {"output": {"watermark": "false"}}),
    ("output.watermark", {"output": {"watermark": 0}}),
    ("output.keepForDays", {"output": {"keepForDays": "7"}}),
    ("product.title", {"product": {"externalId": "a", "title": 7}}),
    ("product.metadata", {"product": {"externalId": "a", "metadata": []}}),
    ("requestId", {"requestId": ""}),
    ("orderId", {"orderId": "x" * 257}),
]


@pytest.mark.parametrize(("path", "change"), WRONG)
def test_a_field_is_of_its_type_and_not_nearly(path: str, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        TryOnRequested.model_validate(_request(**change))
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == path


def test_one_order_asks_for_at_most_two_hundred() -> None:
    items = [{"productExternalId": f"p{n}"} for n in range(201)]
    order = {"orderId": "o", "externalUserId": "s", "items": items}
    with pytest.raises(ValidationError, match="200"):
        OrderPlaced.model_validate(order)
    OrderPlaced.model_validate({**order, "items": items[:200]})


def test_what_is_kept_of_a_wish_reads_back_the_same() -> None:
    request = TryOnRequest.model_validate(_request(output={"keepForDays": 3, "watermark": False}))
    assert TryOnRequest.model_validate_json(request.to_row()) == request
    given = json.loads(request.to_row())
    assert given == _request(output={"keepForDays": 3, "watermark": False})


_PRODUCT = {
    "externalId": "tee",
    "title": None,
    "images": [
        {"url": "https://cdn.shop.example/a.png", "classifications": {"kind": ["front", 1]}},
        {"s3": {"bucket": "the-shops", "key": "b.png"}},
    ],
    "metadata": {"images": [{"url": "none of ours"}], "n": 1.5},
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"product": _PRODUCT, "context": {"product": {"a": [1, None]}}, "variantId": "v"},
        {"product": {"images": []} | _PRODUCT, "photo": {"key": "photos/s-1/me"}, "orderId": "o"},
        {"photo": {"url": "https://cdn.shop.example/me.png"}, "output": {}, "context": None},
        {"photo": {"imageId": "i-1"}, "output": {"keepForDays": 3, "watermark": False}},
    ],
)
def test_what_is_read_back_unchecked_is_what_was_checked(change: dict[str, Any]) -> None:
    """Types, absent fields and all: what is derived from it must not change on the way."""
    request = TryOnRequest.model_validate(_request(**change))
    read = TryOnRequest.from_row(request.to_row())
    assert read == request
    assert read.to_row() == request.to_row()
    assert read.payload_hash("s") == request.payload_hash("s")
    assert read.product.hash == request.product.hash
    laid_over = RequestedProduct.model_validate({**_PRODUCT, "title": "Tee", "description": "Red"})
    assert read.product.over(laid_over) == request.product.over(laid_over)


def test_what_is_known_of_a_product_gives_way_to_what_is_said_of_it_now() -> None:
    kept = RequestedProduct.model_validate({**_PRODUCT, "title": "Tee", "validForDays": 3})
    said = RequestedProduct.model_validate(
        {"externalId": "tee", "title": "T-shirt", "images": None}
    )
    known = said.over(kept)
    assert known.description_fields == {
        "title": "T-shirt",
        "images": None,
        "validForDays": 3,
        "metadata": _PRODUCT["metadata"],
    }


def _request(**changes: Any) -> dict[str, Any]:
    return {"externalUserId": "s-1", "product": {"externalId": "tee"}, **changes}
