"""What an event may ask for, field by field, as it comes in (camelCase JSON)."""

import ipaddress
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from tryon_worker.canonical import digest, to_json
from tryon_worker.identity import check_shopper_id

MAX_URL_LENGTH = 2048
RETENTIONS = (1, 3, 7)
"""Days for which Genlook can keep a picture."""


def _https_url(url: str) -> str:
    """Refuses what a fetching server could be turned against its own network with."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or not host:
        raise ValueError("must be an https:// link")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry credentials")
    if _is_address(host) or "." not in host or host.endswith((".local", ".internal", ".localhost")):
        raise ValueError("must name a public host, not an address or an internal name")
    return url


def _is_address(host: str) -> bool:
    # inet_aton also takes "127.1" and "0x7f000001": any host of digits only in its last part.
    if host.rpartition(".")[2].isdigit() or host.lower().startswith("0x"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _retention(days: int) -> int:
    if days not in RETENTIONS:
        raise ValueError("must be 1, 3 or 7")
    return days


def _own_product_id(external_id: str) -> str:
    if external_id.startswith("_anon_"):
        raise ValueError("must not begin with _anon_, which Genlook keeps for itself")
    return external_id


ShopperId = Annotated[str, AfterValidator(check_shopper_id)]
PublicUrl = Annotated[str, Field(max_length=MAX_URL_LENGTH), AfterValidator(_https_url)]
KeepForDays = Annotated[int, AfterValidator(_retention)]
# Genlook gives no limit; DynamoDB's for a key is 2,048 bytes.
ProductId = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_own_product_id)]
NamedId = Annotated[str, Field(min_length=1, max_length=256)]
ObjectKey = Annotated[str, Field(min_length=1, max_length=1024)]


class Model(BaseModel):
    """camelCase outside, snake_case inside, never changed; what is not known is ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore"
    )

    def to_row(self) -> str:
        """As JSON, with just the fields that were given: absent and null are not the same."""
        return self.model_dump_json(by_alias=True, exclude_unset=True)


class S3Object(Model):
    """An object in a bucket of the shop."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: ObjectKey


class ImageSource(Model):
    """A picture of a product: a public link, or an object in an allowed bucket."""

    url: PublicUrl | None = None
    s3: S3Object | None = None
    classifications: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _just_one(self) -> Self:
        if (self.url is None) == (self.s3 is None):
            raise ValueError("must have either url or s3")
        return self


class WishedProduct(Model):
    """A thing to try on: known by ``externalId``, described here, or both."""

    external_id: ProductId | None = None
    title: str | None = None
    description: str | None = None
    images: tuple[ImageSource, ...] | None = None
    valid_for_days: Annotated[int, Field(ge=1, le=365)] | None = None
    metadata: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _known_or_shown(self) -> Self:
        if self.external_id is None and not self.images:
            raise ValueError("must have an externalId or images")
        return self

    @property
    def texts(self) -> dict[str, Any]:
        """What was said of the product besides its id."""
        fields = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        fields.pop("externalId", None)
        return fields

    @property
    def hash(self) -> str:
        """Of what was said of the product: equal means that nothing is new."""
        return digest(to_json(dict(sorted(self.texts.items()))))

    def over(self, kept: "WishedProduct") -> "WishedProduct":
        """``kept`` with what this one says laid over it."""
        return WishedProduct.model_validate({**kept.texts, **self.texts, **self._id()})

    def _id(self) -> dict[str, Any]:
        return {"externalId": self.external_id} if self.external_id else {}


class PhotoChoice(Model):
    """Which picture of the shopper: an object of theirs, a link, or what Genlook has of them."""

    key: ObjectKey | None = None
    url: PublicUrl | None = None
    image_id: NamedId | None = None

    @model_validator(mode="after")
    def _just_one(self) -> Self:
        if sum(value is not None for value in (self.key, self.url, self.image_id)) != 1:
            raise ValueError("must have exactly one of key, url, imageId")
        return self


class WishedOutput(Model):
    """How the picture shall be."""

    watermark: bool | None = None
    keep_for_days: KeepForDays | None = None


class Wish(Model):
    """What is personal about a try-on: kept in its request row, never in its ledger row."""

    external_user_id: ShopperId
    product: WishedProduct
    photo: PhotoChoice | None = None
    output: WishedOutput = WishedOutput()
    context: Any = None
    order_id: str | None = None

    def payload_hash(self, shopper_key: str) -> str:
        """Of what a repeat of the same wish must not change; texts and context may."""
        product = self.product.external_id or self.product.hash
        photo = self.photo.to_row() if self.photo else ""
        return digest(to_json([shopper_key, product, photo, self.output.to_row()]))


class TryOnRequested(Wish):
    """One try-on."""

    request_id: NamedId | None = None


class OrderItem(Model):
    """One line of an order."""

    product_external_id: ProductId
    variant_id: NamedId | None = None
    title: str | None = None
    description: str | None = None
    images: tuple[ImageSource, ...] | None = None
    valid_for_days: Annotated[int, Field(ge=1, le=365)] | None = None
    metadata: dict[str, Any] | None = None

    @property
    def product(self) -> WishedProduct:
        """The product of the line."""
        fields = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        fields.pop("variantId", None)
        fields["externalId"] = fields.pop("productExternalId")
        return WishedProduct.model_validate(fields)


class OrderPlaced(Model):
    """A try-on for each item of an order."""

    order_id: NamedId
    external_user_id: ShopperId
    items: Annotated[tuple[OrderItem, ...], Field(min_length=1)]
    context: Any = None


class ProductUpserted(WishedProduct):
    """A product is new or has changed; ``tryOnFor`` are shoppers to show it to."""

    external_id: ProductId
    updated_at: str
    try_on_for: tuple[ShopperId, ...] = ()

    @property
    def product(self) -> WishedProduct:
        """The product alone."""
        fields = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        for name in ("updatedAt", "tryOnFor"):
            fields.pop(name, None)
        return WishedProduct.model_validate(fields)


class ProductDeleted(Model):
    """A product is gone."""

    external_id: ProductId


class ErasureRequested(Model):
    """A shopper wants to be forgotten."""

    external_user_id: ShopperId
    request_id: NamedId | None = None


class DataRequested(ErasureRequested):
    """A shopper wants to know what is held about them."""


class ReviewAction(StrEnum):
    """What a person can order about a try-on whose outcome nobody knows."""

    RETRY = "retry"
    CLOSE = "close"
    ADOPT = "adopt"


class TryOnReviewed(Model):
    """A person has looked into a try-on."""

    try_on_id: NamedId
    action: ReviewAction
    generation_id: NamedId | None = None

    @model_validator(mode="after")
    def _adopts_something(self) -> Self:
        if (self.action is ReviewAction.ADOPT) != (self.generation_id is not None):
            raise ValueError("generationId must be there for adopt, and only then")
        return self
