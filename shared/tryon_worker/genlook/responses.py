"""Reads the answers of successful calls, each for what it must carry."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from tryon_worker.genlook.errors import UnexpectedResponse
from tryon_worker.genlook.lenient_json import (
    Answer,
    Given,
    MaybeFlag,
    MaybeInt,
    MaybeList,
    MaybeObject,
    MaybeText,
    MaybeTime,
    MaybeWords,
    parse_json,
)
from tryon_worker.genlook.models import (
    Generation,
    GenerationStatus,
    StoredProduct,
    StoredProductImage,
    Submitted,
    UploadedImage,
)

_AnswerT = TypeVar("_AnswerT", bound=Answer)


def _read(model: type[_AnswerT], body: bytes) -> _AnswerT:
    """Parse a success; without what it must carry, nobody can know what it means."""
    try:
        return model.model_validate(parse_json(body))
    except ValidationError as exc:
        missing = ", ".join(str(error["loc"][-1]) for error in exc.errors() if error["loc"])
        raise UnexpectedResponse(f"a success without a usable {missing or 'JSON body'}") from None


class _Upload(Answer):
    image_id: Given
    image_url: MaybeText = None


def uploaded_image(body: bytes) -> UploadedImage:
    """Read the answer to an upload."""
    answer = _read(_Upload, body)
    return UploadedImage(answer.image_id, answer.image_url)


class _Submission(Answer):
    generation_id: Given
    status: MaybeText = None
    product_external_id: MaybeText = None


def submitted(body: bytes) -> Submitted:
    """Read the answer to the paid call; a status that is missing is the one each starts with."""
    answer = _read(_Submission, body)
    status = answer.status or GenerationStatus.PENDING.value
    return Submitted(answer.generation_id, status, answer.product_external_id)


class _Generation(Answer):
    generation_id: MaybeText = None
    status: str
    result_image_url: MaybeText = None
    error_code: MaybeWords = None
    error_message: MaybeWords = None
    created_at: MaybeTime = None
    updated_at: MaybeTime = None


def generation(body: bytes, asked_for: str) -> Generation:
    """Read a generation; one that is not the one asked for must never reach a shopper."""
    answer = _read(_Generation, body)
    if answer.generation_id not in (None, asked_for):
        raise UnexpectedResponse("another generation than the one asked for")
    return Generation(
        asked_for,
        _status(answer.status),
        answer.status,
        result_image_url=answer.result_image_url,
        error_code=answer.error_code,
        error_message=answer.error_message,
        created_at=answer.created_at,
        updated_at=answer.updated_at,
    )


def _status(raw: str) -> GenerationStatus:
    try:
        return GenerationStatus(raw.strip().upper())
    except ValueError:
        return GenerationStatus.UNRECOGNISED


class _Product(Answer):
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


class _ProductImage(Answer):
    source_url: MaybeText = None
    role: MaybeText = None
    order: MaybeInt = None
    classifications: MaybeObject = None


def stored_product(body: bytes, asked_for: str) -> StoredProduct:
    """Read one product; its id is the one that was asked for where the answer leaves it out."""
    return _product(_read(_Product, body), asked_for)


def _product(answer: _Product, asked_for: str | None = None) -> StoredProduct:
    external_id = answer.external_id or asked_for
    if external_id is None:
        raise UnexpectedResponse("a product without its externalId")
    return StoredProduct(
        external_id,
        title=answer.title,
        description=answer.description,
        metadata=answer.metadata,
        valid_for_days=answer.valid_for_days,
        expires_at=answer.expires_at,
        last_used_at=answer.last_used_at,
        created_at=answer.created_at,
        updated_at=answer.updated_at,
        images=tuple(_image(entry) for entry in answer.images or () if isinstance(entry, Mapping)),
    )


def _image(entry: Mapping[str, Any]) -> StoredProductImage:
    image = _ProductImage.model_validate(entry)
    return StoredProductImage(image.source_url, image.role, image.order, image.classifications)


class _ProductPage(Answer):
    items: list[_Product]
    next_cursor: MaybeText = None
    has_more: MaybeFlag = None


def product_page(body: bytes) -> tuple[list[StoredProduct], str | None]:
    """Read one page of products and the cursor of the next, None after the last."""
    page = _read(_ProductPage, body)
    cursor = page.next_cursor if page.has_more is not False else None
    return [_product(item) for item in page.items], cursor


def deleted(body: bytes) -> None:
    """Check the answer to a deletion: nothing or JSON. A page comes from something in between."""
    if body and parse_json(body) is None:
        raise UnexpectedResponse("a deletion answered by something other than JSON")


class _Credits(Answer):
    credit_balance: int


def credit_balance(body: bytes) -> int:
    """Read how many credits the account has."""
    return _read(_Credits, body).credit_balance
