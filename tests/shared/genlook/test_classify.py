"""Which answer and which failure of the transport means what: the tables of the contract."""

from typing import Any

import pytest

from tests.shared.genlook.fakes import WISH, answering, client, end_of_submitting, error
from tryon_worker.genlook import (
    Forbidden,
    GenerationNotFound,
    InsufficientCredits,
    InvalidApiKey,
    InvalidRequest,
    PhotoRefused,
    ProductNotFound,
    ProductRefused,
    RateLimited,
    Refused,
    UnexpectedResponse,
    UnknownRefusal,
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
    raised = end_of_submitting(answering(status, json=error(code, "why", status)))
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


@pytest.mark.promise("The paid call", "surely-refused-fails-at-once")
@pytest.mark.parametrize("body", NOT_GENLOOKS)
@pytest.mark.parametrize("status", BODYLESS_SURE)
def test_these_4xx_are_refusals_even_without_genlooks_body(status: int, body: bytes) -> None:
    raised = end_of_submitting(answering(status, content=body))
    assert type(raised) is BODYLESS_TYPES.get(status, UnknownRefusal)
    assert (raised.code, raised.status) == (None, status)


@pytest.mark.parametrize("body", NOT_GENLOOKS)
@pytest.mark.parametrize("status", sorted(set(range(400, 500)) - set(BODYLESS_SURE)))
def test_any_other_4xx_without_genlooks_body_is_unknown(status: int, body: bytes) -> None:
    assert type(end_of_submitting(answering(status, content=body))) is UnexpectedResponse


@pytest.mark.parametrize("status", sorted(set(range(400, 500)) - {401, 402, 429}))
def test_any_4xx_with_genlooks_body_is_a_refusal(status: int) -> None:
    raised = end_of_submitting(answering(status, json=error("NEVER_HEARD_OF", status=status)))
    assert type(raised) is UnknownRefusal
    assert raised.code == "NEVER_HEARD_OF"


@pytest.mark.promise("The paid call", "unknown-is-never-repeated")
@pytest.mark.parametrize("status", [*range(300, 400), *range(500, 600), 600, 999])
def test_3xx_and_5xx_are_unknown_whatever_they_carry(status: int) -> None:
    raised = end_of_submitting(
        answering(status, json=error("RATE_LIMITED"), headers={"location": "https://x.example"})
    )
    assert type(raised) is UnexpectedResponse
    assert raised.code == "RATE_LIMITED"  # what was seen, for the person who has to look into it


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
    assert type(end_of_submitting(answering(status, **content))) is UnexpectedResponse


@pytest.mark.parametrize("status", [200, 201, 202, 203, 299])
def test_any_2xx_with_its_content_is_a_success(status: int) -> None:
    genlook = client(answering(status, json={"generationId": "g1", "status": "PENDING"}))
    assert genlook.create_try_on(WISH).generation_id == "g1"


@pytest.mark.parametrize("details", [None, "text", {}, 7, [{"path": "products.0.images"}]])
def test_the_details_of_a_refusal_do_not_change_it(details: Any) -> None:
    raised = end_of_submitting(answering(400, json=error("VALIDATION_FAILED", details=details)))
    assert type(raised) is InvalidRequest


def test_the_http_status_is_trusted_over_the_bodys() -> None:
    raised = end_of_submitting(answering(404, json=error("PRODUCT_NOT_FOUND", status=200)))
    assert raised.status == 404


def test_the_pause_of_a_429_is_read() -> None:
    raised = end_of_submitting(
        answering(429, json=error("RATE_LIMITED"), headers={"retry-after": "7"})
    )
    assert isinstance(raised, RateLimited)
    assert raised.retry_after == 7


def test_a_429_may_name_no_pause() -> None:
    raised = end_of_submitting(answering(429, content=b"slow down"))
    assert isinstance(raised, RateLimited)
    assert raised.retry_after is None
