"""What an answer means on one endpoint and not on another."""

import pytest

from tests.shared.genlook.fakes import WISH, answering, client, error
from tryon_worker.genlook import (
    Forbidden,
    GenerationNotFound,
    GenlookClient,
    GenlookError,
    InvalidApiKey,
    PersonByBytes,
    PersonById,
    PhotoRefused,
    Product,
    ProductImageBytes,
    ProductNotFound,
    ProductRefused,
    RateLimited,
    TryOn,
    UncataloguedRefusal,
    Unknown,
)


@pytest.mark.parametrize("status", [413, 415, 422])
def test_a_file_that_is_refused_by_status_alone_is_the_photo_or_the_product(status: int) -> None:
    genlook = client(answering(status, content=b"too large"))
    with pytest.raises(PhotoRefused):
        _upload(genlook)
    with pytest.raises(ProductRefused):
        genlook.upsert_product(Product("a"))
    with pytest.raises(UncataloguedRefusal):
        genlook.create_try_on(WISH)


def test_an_invalid_image_is_blamed_on_whoever_sent_one() -> None:
    picture = ProductImageBytes(b"x", "a.png", "image/png")
    genlook = client(answering(400, json=error("INVALID_IMAGE")))
    with pytest.raises(ProductRefused):
        genlook.upsert_product(Product("a", images=(picture,)))
    with pytest.raises(ProductRefused):
        genlook.create_try_on(TryOn(Product("a", images=(picture,)), PersonById("i"), "u"))
    photo = PersonByBytes(b"x", "a.png", "image/png")
    with pytest.raises(PhotoRefused):
        genlook.create_try_on(TryOn(Product("a", images=(picture,)), photo, "u"))
    with pytest.raises(PhotoRefused):
        _upload(genlook)


@pytest.mark.parametrize("body", [b"", b'{"code": "NO_SUCH_THING", "message": "x"}'])
def test_a_404_is_the_thing_that_was_asked_for(body: bytes) -> None:
    genlook = client(answering(404, content=body))
    with pytest.raises(GenerationNotFound):
        genlook.generation("g1")
    with pytest.raises(ProductNotFound):
        genlook.product("p1")
    with pytest.raises(UncataloguedRefusal):
        genlook.create_try_on(WISH)


@pytest.mark.parametrize("status", [200, 202, 204, 404])
def test_what_is_not_there_is_deleted(status: int) -> None:
    genlook = client(answering(status, content=b""))
    genlook.delete_product("p1")
    genlook.delete_customer("u1")


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
