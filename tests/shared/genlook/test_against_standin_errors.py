"""Every refusal of the catalogue, the real client against the stand-in over a socket."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from local.genlook.server import StandIn
from tests.shared.genlook.fakes import end_of
from tests.shared.genlook.shop import KEYS, ME, SHIRT, WISH, upload
from tryon_worker.genlook import (
    Forbidden,
    GenerationNotFound,
    GenlookClient,
    InsufficientCredits,
    InvalidApiKey,
    InvalidRequest,
    Output,
    PersonById,
    PersonByUrl,
    PhotoRefused,
    Product,
    ProductImageBytes,
    ProductNotFound,
    ProductRefused,
    RateLimited,
    Refused,
    TryOnInput,
    UnknownRefusal,
)
from tryon_worker.genlook.http import Call
from tryon_worker.genlook.requests import Body

BROKEN = ProductImageBytes(b"not a picture", "a.jpg", "image/jpeg")


REFUSALS: list[tuple[str, int, type[Refused], Callable[[GenlookClient], object]]] = [
    (
        "VALIDATION_FAILED",
        400,
        InvalidRequest,
        lambda c: c.create_try_on(TryOnInput(SHIRT, ME, "u-1", Output(keep_for_days=2))),
    ),
    ("VALIDATION_FAILED", 400, InvalidRequest, lambda c: upload(c, keep_for_days=9)),
    (
        "VALIDATION_FAILED",
        400,
        InvalidRequest,
        lambda c: c.upsert_product(Product("p", images=SHIRT.images, valid_for_days=999)),
    ),
    ("VALIDATION_FAILED", 400, InvalidRequest, lambda c: list(c.products(page_size=500))),
    ("PRODUCT_IMAGES_REQUIRED", 400, ProductRefused, lambda c: c.upsert_product(Product("new"))),
    (
        "PRODUCT_IMAGES_REQUIRED",
        400,
        ProductRefused,
        lambda c: c.create_try_on(TryOnInput(Product("new", title="T"), ME, "u-1")),
    ),
    (
        "PRODUCT_IMAGES_REQUIRED",
        400,
        ProductRefused,
        lambda c: c.create_try_on(TryOnInput(Product(None, title="T"), ME, "u-1")),
    ),
    (
        "CUSTOMER_IMAGE_FETCH_FAILED",
        400,
        PhotoRefused,
        lambda c: c.create_try_on(TryOnInput(SHIRT, PersonByUrl("https://gone.example/"), "u-1")),
    ),
    ("INVALID_IMAGE", 400, PhotoRefused, upload),
    ("INVALID_IMAGE", 400, PhotoRefused, lambda c: upload(c, b"\xff\xd8\xff")),
    (
        "INVALID_IMAGE",
        400,
        ProductRefused,
        lambda c: c.upsert_product(Product("p", images=(BROKEN,))),
    ),
    (
        "INVALID_IMAGE",
        400,
        ProductRefused,
        lambda c: c.create_try_on(TryOnInput(Product("p", images=(BROKEN,)), ME, "u-1")),
    ),
    (
        "PRODUCT_NOT_FOUND",
        404,
        ProductNotFound,
        lambda c: c.create_try_on(TryOnInput(Product.reference("nobody"), ME, "u-1")),
    ),
    ("PRODUCT_NOT_FOUND", 404, ProductNotFound, lambda c: c.product("nobody")),
    ("GENERATION_NOT_FOUND", 404, GenerationNotFound, lambda c: c.generation("nobody")),
    (
        "RESERVED_EXTERNAL_ID",
        409,
        ProductRefused,
        lambda c: c.upsert_product(Product("_anon_1", images=SHIRT.images)),
    ),
    ("FILE_TOO_LARGE", 413, PhotoRefused, lambda c: upload(c, bytes(10 * 1024 * 1024 + 1))),
    (
        "CUSTOMER_IMAGE_NOT_FOUND",
        404,
        UnknownRefusal,
        lambda c: c.create_try_on(TryOnInput(SHIRT, PersonById("nobody"), "u-1")),
    ),
]


@pytest.mark.parametrize(("code", "status", "kind", "use"), REFUSALS)
def test_a_refusal_arrives_as_its_type_and_costs_nothing(
    genlook: GenlookClient,
    stand_in: StandIn,
    code: str,
    status: int,
    kind: type[Refused],
    use: Callable[[GenlookClient], object],
) -> None:
    raised = end_of(lambda: use(genlook))
    assert (type(raised), raised.code, raised.status) == (kind, code, status)
    assert raised.message
    assert stand_in.control.charges() == 0


RAW: list[tuple[str, type[Refused], Call]] = [
    ("EXTERNAL_ID_REQUIRED", ProductRefused, Call("POST", "products", Body(json=b"{}"))),
    (
        "CUSTOMER_IMAGE_REQUIRED",
        PhotoRefused,
        Call("POST", "try-on", Body(json=b'{"products": [{"externalId": "p"}]}')),
    ),
    (
        "FILE_REQUIRED",
        PhotoRefused,
        Call("POST", "images/upload", Body(files={"photo": ("a", b"x", "image/png")})),
    ),
    (
        "MULTIPART_FILE_NOT_FOUND",
        InvalidRequest,
        Call(
            "POST",
            "products",
            Body(
                fields={"data": '{"externalId":"p","images":[{"source":{"fileKey":"b"}}]}'},
                files={"a": ("a", b"x", "image/png")},
            ),
        ),
    ),
    (
        "INVALID_IMAGE_INPUT",
        InvalidRequest,
        Call("POST", "products", Body(json=b'{"externalId":"p","images":[{}]}')),
    ),
]


@pytest.mark.parametrize(("code", "kind", "call"), RAW, ids=[row[0] for row in RAW])
def test_a_refusal_of_what_the_client_itself_never_sends(
    genlook: GenlookClient, code: str, kind: type[Refused], call: Call
) -> None:
    raised = end_of(lambda: genlook._call(call))
    assert (type(raised), raised.code) == (kind, code)


def test_a_missing_a_wrong_and_a_revoked_key(stand_in: StandIn, genlook: GenlookClient) -> None:
    wrong = GenlookClient(api_key=lambda: "gk_wrong", base_url=stand_in.base_url)
    assert end_of(wrong.credits).code == "INVALID_API_KEY"
    stand_in.control.set_account("account-1", active=False)
    raised = end_of(lambda: genlook.create_try_on(WISH))
    assert (type(raised), raised.code) == (InvalidApiKey, "INVALID_API_KEY")
    stand_in.control.refuse("credits", 401, "MISSING_API_KEY")
    stand_in.control.set_account("account-1", active=True)
    assert type(end_of(genlook.credits)) is InvalidApiKey


def test_a_key_that_is_changed_under_way_is_used_from_the_next_call(stand_in: StandIn) -> None:
    keys = ["gk_old"]
    genlook = GenlookClient(api_key=lambda: keys[0], base_url=stand_in.base_url)
    assert type(end_of(genlook.credits)) is InvalidApiKey
    keys[0] = KEYS[0]
    assert genlook.credits() == 20


def test_what_belongs_to_another_account(genlook: GenlookClient, stranger: GenlookClient) -> None:
    once = genlook.create_try_on(TryOnInput(Product(None, images=SHIRT.images), ME, "u-1"))
    with pytest.raises(Forbidden):
        stranger.generation(once.generation_id)
    with pytest.raises(Forbidden):
        stranger.product(once.product_external_id or "")
    genlook.delete_customer("u-1")
    stranger.delete_customer("u-1")


def test_no_credits(genlook: GenlookClient, stand_in: StandIn) -> None:
    stand_in.control.set_account("account-1", credits=0)
    assert genlook.credits() == 0
    assert type(end_of(lambda: genlook.create_try_on(WISH))) is InsufficientCredits


@pytest.mark.parametrize(("form", "wait"), [("none", None), ("seconds", 60), ("date", 60)])
def test_the_rate_limit_with_and_without_retry_after(
    stand_in: StandIn, form: str, wait: float | None
) -> None:
    stand_in.control.set_quirks(retryAfter=form)
    stand_in.control.set_account("account-1", requestsPerMinute=2)
    genlook = GenlookClient(
        api_key=lambda: KEYS[0],
        base_url=stand_in.base_url,
        clock=lambda: datetime.fromtimestamp(stand_in.clock.now(), UTC),
    )
    genlook.credits()
    genlook.credits()
    raised = end_of(lambda: genlook.create_try_on(WISH))
    assert isinstance(raised, RateLimited)
    assert raised.code == "RATE_LIMITED"
    assert raised.retry_after == (None if wait is None else pytest.approx(wait, abs=1))
    assert stand_in.control.charges() == 0


@pytest.mark.parametrize(
    "refusal", ["400:IMAGE_GONE", "403:IMAGE_GONE", "404:X", "409:X", "410:IMAGE_GONE"]
)
def test_a_dead_photo_is_refused_in_a_way_that_a_fresh_upload_can_mend(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, refusal: str
) -> None:
    stand_in.control.set_quirks(unknownImage=refusal)
    request = TryOnInput(SHIRT, PersonById("ephemeral/customer/ttl-7d/gone.jpeg"), "u-1")
    assert type(end_of(lambda: genlook.create_try_on(request))) is UnknownRefusal
    photo = genlook.upload_image(
        picture, filename="a.jpg", content_type="image/jpeg", external_user_id="u-1"
    )
    assert genlook.create_try_on(TryOnInput(SHIRT, PersonById(photo), "u-1")).generation_id
