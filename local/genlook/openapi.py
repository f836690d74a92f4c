"""The OpenAPI document: request bodies from the models that check them, and a page to read it."""

import html
import json
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from local.genlook.answers import Status
from local.genlook.legacy import LegacyTryOnBody
from local.genlook.models import ProductBody, TryOnBody
from local.genlook.operations import BASE
from local.genlook.pages import PAGE_DEFAULT, PAGE_MAX

REF = "#/components/schemas/{model}"
BODIES = (TryOnBody, LegacyTryOnBody, ProductBody)
VERSION = "1.4.0"
QUERIES: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_DEFAULT},
    "cursor": {"type": "string"},
    "status": {"enum": list(get_args(Status))},
}


def _multipart(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": {
            "type": "object",
            "required": ["data"],
            "properties": {"data": schema},
            "additionalProperties": {"type": "string", "format": "binary"},
        },
        "encoding": {"data": {"contentType": "application/json"}},
    }


def _body(*models: str) -> dict[str, Any]:
    refs = [{"$ref": REF.format(model=model)} for model in models]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    content = {"application/json": {"schema": schema}, "multipart/form-data": _multipart(schema)}
    return {"requestBody": {"required": True, "content": content}}


TRY_ON_BODY = _body("TryOnBody", "LegacyTryOnBody")
PRODUCT_BODY = _body("ProductBody")
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "crop": {"enum": ["true", "false"], "default": "true"},
                        "externalUserId": {"type": "string", "minLength": 1, "maxLength": 255},
                        "keepForDays": {"enum": ["1", "3", "7"]},
                        "customerId": {"type": "string", "deprecated": True},
                        "retentionDays": {"enum": ["1", "3", "7"], "deprecated": True},
                    },
                }
            }
        },
    }
}


def document(app: FastAPI, origin: str) -> dict[str, Any]:
    """Return the whole OpenAPI document."""
    text = "Simulates the Genlook Virtual Try-On API. Its results are drawn, not generated."
    made = get_openapi(
        title="Genlook stand-in", version=VERSION, description=text, routes=app.routes
    )
    _, definitions = models_json_schema(
        [(model, "validation") for model in BODIES], ref_template=REF
    )
    components = made.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions["$defs"])
    components["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}}
    _drop_default_refusals(made)
    _describe_queries(made)
    return {**made, "servers": [{"url": origin}], "security": [{"key": []}]}


def page(made: dict[str, Any]) -> str:
    """Return the document as one HTML page that needs no network."""
    parts = [
        _operation(method, path, operation)
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = html.escape(json.dumps(made["components"]["schemas"], indent=2))
    return (
        f"<!doctype html><meta charset=utf-8><title>{made['info']['title']}</title>"
        "<style>body{font:16px sans-serif;max-width:60em;margin:2em auto}"
        "code,pre{background:#eee}summary{cursor:pointer}</style>"
        f"<h1>{made['info']['title']} {made['info']['version']}</h1>"
        f"<p>{made['info']['description']} <a href=/openapi.json>openapi.json</a></p>"
        + "".join(parts)
        + f"<h2>Schemas</h2><pre>{schemas}</pre>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    detail = {key: operation[key] for key in ("parameters", "requestBody") if key in operation}
    answers = ", ".join(operation["responses"])
    return (
        f"<details><summary><code>{method.upper()} {html.escape(path)}</code> "
        f"{html.escape(operation.get('description', ''))}</summary>"
        f"<p>Answers: {answers}</p><pre>{html.escape(json.dumps(detail, indent=2))}</pre></details>"
    )


def _describe_queries(made: dict[str, Any]) -> None:
    """Say what the queries mean: they are read as text, so that the refusal is this API's own."""
    for methods in made["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = QUERIES.get(parameter["name"], parameter["schema"])


def _drop_default_refusals(made: dict[str, Any]) -> None:
    """Remove FastAPI's own 422: this API refuses with 400 and its own shape."""
    for methods in made["paths"].values():
        for path, operation in methods.items():
            refusal = operation["responses"].get("422", {})
            if "HTTPValidationError" in json.dumps(refusal):
                del methods[path]["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(name, None)


def url(origin: str) -> str:
    """Return the API's base URL."""
    return origin + BASE
