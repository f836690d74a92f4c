"""Writes the bodies of requests, in the API's current shape (1.4) only."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tryon_worker.genlook.errors import InvalidRequest
from tryon_worker.genlook.models import (
    Output,
    Person,
    PersonById,
    PersonByUrl,
    Product,
    ProductImage,
    ProductImageBytes,
    TryOnInput,
    Unset,
)

FilePart = tuple[str, bytes, str]

# What a Content-Type may look like: it goes into a part's header, where a line break would end it.
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*", re.ASCII)


@dataclass
class Body:
    """A request body: text fields and files make it multipart, a document alone is JSON."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, FilePart] = field(default_factory=dict)
    json: bytes | None = None

    def attach(self, key: str, data: bytes, filename: str, content_type: str) -> str:
        """Add a file part and return the key that the document names it by."""
        if not _CONTENT_TYPE.fullmatch(content_type):
            raise InvalidRequest("a file's content type is not one")
        self.files[key] = (filename, data, content_type)
        return key

    def document(self, content: Mapping[str, Any]) -> "Body":
        """Set the JSON document: the part `data` beside files, else the whole body."""
        text = _to_json(content)
        if self.files:
            self.fields["data"] = text
        else:
            self.json = text.encode()
        return self


def _to_json(content: Mapping[str, Any]) -> str:
    """Write JSON in ASCII, which also carries the half characters that UTF-8 cannot."""
    try:
        return json.dumps(content, allow_nan=False, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError, RecursionError):
        raise InvalidRequest("the request holds what JSON cannot carry") from None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def upload(
    data: bytes,
    *,
    filename: str,
    content_type: str,
    external_user_id: str,
    crop: bool | None,
    keep_for_days: int | None,
) -> Body:
    """Write the body of an upload; booleans and numbers travel as form text."""
    body = Body(fields={"externalUserId": external_user_id})
    if crop is not None:
        body.fields["crop"] = "true" if crop else "false"
    if keep_for_days is not None:
        body.fields["keepForDays"] = str(keep_for_days)
    body.attach("file", data, filename, content_type)
    return body


def try_on(request: TryOnInput) -> Body:
    """Write the body of the paid call."""
    body = Body()
    document: dict[str, Any] = {
        "products": [_product(request.product, body)],
        "person": {"image": {"source": _person(request.person, body)}},
        "externalUserId": request.external_user_id,
    }
    output = _output(request.output)
    if output:
        document["output"] = output
    return body.document(document)


def product(item: Product) -> Body:
    """Write the body that creates or updates a product."""
    body = Body()
    return body.document(_product(item, body))


def _product(item: Product, body: Body) -> dict[str, Any]:
    said: dict[str, Any] = {
        "externalId": item.external_id,
        "title": item.title,
        "description": item.description,
        "images": [_image(n, image, body) for n, image in enumerate(item.images)] or None,
        "metadata": item.metadata,
    }
    document = {key: value for key, value in said.items() if value is not None}
    if not isinstance(item.valid_for_days, Unset):
        document["validForDays"] = item.valid_for_days
    return document


def _image(n: int, image: ProductImage | ProductImageBytes, body: Body) -> dict[str, Any]:
    if isinstance(image, ProductImage):
        entry: dict[str, Any] = {"source": {"url": image.url}}
    else:
        key = body.attach(f"product-{n}", image.data, image.filename, image.content_type)
        entry = {"source": {"fileKey": key}}
    if image.classifications is not None:
        entry["classifications"] = image.classifications
    return entry


def _person(person: Person, body: Body) -> dict[str, str]:
    if isinstance(person, PersonById):
        return {"id": person.image_id}
    if isinstance(person, PersonByUrl):
        return {"url": person.url}
    key = body.attach("person", person.data, person.filename, person.content_type)
    return {"fileKey": key}


def _output(output: Output) -> dict[str, Any]:
    said = {"watermark": output.watermark, "keepForDays": output.keep_for_days}
    return {key: value for key, value in said.items() if value is not None}
