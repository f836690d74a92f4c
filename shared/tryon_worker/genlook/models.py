"""The content of requests and responses, as frozen dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any


class Unset(Enum):
    """The type of ``UNSET``: the field is not sent, while ``None`` is sent as null."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True)
class ProductImage:
    """A product picture that Genlook fetches from its URL."""

    url: str
    classifications: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ProductImageBytes:
    """A product picture that the request carries."""

    data: bytes
    filename: str
    content_type: str
    classifications: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Product:
    """A thing to try on.

    With ``external_id`` alone it refers to a product that Genlook has; with more fields it creates
    or updates the product; without ``external_id`` Genlook uses it once. A field that is ``None``
    is not sent, so Genlook keeps what it has. ``valid_for_days`` is how long Genlook keeps it
    without use: a number, ``None`` for ever, or ``UNSET``.
    """

    external_id: str | None
    title: str | None = None
    description: str | None = None
    images: tuple[ProductImage | ProductImageBytes, ...] = ()
    valid_for_days: int | Unset | None = UNSET
    metadata: Mapping[str, Any] | None = None

    @classmethod
    def reference(cls, external_id: str) -> "Product":
        """A reference to a product that Genlook has."""
        return cls(external_id)


@dataclass(frozen=True)
class PersonById:
    """The shopper's photo, by the id that its upload returned."""

    image_id: str


@dataclass(frozen=True)
class PersonByUrl:
    """The shopper's photo, by a link; Genlook fetches it on each call and always crops it."""

    url: str


Person = PersonById | PersonByUrl


@dataclass(frozen=True)
class Output:
    """How the result is made and kept; with ``None`` the account's setting counts."""

    watermark: bool | None = None
    keep_for_days: int | None = None


@dataclass(frozen=True)
class TryOnInput:
    """The content of the paid call."""

    product: Product
    person: Person
    external_user_id: str
    output: Output = Output()


@dataclass(frozen=True)
class Submitted:
    """A submission that Genlook accepted; a product used once has Genlook's id for it."""

    generation_id: str
    product_external_id: str | None = None


class GenerationStatus(StrEnum):
    """How far a generation is; UNRECOGNISED is any status that Genlook does not document."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    UNRECOGNISED = "UNRECOGNISED"


@dataclass(frozen=True)
class Generation:
    """The state of a generation; a COMPLETED one may still lack its link."""

    generation_id: str
    status: GenerationStatus
    result_image_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class ListedGeneration:
    """A generation as the list has it: without its link and without an error's reason."""

    generation_id: str
    status: GenerationStatus
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class GenerationPage:
    """A page of the account's generations, the newest first; ``next_cursor`` leads to older ones.

    No page of the API's version 1 names the list, so it may be missing, cut, late or wrong.
    """

    items: tuple[ListedGeneration, ...]
    next_cursor: str | None = None


@dataclass(frozen=True)
class StoredProductImage:
    """A picture of a product as Genlook lists it."""

    source_url: str | None = None
    role: str | None = None
    order: int | None = None
    classifications: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class StoredProduct:
    """A product as Genlook has it."""

    external_id: str
    title: str | None = None
    description: str | None = None
    metadata: Mapping[str, Any] | None = None
    valid_for_days: int | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    images: tuple[StoredProductImage, ...] = ()


@dataclass(frozen=True)
class ResultPicture:
    """A downloaded result: its type and the number of bytes written."""

    content_type: str
    bytes: int
