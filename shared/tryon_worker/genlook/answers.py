"""Reads Genlook's JSON: strict about what an answer is for, tolerant about all the rest.

Unknown keys are ignored, null is the same as absent, and an optional field that makes no sense is
dropped: none of them may turn an answered call into one whose end is unknown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from tryon_worker.genlook.errors import AnswerUnusable, FieldError
from tryon_worker.genlook.models import (
    Generation,
    GenerationStatus,
    StoredProduct,
    StoredProductImage,
    Submitted,
    UploadedImage,
)

_LONGEST_TEXT = 1000
_MOST_DETAILS = 50


def _none_if_senseless(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
    try:
        return parse(value)
    except (ValidationError, OverflowError):  # OverflowError: a moment before the year 1 in UTC
        return None


def _in_utc(moment: datetime) -> datetime:
    """Give every moment a zone, so that any two can be compared; ISO 8601 without one is UTC."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


_Given = Annotated[str, Field(min_length=1)]
_MaybeText = Annotated[_Given | None, WrapValidator(_none_if_senseless)]
_MaybeInt = Annotated[int | None, WrapValidator(_none_if_senseless)]
_MaybeTime = Annotated[
    Annotated[datetime, AfterValidator(_in_utc)] | None, WrapValidator(_none_if_senseless)
]
_MaybeFlag = Annotated[bool | None, WrapValidator(_none_if_senseless)]
_MaybeObject = Annotated[dict[str, Any] | None, WrapValidator(_none_if_senseless)]
_MaybeList = Annotated[list[Any] | None, WrapValidator(_none_if_senseless)]


class _Answer(BaseModel):
    model_config = ConfigDict(
        extra="ignore",
        alias_generator=to_camel,
        coerce_numbers_to_str=True,  # an id that comes as a number is still an id
    )


def _json(body: bytes) -> Any:
    """Parse JSON; None where it is none. A broken character in one field must not cost the rest."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


_AnswerT = TypeVar("_AnswerT", bound=_Answer)


def _read(model: type[_AnswerT], body: bytes) -> _AnswerT:
    """Parse a success; without what it must carry, nobody can know what it means."""
    try:
        return model.model_validate(_json(body))
    except ValidationError as exc:
        missing = ", ".join(str(error["loc"][-1]) for error in exc.errors() if error["loc"])
        raise AnswerUnusable(f"a success without a usable {missing or 'JSON body'}") from None


class _ErrorBody(_Answer):
    code: Annotated[str, Field(min_length=1, strict=True)]  # a gateway's own is often a number
    message: str
    details: _MaybeList = None


class _Detail(_Answer):
    path: str = ""
    message: str = ""


@dataclass(frozen=True)
class ErrorReport:
    """Genlook's error body."""

    code: str | None
    message: str
    details: tuple[FieldError, ...]


def read_error_report(body: bytes) -> ErrorReport | None:
    """Read Genlook's error body; None where the body is something else.

    Its `status` is not looked at: the HTTP status is the one to trust.
    """
    try:
        error = _ErrorBody.model_validate(_json(body))
    except ValidationError:
        return None
    details = tuple(_details(error.details or ()))
    return ErrorReport(error.code[:_LONGEST_TEXT], error.message[:_LONGEST_TEXT], details)


def _details(entries: Sequence[Any]) -> list[FieldError]:
    found = []
    for entry in entries[:_MOST_DETAILS]:
        try:
            detail = _Detail.model_validate(entry)
        except ValidationError:
            continue
        found.append(FieldError(detail.path[:_LONGEST_TEXT], detail.message[:_LONGEST_TEXT]))
    return found


class _Upload(_Answer):
    image_id: _Given
    image_url: _MaybeText = None


def uploaded_image(body: bytes) -> UploadedImage:
    """Read the answer to an upload."""
    answer = _read(_Upload, body)
    return UploadedImage(answer.image_id, answer.image_url)


class _Submission(_Answer):
    generation_id: _Given
    status: _MaybeText = None
    product_external_id: _MaybeText = None


def submitted(body: bytes) -> Submitted:
    """Read the answer to the paid call; a status that is missing is the one each starts with."""
    answer = _read(_Submission, body)
    status = answer.status or GenerationStatus.PENDING.value
    return Submitted(answer.generation_id, status, answer.product_external_id)


class _Generation(_Answer):
    generation_id: _MaybeText = None
    status: str
    result_image_url: _MaybeText = None
    error_code: _MaybeText = None
    error_message: _MaybeText = None
    created_at: _MaybeTime = None
    updated_at: _MaybeTime = None


def generation(body: bytes, asked_for: str) -> Generation:
    """Read a generation; one that is not the one asked for must never reach a shopper."""
    answer = _read(_Generation, body)
    if answer.generation_id not in (None, asked_for):
        raise AnswerUnusable("another generation than the one asked for")
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


class _Product(_Answer):
    external_id: _MaybeText = None
    title: _MaybeText = None
    description: _MaybeText = None
    metadata: _MaybeObject = None
    valid_for_days: _MaybeInt = None
    expires_at: _MaybeTime = None
    last_used_at: _MaybeTime = None
    created_at: _MaybeTime = None
    updated_at: _MaybeTime = None
    images: _MaybeList = None


class _ProductImage(_Answer):
    source_url: _MaybeText = None
    role: _MaybeText = None
    order: _MaybeInt = None


def stored_product(body: bytes, asked_for: str) -> StoredProduct:
    """Read one product; its id is the one that was asked for where the answer leaves it out."""
    return _product(_read(_Product, body), asked_for)


def _product(answer: _Product, asked_for: str | None = None) -> StoredProduct:
    external_id = answer.external_id or asked_for
    if external_id is None:
        raise AnswerUnusable("a product without its externalId")
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
    return StoredProductImage(image.source_url, image.role, image.order)


class _ProductPage(_Answer):
    items: list[_Product]
    next_cursor: _MaybeText = None
    has_more: _MaybeFlag = None


def product_page(body: bytes) -> tuple[list[StoredProduct], str | None]:
    """Read one page of products and the cursor of the next, None after the last."""
    page = _read(_ProductPage, body)
    cursor = page.next_cursor if page.has_more is not False else None
    return [_product(item) for item in page.items], cursor


class _Credits(_Answer):
    credit_balance: int


def credit_balance(body: bytes) -> int:
    """Read how many credits the account has."""
    return _read(_Credits, body).credit_balance
