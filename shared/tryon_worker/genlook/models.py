"""What is sent to Genlook and what comes back, as frozen dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any


class Unset(Enum):
    """The type of `UNSET`, which tells "say nothing" from "say null"."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True)
class UploadedImage:
    """A photo that lies at Genlook. `image_id` is opaque: keep it and pass it on verbatim."""

    image_id: str
    image_url: str | None = None


@dataclass(frozen=True)
class ProductImage:
    """A product picture that Genlook fetches itself."""

    url: str
    classifications: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ProductImageBytes:
    """A product picture that travels in the request."""

    data: bytes
    filename: str
    content_type: str
    classifications: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Product:
    """A thing to try on.

    With `external_id` alone it refers to a product that Genlook knows; with more it creates or
    updates it; without `external_id` it is used once. What is None is not sent, so Genlook keeps
    what it has. `valid_for_days` is the life between uses: a number, None for ever, or UNSET.
    """

    external_id: str | None
    title: str | None = None
    description: str | None = None
    images: tuple[ProductImage | ProductImageBytes, ...] = ()
    valid_for_days: int | Unset | None = UNSET
    metadata: Mapping[str, Any] | None = None

    @classmethod
    def reference(cls, external_id: str) -> "Product":
        """Refer to a product that Genlook already has."""
        return cls(external_id)


@dataclass(frozen=True)
class PersonById:
    """The shopper's photo by the id that its upload returned."""

    image_id: str


@dataclass(frozen=True)
class PersonByUrl:
    """The shopper's photo by a link; Genlook fetches it on each call and always crops it."""

    url: str


@dataclass(frozen=True)
class PersonByBytes:
    """The shopper's photo in the request itself; always cropped."""

    data: bytes
    filename: str
    content_type: str


Person = PersonById | PersonByUrl | PersonByBytes


@dataclass(frozen=True)
class Output:
    """How the picture is made and kept; None leaves the account's own setting."""

    watermark: bool | None = None
    keep_for_days: int | None = None


@dataclass(frozen=True)
class TryOnInput:
    """One request to see a shopper in a product."""

    product: Product
    person: Person
    external_user_id: str
    output: Output = Output()


@dataclass(frozen=True)
class Submitted:
    """Genlook took a try-on. `product_external_id` is its id for a product used once."""

    generation_id: str
    status: str
    product_external_id: str | None = None


class GenerationStatus(StrEnum):
    """How far a generation is; a status that is not in the contract is UNRECOGNISED."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    UNRECOGNISED = "UNRECOGNISED"


@dataclass(frozen=True)
class Generation:
    """The state of a generation. A COMPLETED one may still lack its link."""

    generation_id: str
    status: GenerationStatus
    raw_status: str
    result_image_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


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
    """What a download brought: the picture's type and how many bytes were written."""

    content_type: str
    bytes: int
