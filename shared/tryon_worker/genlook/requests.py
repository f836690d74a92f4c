"""Writes the bodies of requests in the API's current shape (1.4)."""

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
    Product,
    ProductImage,
    ProductImageBytes,
    TryOnInput,
    Unset,
)

FilePart = tuple[str, bytes, str]

# A valid Content-Type: it goes into a part's header, which a line break would end.
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*", re.ASCII)


@dataclass
class Body:
    """A request body: multipart if it has text fields or files, else JSON."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, FilePart] = field(default_factory=dict)
    json: bytes | None = None

    def attach(self, key: str, data: bytes, filename: str, content_type: str) -> str:
        """Adds a file part and returns the key by which the document refers to it."""
        if not _CONTENT_TYPE.fullmatch(content_type):
            raise InvalidRequest("a file has an invalid content type")
        self.files[key] = (filename, data, content_type)
        return key

    def document(self, content: Mapping[str, Any]) -> "Body":
        """Sets the JSON document: the part ``data`` beside files, else the whole body."""
        text = _to_json(content)
        if self.files:
            self.fields["data"] = text
        else:
            self.json = text.encode()
        return self


def _to_json(content: Mapping[str, Any]) -> str:
    """JSON in ASCII, which can carry lone surrogates as UTF-8 cannot."""
    try:
        return json.dumps(content, allow_nan=False, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError, RecursionError):
        raise InvalidRequest("the request holds something that JSON cannot carry") from None


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
    """The body of an upload; booleans and numbers are sent as form text."""
    body = Body(fields={"externalUserId": external_user_id})
    if crop is not None:
        body.fields["crop"] = "true" if crop else "false"
    if keep_for_days is not None:
        body.fields["keepForDays"] = str(keep_for_days)
    body.attach("file", data, filename, content_type)
    return body


def try_on(request: TryOnInput) -> Body:
    """The body of the paid call."""
    body = Body()
    document: dict[str, Any] = {
        "products": [_product(request.product, body)],
        "person": {"image": {"source": _person(request.person)}},
        "externalUserId": request.external_user_id,
    }
    output = _output(request.output)
    if output:
        document["output"] = output
    return body.document(document)


def product(item: Product) -> Body:
    """The body that creates or updates a product."""
    body = Body()
    return body.document(_product(item, body))


def _product(item: Product, body: Body) -> dict[str, Any]:
    given: dict[str, Any] = {
        "externalId": item.external_id,
        "title": item.title,
        "description": item.description,
        "images": [_image(n, image, body) for n, image in enumerate(item.images)] or None,
        "metadata": item.metadata,
    }
    document = {key: value for key, value in given.items() if value is not None}
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


def _person(person: Person) -> dict[str, str]:
    return {"id": person.image_id} if isinstance(person, PersonById) else {"url": person.url}


def _output(output: Output) -> dict[str, Any]:
    given = {"watermark": output.watermark, "keepForDays": output.keep_for_days}
    return {key: value for key, value in given.items() if value is not None}
