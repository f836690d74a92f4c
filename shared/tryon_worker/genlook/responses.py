"""Reads the responses of successful calls."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from tryon_worker.genlook.errors import UnexpectedResponse
from tryon_worker.genlook.lenient_json import (
    ApiModel,
    MaybeFlag,
    MaybeInt,
    MaybeList,
    MaybeMessage,
    MaybeObject,
    MaybeText,
    MaybeTime,
    NonEmpty,
    parse_json,
)
from tryon_worker.genlook.models import (
    Generation,
    GenerationPage,
    GenerationStatus,
    ListedGeneration,
    StoredProduct,
    StoredProductImage,
    Submitted,
)

_Model = TypeVar("_Model", bound=ApiModel)


def _read(model: type[_Model], body: bytes) -> _Model:
    """Parses a response; without a required field it does not say what happened."""
    try:
        return model.model_validate(parse_json(body))
    except ValidationError as exc:
        missing = ", ".join(str(error["loc"][-1]) for error in exc.errors() if error["loc"])
        raise UnexpectedResponse(f"a success without a usable {missing or 'JSON body'}") from None


class _Upload(ApiModel):
    image_id: NonEmpty


def image_id(body: bytes) -> str:
    """Reads the response to an upload."""
    return _read(_Upload, body).image_id


class _Submission(ApiModel):
    generation_id: NonEmpty
    product_external_id: MaybeText = None


def submitted(body: bytes) -> Submitted:
    """Reads the response to the paid call."""
    response = _read(_Submission, body)
    return Submitted(response.generation_id, response.product_external_id)


class _Generation(ApiModel):
    generation_id: MaybeText = None
    status: str
    result_image_url: MaybeText = None
    error_code: MaybeMessage = None
    error_message: MaybeMessage = None
    created_at: MaybeTime = None
    updated_at: MaybeTime = None


def generation(body: bytes, requested_id: str) -> Generation:
    """Reads a generation; another one than the requested must never reach a shopper."""
    response = _read(_Generation, body)
    if response.generation_id not in (None, requested_id):
        raise UnexpectedResponse("another generation than the requested one")
    return Generation(
        requested_id,
        _status(response.status),
        result_image_url=response.result_image_url,
        error_code=response.error_code,
        error_message=response.error_message,
        created_at=response.created_at,
        updated_at=response.updated_at,
    )


def _status(raw: str) -> GenerationStatus:
    try:
        return GenerationStatus(raw.strip().upper())
    except ValueError:
        return GenerationStatus.UNRECOGNISED


class _ListedGeneration(ApiModel):
    id: MaybeText = None
    generation_id: MaybeText = None
    status: MaybeText = None
    created_at: MaybeTime = None
    updated_at: MaybeTime = None


class _GenerationPage(ApiModel):
    items: list[Any]
    next_cursor: MaybeText = None
    has_more: MaybeFlag = None


def generation_page(body: bytes) -> GenerationPage:
    """Reads a page of generations; an item without an id or a status is left out.

    A page with items of which none is usable has another shape than the one that is known.
    """
    page = _read(_GenerationPage, body)
    items = tuple(item for raw in page.items for item in _listed(raw))
    if page.items and not items:
        raise UnexpectedResponse("a page of generations without a usable item")
    return GenerationPage(items, page.next_cursor if page.has_more is not False else None)


def _listed(raw: Any) -> Iterator[ListedGeneration]:
    if not isinstance(raw, Mapping):
        return
    item = _ListedGeneration.model_validate(raw)
    generation_id = item.id or item.generation_id  # the alpha's key, then that of a single one
    if generation_id is not None and item.status is not None:
        yield ListedGeneration(
            generation_id, _status(item.status), item.created_at, item.updated_at
        )


class _Product(ApiModel):
    external_id: MaybeText = None
    title: MaybeText = None
    description: MaybeText = None
    metadata: MaybeObject = None
    valid_for_days: MaybeInt = None
    expires_at: MaybeTime = None
    last_used_at: MaybeTime = None
    created_at: MaybeTime = None
    updated_at: MaybeTime = None
    images: MaybeList = None


class _ProductImage(ApiModel):
    source_url: MaybeText = None
    role: MaybeText = None
    order: MaybeInt = None
    classifications: MaybeObject = None


def stored_product(body: bytes, requested_id: str) -> StoredProduct:
    """Reads one product; it has the requested id if the response has none."""
    return _product(_read(_Product, body), requested_id)


def _product(response: _Product, requested_id: str | None = None) -> StoredProduct:
    external_id = response.external_id or requested_id
    if external_id is None:
        raise UnexpectedResponse("a product without its externalId")
    return StoredProduct(
        external_id,
        title=response.title,
        description=response.description,
        metadata=response.metadata,
        valid_for_days=response.valid_for_days,
        expires_at=response.expires_at,
        last_used_at=response.last_used_at,
        created_at=response.created_at,
        updated_at=response.updated_at,
        images=tuple(
            _image(entry) for entry in response.images or () if isinstance(entry, Mapping)
        ),
    )


def _image(entry: Mapping[str, Any]) -> StoredProductImage:
    image = _ProductImage.model_validate(entry)
    return StoredProductImage(image.source_url, image.role, image.order, image.classifications)


class _ProductPage(ApiModel):
    items: list[_Product]
    next_cursor: MaybeText = None
    has_more: MaybeFlag = None


def product_page(body: bytes) -> tuple[list[StoredProduct], str | None]:
    """Reads a page of products and the cursor of the next; ``None`` after the last page."""
    page = _read(_ProductPage, body)
    cursor = page.next_cursor if page.has_more is not False else None
    return [_product(item) for item in page.items], cursor


def deleted(body: bytes) -> None:
    """Checks the response to a deletion: empty or JSON. An HTML page would come from a proxy."""
    if body and parse_json(body) is None:
        raise UnexpectedResponse("a deletion with a response that is not JSON")


class _Credits(ApiModel):
    credit_balance: int


def credit_balance(body: bytes) -> int:
    """Reads the account's credits."""
    return _read(_Credits, body).credit_balance
