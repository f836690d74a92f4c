"""Every error and every fault, the real client against the stand-in over a socket."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from local.genlook.faults import CallFault, Fate
from local.genlook.server import StandIn
from tests.shared.genlook.conftest import KEYS, SHOP
from tryon_worker.genlook import (
    AnswerLost,
    AnswerUnusable,
    Forbidden,
    GenerationNotFound,
    GenerationStatus,
    GenlookClient,
    GenlookError,
    InsufficientCredits,
    InvalidApiKey,
    InvalidRequest,
    NotSent,
    Output,
    PersonByBytes,
    PersonById,
    PersonByUrl,
    PhotoRefused,
    Product,
    ProductImage,
    ProductImageBytes,
    ProductNotFound,
    ProductRefused,
    RateLimited,
    Refused,
    ResultLinkDead,
    ResultTooLarge,
    Timeouts,
    TryOn,
    UncataloguedRefusal,
    Unknown,
)
from tryon_worker.genlook.bodies import Body
from tryon_worker.genlook.exchange import Call

SHIRT = Product("p", images=(ProductImage(SHOP + "shirt.jpg"),))
ME = PersonByUrl(SHOP + "me.jpg")
WISH = TryOn(SHIRT, ME, "u-1")
BROKEN = ProductImageBytes(b"not a picture", "a.jpg", "image/jpeg")


def _upload(genlook: GenlookClient, data: bytes = b"not a picture", **options: Any) -> object:
    return genlook.upload_image(
        data, filename="a.jpg", content_type="image/jpeg", external_user_id="u-1", **options
    )


REFUSALS: list[tuple[str, int, type[Refused], Callable[[GenlookClient], object]]] = [
    (
        "VALIDATION_FAILED",
        400,
        InvalidRequest,
        lambda c: c.create_try_on(TryOn(SHIRT, ME, "u-1", Output(keep_for_days=2))),
    ),
    ("VALIDATION_FAILED", 400, InvalidRequest, lambda c: _upload(c, keep_for_days=9)),
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
        lambda c: c.create_try_on(TryOn(Product("new", title="T"), ME, "u-1")),
    ),
    (
        "PRODUCT_IMAGES_REQUIRED",
        400,
        ProductRefused,
        lambda c: c.create_try_on(TryOn(Product(None, title="T"), ME, "u-1")),
    ),
    (
        "CUSTOMER_IMAGE_FETCH_FAILED",
        400,
        PhotoRefused,
        lambda c: c.create_try_on(TryOn(SHIRT, PersonByUrl("https://gone.example/"), "u-1")),
    ),
    ("INVALID_IMAGE", 400, PhotoRefused, _upload),
    ("INVALID_IMAGE", 400, PhotoRefused, lambda c: _upload(c, b"\xff\xd8\xff")),
    (
        "INVALID_IMAGE",
        400,
        PhotoRefused,
        lambda c: c.create_try_on(TryOn(SHIRT, PersonByBytes(b"x", "a", "image/png"), "u-1")),
    ),
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
        lambda c: c.create_try_on(TryOn(Product("p", images=(BROKEN,)), ME, "u-1")),
    ),
    (
        "PRODUCT_NOT_FOUND",
        404,
        ProductNotFound,
        lambda c: c.create_try_on(TryOn(Product.reference("nobody"), ME, "u-1")),
    ),
    ("PRODUCT_NOT_FOUND", 404, ProductNotFound, lambda c: c.product("nobody")),
    ("GENERATION_NOT_FOUND", 404, GenerationNotFound, lambda c: c.generation("nobody")),
    (
        "RESERVED_EXTERNAL_ID",
        409,
        ProductRefused,
        lambda c: c.upsert_product(Product("_anon_1", images=SHIRT.images)),
    ),
    ("FILE_TOO_LARGE", 413, PhotoRefused, lambda c: _upload(c, bytes(10 * 1024 * 1024 + 1))),
    (
        "CUSTOMER_IMAGE_NOT_FOUND",
        404,
        UncataloguedRefusal,
        lambda c: c.create_try_on(TryOn(SHIRT, PersonById("nobody"), "u-1")),
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
    raised = _end(lambda: use(genlook))
    assert (type(raised), raised.code, raised.status) == (kind, code, status)
    assert raised.message
    assert bool(raised.details) == (code == "VALIDATION_FAILED")
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
    raised = _end(lambda: genlook._call(call))
    assert (type(raised), raised.code) == (kind, code)


def test_validation_says_where(genlook: GenlookClient) -> None:
    wish = TryOn(Product("p", valid_for_days=0, images=SHIRT.images), ME, "u-1")
    (detail,) = _end(lambda: genlook.create_try_on(wish)).details
    assert detail.path == "products.0.validForDays"
    assert detail.message


def test_a_missing_a_wrong_and_a_revoked_key(stand_in: StandIn, genlook: GenlookClient) -> None:
    wrong = GenlookClient(api_key="gk_wrong", base_url=stand_in.base_url)
    assert _end(wrong.credits).code == "INVALID_API_KEY"
    stand_in.control.set_account("account-1", active=False)
    raised = _end(lambda: genlook.create_try_on(WISH))
    assert (type(raised), raised.code) == (InvalidApiKey, "INVALID_API_KEY")
    stand_in.control.refuse("credits", 401, "MISSING_API_KEY")
    stand_in.control.set_account("account-1", active=True)
    assert type(_end(genlook.credits)) is InvalidApiKey


def test_a_key_that_is_changed_under_way_is_used_from_the_next_call(stand_in: StandIn) -> None:
    keys = ["gk_old"]
    genlook = GenlookClient(api_key=lambda: keys[0], base_url=stand_in.base_url)
    assert type(_end(genlook.credits)) is InvalidApiKey
    keys[0] = KEYS[0]
    assert genlook.credits() == 20


def test_what_belongs_to_another_account(genlook: GenlookClient, stranger: GenlookClient) -> None:
    once = genlook.create_try_on(TryOn(Product(None, images=SHIRT.images), ME, "u-1"))
    with pytest.raises(Forbidden):
        stranger.generation(once.generation_id)
    with pytest.raises(Forbidden):
        stranger.product(once.product_external_id or "")
    genlook.delete_customer("u-1")
    stranger.delete_customer("u-1")


def test_no_credits(genlook: GenlookClient, stand_in: StandIn) -> None:
    stand_in.control.set_account("account-1", credits=0)
    assert genlook.credits() == 0
    assert type(_end(lambda: genlook.create_try_on(WISH))) is InsufficientCredits


@pytest.mark.parametrize(("form", "wait"), [("none", None), ("seconds", 60), ("date", 60)])
def test_the_rate_limit_with_and_without_retry_after(
    stand_in: StandIn, form: str, wait: float | None
) -> None:
    stand_in.control.set_quirks(retryAfter=form)
    stand_in.control.set_account("account-1", requestsPerMinute=2)
    genlook = GenlookClient(
        api_key=KEYS[0],
        base_url=stand_in.base_url,
        clock=lambda: datetime.fromtimestamp(stand_in.clock.now(), UTC),
    )
    genlook.credits()
    genlook.credits()
    raised = _end(lambda: genlook.create_try_on(WISH))
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
    wish = TryOn(SHIRT, PersonById("ephemeral/customer/ttl-7d/gone.jpeg"), "u-1")
    assert type(_end(lambda: genlook.create_try_on(wish))) is UncataloguedRefusal
    photo = genlook.upload_image(
        picture, filename="a.jpg", content_type="image/jpeg", external_user_id="u-1"
    )
    assert genlook.create_try_on(TryOn(SHIRT, PersonById(photo.image_id), "u-1")).generation_id


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("took_effect", [False, True])
def test_a_lost_paid_call_is_unknown_whether_it_was_charged_or_not(
    genlook: GenlookClient, stand_in: StandIn, took_effect: bool, reset: bool
) -> None:
    lose = stand_in.control.lose_answer if took_effect else stand_in.control.lose_call
    lose("try_on", reset=reset)
    raised = _end(lambda: genlook.create_try_on(WISH))
    assert type(raised) is AnswerLost
    assert raised.may_have_cost
    assert stand_in.control.charges() == int(took_effect)
    assert len(stand_in.control.calls("try_on")) == 1


FAULTS: dict[str, tuple[CallFault, type[GenlookError]]] = {
    "5xx page": (CallFault(status=502, body="html"), AnswerUnusable),
    "5xx empty": (CallFault(status=503, body="empty"), AnswerUnusable),
    "5xx with Genlook's body": (CallFault(status=500), AnswerUnusable),
    "5xx after it took effect": (CallFault(status=504, body="text", when="after"), AnswerUnusable),
    "broken success": (CallFault(status=201, body="broken", when="after"), AnswerUnusable),
    "empty success": (CallFault(status=200, body="empty", when="after"), AnswerUnusable),
    "success without id": (CallFault(kind="no_id"), AnswerUnusable),
    "success cut short": (CallFault(kind="cut"), AnswerLost),
    "redirect": (CallFault(status=307, headers={"Location": "/elsewhere"}), AnswerUnusable),
    "timeout of a gateway": (CallFault(status=408, body="html"), AnswerUnusable),
    "conflict of a gateway": (CallFault(status=409, body="text"), AnswerUnusable),
    "page of a gateway": (CallFault(status=403, body="html"), Forbidden),
    "a new code": (CallFault(status=451, code="NEW"), UncataloguedRefusal),
}


@pytest.mark.parametrize(("fault", "kind"), FAULTS.values(), ids=FAULTS.keys())
def test_every_fault_of_the_paid_call_is_sorted(
    genlook: GenlookClient, stand_in: StandIn, fault: CallFault, kind: type[GenlookError]
) -> None:
    stand_in.control.arm(fault.model_copy(update={"operation": "try_on"}))
    raised = _end(lambda: genlook.create_try_on(WISH))
    assert type(raised) is kind
    assert len(stand_in.control.calls("try_on")) == 1
    if stand_in.control.charges():
        assert raised.may_have_cost


@pytest.mark.parametrize(
    "operation",
    [
        "upload",
        "generation",
        "customer_delete",
        "product_upsert",
        "product_list",
        "product_get",
        "product_delete",
        "credits",
    ],
)
def test_every_endpoint_may_fail_without_being_called_again(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, operation: str
) -> None:
    uses: dict[str, Callable[[], object]] = {
        "upload": lambda: _upload(genlook, picture),
        "generation": lambda: genlook.generation("g"),
        "customer_delete": lambda: genlook.delete_customer("u"),
        "product_upsert": lambda: genlook.upsert_product(SHIRT),
        "product_list": lambda: list(genlook.products()),
        "product_get": lambda: genlook.product("p"),
        "product_delete": lambda: genlook.delete_product("p"),
        "credits": genlook.credits,
    }
    stand_in.control.refuse(operation, 500)
    stand_in.control.throttle(operation, retry_after="3")
    stand_in.control.lose_call(operation)
    ends = [_end(uses[operation]) for _ in range(3)]
    assert [type(end) for end in ends] == [AnswerUnusable, RateLimited, AnswerLost]
    assert len(stand_in.control.calls(operation)) == 3


def test_a_slow_answer_ends_in_time_and_is_unknown(stand_in: StandIn) -> None:
    stand_in.control.delay("try_on", 2)
    genlook = GenlookClient(
        api_key=KEYS[0], base_url=stand_in.base_url, timeouts=Timeouts(total=0.3)
    )
    assert isinstance(_end(lambda: genlook.create_try_on(WISH)), Unknown)
    assert stand_in.control.charges() == 1


def test_an_api_that_is_not_there() -> None:
    gone = GenlookClient(api_key="k", base_url="http://127.0.0.1:9/tryon/v1")
    assert type(_end(lambda: gone.create_try_on(WISH))) is NotSent


def test_a_dead_link_is_mended_by_asking_the_generation_again(
    genlook: GenlookClient, stand_in: StandIn
) -> None:
    stand_in.control.decide(Fate(kind="dead_link", dead_links=1))
    generation_id = genlook.create_try_on(WISH).generation_id
    stand_in.control.advance(600)
    first = genlook.generation(generation_id)
    assert first.status is GenerationStatus.COMPLETED
    with pytest.raises(ResultLinkDead):
        genlook.download_result(first.result_image_url or "", BytesIO(), max_bytes=10**7)
    second = genlook.generation(generation_id)
    assert genlook.download_result(second.result_image_url or "", BytesIO(), max_bytes=10**7)


def test_a_link_dies_of_age_and_a_picture_may_be_too_large(
    genlook: GenlookClient, stand_in: StandIn
) -> None:
    generation_id = genlook.create_try_on(WISH).generation_id
    stand_in.control.advance(600)
    link = genlook.generation(generation_id).result_image_url or ""
    with pytest.raises(ResultTooLarge):
        genlook.download_result(link, BytesIO(), max_bytes=100)
    stand_in.control.advance(86_400)
    with pytest.raises(ResultLinkDead):
        genlook.download_result(link, BytesIO(), max_bytes=10**7)


def _end(call: Callable[[], object]) -> GenlookError:
    with pytest.raises(GenlookError) as raised:
        call()
    return raised.value
