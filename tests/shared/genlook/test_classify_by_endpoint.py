"""What an answer means on one endpoint and not on another."""

from collections.abc import Callable

import pytest

from tests.shared.genlook.fakes import WISH, answering, client, end_of, error
from tryon_worker.genlook import (
    Forbidden,
    GenerationNotFound,
    GenlookClient,
    GenlookError,
    InvalidApiKey,
    PersonById,
    PhotoRefused,
    Product,
    ProductImageBytes,
    ProductNotFound,
    ProductRefused,
    RateLimited,
    TryOnInput,
    UnexpectedResponse,
    Unknown,
    UnknownRefusal,
)

PAGES = [
    b"",
    b"<html>hello</html>",
    b'{"message": "Cannot DELETE /customers/u1", "error": "Not Found", "statusCode": 404}',
]


@pytest.mark.parametrize("status", [413, 415, 422])
def test_a_file_that_is_refused_by_status_alone_is_the_photo_or_the_product(status: int) -> None:
    genlook = client(answering(status, content=b"too large"))
    with pytest.raises(PhotoRefused):
        _upload(genlook)
    with pytest.raises(ProductRefused):
        genlook.upsert_product(Product("a"))
    with pytest.raises(UnknownRefusal):
        genlook.create_try_on(WISH)


def test_an_invalid_image_is_blamed_on_whoever_sent_one() -> None:
    picture = ProductImageBytes(b"x", "a.png", "image/png")
    genlook = client(answering(400, json=error("INVALID_IMAGE")))
    with pytest.raises(ProductRefused):
        genlook.upsert_product(Product("a", images=(picture,)))
    with pytest.raises(ProductRefused):
        genlook.create_try_on(TryOnInput(Product("a", images=(picture,)), PersonById("i"), "u"))
    with pytest.raises(PhotoRefused):
        genlook.create_try_on(WISH)
    with pytest.raises(PhotoRefused):
        _upload(genlook)


def test_a_404_in_genlooks_words_is_the_thing_that_was_asked_for() -> None:
    genlook = client(answering(404, json=error("NO_SUCH_THING", status=404)))
    with pytest.raises(GenerationNotFound):
        genlook.generation("g1")
    with pytest.raises(ProductNotFound):
        genlook.product("p1")
    with pytest.raises(UnknownRefusal):
        genlook.create_try_on(WISH)
    genlook.delete_product("p1")


@pytest.mark.parametrize("body", PAGES)
def test_a_404_without_genlooks_words_says_nothing_of_what_was_asked_for(body: bytes) -> None:
    genlook = client(answering(404, content=body))
    calls: list[Callable[[], object]] = [
        lambda: genlook.generation("g1"),
        lambda: genlook.product("p1"),
        lambda: genlook.delete_product("p1"),
        lambda: genlook.delete_customer("u1"),
    ]
    for call in calls:
        assert type(end_of(call)) is UnknownRefusal


@pytest.mark.promise("P4", "nothing-left-at-genlook")
@pytest.mark.parametrize("body", [*PAGES, b'{"deleted": true}'])
@pytest.mark.parametrize("status", sorted({*range(200, 300)} - {204}))
def test_no_success_but_a_204_says_that_a_shopper_is_erased(status: int, body: bytes) -> None:
    genlook = client(answering(status, content=body))
    assert type(end_of(lambda: genlook.delete_customer("u1"))) is UnexpectedResponse


@pytest.mark.promise("P4", "nothing-left-at-genlook")
@pytest.mark.parametrize("code", ["NOT_FOUND", "CUSTOMER_NOT_FOUND"])
def test_no_404_says_that_a_shopper_is_erased(code: str) -> None:
    """Genlook documents 204 for a shopper it does not know; a wrong path would be a 404."""
    genlook = client(answering(404, json=error(code, status=404)))
    assert type(end_of(lambda: genlook.delete_customer("u1"))) is UnknownRefusal


def test_a_204_says_that_a_shopper_is_erased() -> None:
    client(answering(204)).delete_customer("u1")


@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("body", [b"", b'{"success": true}'])
def test_a_product_is_deleted_at_any_success(status: int, body: bytes) -> None:
    client(answering(status, content=body)).delete_product("p1")


def test_a_page_is_no_answer_to_the_deletion_of_a_product() -> None:
    genlook = client(answering(200, content=b"<html>hello</html>"))
    assert type(end_of(lambda: genlook.delete_product("p1"))) is UnexpectedResponse


@pytest.mark.parametrize(
    ("status", "kind"), [(401, InvalidApiKey), (403, Forbidden), (429, RateLimited), (500, Unknown)]
)
def test_a_deletion_that_was_refused_is_not_done(status: int, kind: type[GenlookError]) -> None:
    genlook = client(answering(status, content=b""))
    with pytest.raises(kind):
        genlook.delete_product("p1")
    with pytest.raises(kind):
        genlook.delete_customer("u1")


def _upload(genlook: GenlookClient) -> None:
    genlook.upload_image(b"x", filename="a", content_type="image/png", external_user_id="u")
