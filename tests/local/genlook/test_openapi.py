"""The OpenAPI document is true: complete, made of the same models, and fuzzed against."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.genlook.clock import Clock
from local.genlook.operations import BASE, OPERATIONS
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.local.genlook.helpers import START

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
    data: dict[str, Any] = httpx.get(f"{target.origin}/openapi.json").json()
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
    page = httpx.get(f"{target.origin}/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "https://" not in page.text.replace("https://shop.example", "")
    assert "<script" not in page.text
    for operation in OPERATIONS:
        assert operation.path[0] in page.text
    assert "_control" not in page.text


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_fuzzer_finds_no_server_error(
    target: StandIn, document: dict[str, Any], operation: Any
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    path = next(
        path
        for path, methods in document["paths"].items()
        if operation.method.lower() in methods
        and operation.fits(tuple("x" if "{" in part else part for part in path.split("/")[3:]))
        and ("{" in path) == ("*" in operation.path)
    )
    described = schema[path][operation.method]
    strategy = st.one_of(described.as_strategy(mode) for mode in GenerationMode)

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def fuzz(case: Any) -> None:
        response = case.call(base_url=target.origin, headers={"x-api-key": target.api_key})
        case.validate_response(response, checks=CHECKS)

    fuzz()
