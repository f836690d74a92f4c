"""Which answer and which failure of the transport means what: the tables of the contract."""

from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import NOW, WISH, answering, client, error
from tryon_worker.genlook import (
    AnswerLost,
    AnswerUnusable,
    FieldError,
    Forbidden,
    GenerationNotFound,
    GenlookClient,
    GenlookError,
    InsufficientCredits,
    InvalidApiKey,
    InvalidRequest,
    NotSent,
    PersonByBytes,
    PersonById,
    PhotoRefused,
    Product,
    ProductImageBytes,
    ProductNotFound,
    ProductRefused,
    RateLimited,
    Refused,
    TryOn,
    UncataloguedRefusal,
    Unknown,
    classify,
)

CATALOGUE = [
    ("MISSING_API_KEY", 401, InvalidApiKey),
    ("INVALID_API_KEY", 401, InvalidApiKey),
    ("FORBIDDEN", 403, Forbidden),
    ("VALIDATION_FAILED", 400, InvalidRequest),
    ("EXTERNAL_ID_REQUIRED", 400, ProductRefused),
    ("PRODUCT_IMAGES_REQUIRED", 400, ProductRefused),
    ("CUSTOMER_IMAGE_REQUIRED", 400, PhotoRefused),
    ("CUSTOMER_IMAGE_FETCH_FAILED", 400, PhotoRefused),
    ("FILE_REQUIRED", 400, PhotoRefused),
    ("MULTIPART_FILE_NOT_FOUND", 400, InvalidRequest),
    ("INVALID_IMAGE_INPUT", 400, InvalidRequest),
    ("INVALID_IMAGE", 400, PhotoRefused),
    ("INSUFFICIENT_CREDITS", 402, InsufficientCredits),
    ("PRODUCT_NOT_FOUND", 404, ProductNotFound),
    ("RESERVED_EXTERNAL_ID", 409, ProductRefused),
    ("RATE_LIMITED", 429, RateLimited),
    ("PRODUCT_IMAGE_FETCH_FAILED", 400, ProductRefused),
    ("GENERATION_NOT_FOUND", 404, GenerationNotFound),
    ("QUOTA_EXCEEDED", 402, InsufficientCredits),
]


@pytest.mark.parametrize(("code", "status", "kind"), CATALOGUE)
def test_each_code_of_the_catalogue_has_its_type(
    code: str, status: int, kind: type[Refused]
) -> None:
    raised = _submit(answering(status, json=error(code, "why", status)))
    assert type(raised) is kind
    assert (raised.code, raised.status, raised.message) == (code, status, "why")


def test_the_catalogue_is_tested_whole() -> None:
    assert {row[0] for row in CATALOGUE} == set(classify.CATALOGUE)


BODYLESS_SURE = [400, 401, 402, 403, 404, 405, 413, 414, 415, 422, 429, 431]
BODYLESS_TYPES = {
    401: InvalidApiKey,
    402: InsufficientCredits,
    403: Forbidden,
    429: RateLimited,
}
NOT_GENLOOKS = [
    b"",
    b"<html>bad</html>",
    b'{"error": "x"}',
    b'{"code": 409, "message": "a gateway numbers its codes"}',
    b'{"code": "X"}',
    b'{"code": "", "message": "x"}',
    b'{"code": null, "message": null}',
    b'["X"]',
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NOT_GENLOOKS)
@pytest.mark.parametrize("status", BODYLESS_SURE)
def test_these_4xx_are_refusals_even_without_genlooks_body(status: int, body: bytes) -> None:
    raised = _submit(answering(status, content=body))
    assert type(raised) is BODYLESS_TYPES.get(status, UncataloguedRefusal)
    assert (raised.code, raised.status) == (None, status)


@pytest.mark.parametrize("body", NOT_GENLOOKS)
@pytest.mark.parametrize("status", sorted(set(range(400, 500)) - set(BODYLESS_SURE)))
def test_any_other_4xx_without_genlooks_body_is_unknown(status: int, body: bytes) -> None:
    assert type(_submit(answering(status, content=body))) is AnswerUnusable


@pytest.mark.parametrize("status", sorted(set(range(400, 500)) - {401, 402, 429}))
def test_any_4xx_with_genlooks_body_is_a_refusal(status: int) -> None:
    raised = _submit(answering(status, json=error("NEVER_HEARD_OF", status=status)))
    assert type(raised) is UncataloguedRefusal
    assert raised.code == "NEVER_HEARD_OF"


@pytest.mark.parametrize("status", [*range(300, 400), *range(500, 600), 600, 999])
def test_3xx_and_5xx_are_unknown_whatever_they_carry(status: int) -> None:
    raised = _submit(
        answering(status, json=error("RATE_LIMITED"), headers={"location": "https://x.example"})
    )
    assert type(raised) is AnswerUnusable
    assert raised.may_have_cost


UNUSABLE_SUCCESSES = [
    {"content": b""},
    {"content": b"<html>"},
    {"content": b'{"generationId": '},
    {"json": None},
    {"json": []},
    {"json": {}},
    {"json": {"generationId": None}},
    {"json": {"generationId": ""}},
    {"json": {"generationId": ["g"]}},
    {"json": {"success": True, "status": "PENDING"}},
]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("content", UNUSABLE_SUCCESSES)
def test_a_success_without_its_content_is_unknown(status: int, content: dict[str, Any]) -> None:
    assert type(_submit(answering(status, **content))) is AnswerUnusable


@pytest.mark.parametrize("status", [200, 201, 202, 203, 299])
def test_any_2xx_with_its_content_is_a_success(status: int) -> None:
    genlook = client(answering(status, json={"generationId": "g1", "status": "PENDING"}))
    assert genlook.create_try_on(WISH).generation_id == "g1"


TRANSPORT = [
    (httpx.ConnectError, NotSent),
    (httpx.ConnectTimeout, NotSent),
    (httpx.PoolTimeout, NotSent),
    (httpx.LocalProtocolError, NotSent),
    (httpx.UnsupportedProtocol, NotSent),
    (httpx.InvalidURL, NotSent),
    (httpx.ReadError, AnswerLost),
    (httpx.ReadTimeout, AnswerLost),
    (httpx.WriteError, AnswerLost),
    (httpx.WriteTimeout, AnswerLost),
    (httpx.CloseError, AnswerLost),
    (httpx.RemoteProtocolError, AnswerLost),
    (httpx.DecodingError, AnswerLost),
    (httpx.TooManyRedirects, AnswerLost),
    (httpx.ProxyError, AnswerLost),
]


@pytest.mark.parametrize(("failure", "kind"), TRANSPORT)
def test_each_failure_of_the_transport_has_its_kind(
    failure: type[Exception], kind: type[GenlookError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure(f"gk_test at {request.url}")

    raised = _submit(fail)
    assert type(raised) is kind
    assert raised.__suppress_context__


def test_every_exception_of_httpx_is_in_the_table_above() -> None:
    def leaves(kind: type[Exception]) -> set[type[Exception]]:
        below: set[type[Exception]] = set()
        for child in kind.__subclasses__():
            if child.__module__.startswith("httpx"):
                below |= leaves(child)
        return below or {kind}

    assert leaves(httpx.RequestError) | {httpx.InvalidURL} == {row[0] for row in TRANSPORT}


@pytest.mark.parametrize(
    ("failure", "wrote", "kind"),
    [
        (httpx.LocalProtocolError, False, NotSent),
        (httpx.LocalProtocolError, True, AnswerLost),
        (httpx.WriteTimeout, False, NotSent),
        (httpx.RemoteProtocolError, False, NotSent),
        (httpx.StreamClosed, True, AnswerLost),
    ],
)
def test_what_the_transport_knows_of_the_first_byte_decides(
    failure: type[Exception], wrote: bool, kind: type[GenlookError]
) -> None:
    exc = failure() if failure is httpx.StreamClosed else failure("x")
    assert type(classify.of_transport(exc, wrote=wrote)) is kind


class _BreaksOff(httpx.SyncByteStream):
    def __iter__(self) -> Any:
        yield b'{"code": "PRODUCT_NOT'
        raise httpx.ReadError("gone")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, UncataloguedRefusal), (402, InsufficientCredits), (200, AnswerLost), (409, AnswerLost)],
)
def test_a_body_that_breaks_off_leaves_what_the_status_says(
    status: int, kind: type[GenlookError]
) -> None:
    assert type(_submit(answering(status, stream=_BreaksOff()))) is kind


def test_validation_says_where() -> None:
    details: list[Any] = [
        {"path": "products.0.images", "message": "too few"},
        {"path": "validForDays"},
        "nonsense",
        {"path": {"no": "text"}},
    ]
    raised = _submit(answering(400, json=error("VALIDATION_FAILED", details=details)))
    assert raised.details == (
        FieldError("products.0.images", "too few"),
        FieldError("validForDays", ""),
    )


@pytest.mark.parametrize("details", [None, "text", {}, 7])
def test_details_that_are_no_list_are_no_details(details: Any) -> None:
    raised = _submit(answering(400, json=error("VALIDATION_FAILED", details=details)))
    assert type(raised) is InvalidRequest
    assert raised.details == ()


def test_the_http_status_is_trusted_over_the_bodys() -> None:
    raised = _submit(answering(404, json=error("PRODUCT_NOT_FOUND", status=200)))
    assert raised.status == 404


def test_the_pause_of_a_429_is_read() -> None:
    raised = _submit(answering(429, json=error("RATE_LIMITED"), headers={"retry-after": "7"}))
    assert isinstance(raised, RateLimited)
    assert raised.retry_after == 7


def test_a_429_may_name_no_pause() -> None:
    raised = _submit(answering(429, content=b"slow down"))
    assert isinstance(raised, RateLimited)
    assert raised.retry_after is None


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


def test_no_failure_is_ever_answered_by_a_second_call() -> None:
    calls = 0

    def refuse(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response((429, 500, 503, 302)[calls % 4], headers={"location": "/again"})

    genlook = client(refuse)
    for expected in range(1, 9):
        with pytest.raises(GenlookError):
            genlook.create_try_on(WISH)
        assert calls == expected


def _upload(genlook: GenlookClient) -> None:
    genlook.upload_image(b"x", filename="a", content_type="image/png", external_user_id="u")


def _submit(handler: Any) -> GenlookError:
    with pytest.raises(GenlookError) as raised:
        client(handler, clock=lambda: NOW).create_try_on(WISH)
    return raised.value
