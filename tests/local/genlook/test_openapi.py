"""The OpenAPI document is true: complete, made of the same models, and fuzzed against."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.genlook.clock import Clock
from local.genlook.operations import BASE, OPERATIONS, Operation
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.local.genlook.helpers import START, Caller, by_url, http_get, person

EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def target() -> Iterator[StandIn]:
    """Serve a stand-in that never runs out of credits or requests."""
    plenty = Settings(credits=10**6, requests_per_minute=10**9, median_seconds=0)
    with serve(plenty, Clock(frozen=True, start=START)) as running:
        yield running


@pytest.fixture(scope="module")
def document(target: StandIn) -> dict[str, Any]:
    data: dict[str, Any] = http_get(f"{target.origin}/openapi.json").json()
    return data


def test_every_endpoint_and_no_other_is_described(document: dict[str, Any]) -> None:
    described = {
        (method.upper(), tuple("*" if "{" in part else part for part in path.split("/")[3:]))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == {(op.method, op.path) for op in OPERATIONS}
    assert all(path.startswith(BASE) for path in document["paths"])


def test_bodies_and_errors_come_from_the_models(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["TryOnBody"]["required"] == ["products", "person"]
    assert schemas["ProductBody"]["properties"]["imageUrls"]["deprecated"]
    assert schemas["ErrorAnswer"]["required"] == ["code", "message", "status"]
    assert "HTTPValidationError" not in schemas
    post = document["paths"][f"{BASE}/try-on"]["post"]
    assert post["requestBody"]["content"].keys() == {"application/json", "multipart/form-data"}
    assert {"201", "400", "401", "402", "403", "404", "409", "429"} <= post["responses"].keys()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    names = {reference.rpartition("/")[2] for reference in references(document)}
    assert names
    assert names <= document["components"]["schemas"].keys()


def test_the_page_needs_no_network(target: StandIn) -> None:
    page = http_get(f"{target.origin}/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "https://" not in page.text.replace("https://shop.example", "")
    assert "<script" not in page.text
    for operation in OPERATIONS:
        assert operation.path[0] in page.text
    assert "_control" not in page.text


def operation_of(document: dict[str, Any], operation: Operation) -> Any:
    """Return schemathesis' view of an endpoint, without the key, which each call sends."""
    schema = schemathesis.openapi.from_dict(document | {"security": []})
    for path, methods in document["paths"].items():
        segments = tuple("*" if "{" in part else part for part in path.split("/")[3:])
        if segments == operation.path and operation.method.lower() in methods:
            return schema[path][operation.method]
    raise AssertionError(operation)


def make_deep(case: Any, image_id: str) -> None:
    """Give an otherwise fuzzed body what it needs to get past the first refusals."""
    body = case.body
    if not isinstance(body, dict):
        return
    if isinstance(body.get("products"), list) and body["products"]:
        body["person"] = person(image_id)
        body["products"] = [
            product | {"images": by_url()} if isinstance(product, dict) else product
            for product in body["products"][:1]
        ]
    elif isinstance(body.get("product"), dict):
        body["customer"] = {"id": image_id}
        body["product"] |= {"images": by_url()}
    elif "externalId" in body:
        body["images"] = by_url()


def has_wrong_forms(operation: Operation) -> bool:
    """Say whether a body or a query can be wrong; any text may be an id."""
    return operation.method == "POST" or operation.name in {"generations", "product_list"}


CASES = [(operation, GenerationMode.POSITIVE) for operation in OPERATIONS] + [
    (operation, GenerationMode.NEGATIVE) for operation in OPERATIONS if has_wrong_forms(operation)
]


@pytest.mark.parametrize(
    ("operation", "mode"), CASES, ids=[f"{op.name}-{mode.value}" for op, mode in CASES]
)
def test_a_fuzzer_finds_no_server_error(
    target: StandIn, document: dict[str, Any], operation: Operation, mode: GenerationMode
) -> None:
    caller = Caller(target)
    with caller.http:
        image_id = caller.image_id()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation_of(document, operation).as_strategy(mode), deep=st.booleans())
    def fuzz(case: Any, deep: bool) -> None:
        if deep:
            make_deep(case, image_id)
        response = case.call(base_url=target.origin, headers={"x-api-key": target.api_key})
        case.validate_response(response, checks=CHECKS)

    fuzz()
