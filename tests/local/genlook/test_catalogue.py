"""The error catalogue, row by row, each from the moment that the contract gives."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.genlook.server import StandIn
from tests.local.genlook.helpers import Caller, http_get, one_shot, person, refusal

Provoke = Callable[[Caller, StandIn], httpx.Response]


def with_key(key: str | None) -> Provoke:
    def provoke(caller: Caller, _: StandIn) -> httpx.Response:
        headers = {} if key is None else {"x-api-key": key}
        return http_get(f"{caller.http.base_url}account/credits", headers=headers)

    return provoke


def product(body: dict[str, Any]) -> Provoke:
    return lambda caller, _: caller.http.post("/products", json=body)


def try_on(**changes: Any) -> Provoke:
    return lambda caller, _: caller.simple(**changes)


def broke(caller: Caller, stand_in: StandIn) -> httpx.Response:
    stand_in.control.set_account(credits=0)
    return caller.simple()


def throttled(caller: Caller, stand_in: StandIn) -> httpx.Response:
    stand_in.control.set_account(requestsPerMinute=1)
    caller.http.get("/account/credits")
    return caller.http.get("/account/credits")


def inactive(caller: Caller, stand_in: StandIn) -> httpx.Response:
    stand_in.control.set_account(active=False)
    return caller.http.get("/account/credits")


def revoked(caller: Caller, stand_in: StandIn) -> httpx.Response:
    stand_in.control.revoke_key("gk_first")
    return caller.http.get("/account/credits")


def foreign(caller: Caller, stand_in: StandIn) -> httpx.Response:
    generation = caller.generation_id()
    other = Caller(stand_in, "gk_second")
    with other.http:
        return other.http.get(f"/generations/{generation}")


DEAD_URL = {"image": {"source": {"url": "https://shop.example/pictures/none.jpg"}}}
NO_PART = {"image": {"source": {"fileKey": "none"}}}

ROWS: list[tuple[int, str, Provoke]] = [
    (401, "MISSING_API_KEY", with_key(None)),
    (401, "MISSING_API_KEY", with_key("")),
    (401, "INVALID_API_KEY", with_key("gk_wrong")),
    (401, "INVALID_API_KEY", revoked),
    (401, "INVALID_API_KEY", inactive),
    (403, "FORBIDDEN", foreign),
    (400, "VALIDATION_FAILED", try_on(products=[])),
    (400, "EXTERNAL_ID_REQUIRED", product(one_shot())),
    (400, "PRODUCT_IMAGES_REQUIRED", product({"externalId": "x", "title": "t"})),
    (400, "PRODUCT_IMAGES_REQUIRED", try_on(products=[{"title": "t"}])),
    (400, "CUSTOMER_IMAGE_REQUIRED", try_on(person=None)),
    (400, "CUSTOMER_IMAGE_FETCH_FAILED", try_on(person=DEAD_URL)),
    (400, "FILE_REQUIRED", lambda caller, _: caller.http.post("/images/upload")),
    (400, "MULTIPART_FILE_NOT_FOUND", try_on(person=NO_PART)),
    (400, "INVALID_IMAGE_INPUT", product({"externalId": "x", "images": [{}]})),
    (400, "INVALID_IMAGE", lambda caller, _: caller.upload(b"text")),
    (402, "INSUFFICIENT_CREDITS", broke),
    (404, "PRODUCT_NOT_FOUND", try_on(products=[{"externalId": "x"}])),
    (409, "RESERVED_EXTERNAL_ID", product(one_shot(externalId="_anon_x"))),
    (429, "RATE_LIMITED", throttled),
    (404, "GENERATION_NOT_FOUND", lambda caller, _: caller.http.get("/generations/cmnone")),
    (404, "CUSTOMER_IMAGE_NOT_FOUND", try_on(person=person("img_unknown"))),
    (413, "FILE_TOO_LARGE", lambda caller, _: caller.upload(bytes(11 * 1024 * 1024))),
    (404, "NOT_FOUND", lambda caller, _: caller.http.get("/nothing")),
    (405, "METHOD_NOT_ALLOWED", lambda caller, _: caller.http.patch("/products/x", json={})),
]


@pytest.mark.parametrize(
    ("status", "code", "provoke"), ROWS, ids=[f"{n}-{row[1]}" for n, row in enumerate(ROWS)]
)
def test_row(caller: Caller, stand_in: StandIn, status: int, code: str, provoke: Provoke) -> None:
    response = provoke(caller, stand_in)
    assert refusal(response) == (status, code)
    assert response.headers["content-type"] == "application/json"
    assert ("details" in response.json()) == (code == "VALIDATION_FAILED")
    assert stand_in.control.calls()[-1]["code"] == code


def test_405_names_the_methods(caller: Caller) -> None:
    assert caller.http.put("/products/x").headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/products/one/two"),
        ("DELETE", "/customers/one/two"),
        ("DELETE", "/customers/"),
        ("GET", "/generations/a/b"),
        ("POST", "/try-on/"),
    ],
)
def test_an_id_with_a_bare_slash_finds_nothing(caller: Caller, method: str, path: str) -> None:
    assert refusal(caller.http.request(method, path)) == (404, "NOT_FOUND")


def test_a_bearer_token_is_no_key(stand_in: StandIn) -> None:
    response = http_get(
        f"{stand_in.base_url}/account/credits", headers={"authorization": "Bearer gk_first"}
    )
    assert refusal(response) == (401, "MISSING_API_KEY")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/images/upload"),
        ("POST", "/try-on"),
        ("POST", "/try-on/sync"),
        ("GET", "/generations/x"),
        ("GET", "/generations"),
        ("DELETE", "/customers/x"),
        ("POST", "/products"),
        ("GET", "/products"),
        ("GET", "/products/x"),
        ("DELETE", "/products/x"),
        ("GET", "/account/credits"),
    ],
)
def test_every_endpoint_wants_a_key(stand_in: StandIn, method: str, path: str) -> None:
    response = httpx.request(method, stand_in.base_url + path)
    assert refusal(response) == (401, "MISSING_API_KEY")


def test_product_image_fetch_failed_is_an_error_of_the_generation(caller: Caller) -> None:
    unreachable = [{"source": {"url": "https://nobody.example/shirt.png"}}]
    generation = caller.generation_id(products=[{"images": unreachable}])
    done = caller.finished(generation)
    assert done["status"] == "FAILED"
    assert done["errorCode"] == "PRODUCT_IMAGE_FETCH_FAILED"
    assert done["errorMessage"]
    assert caller.credits() == 50
