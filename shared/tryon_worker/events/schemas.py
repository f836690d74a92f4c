"""The inbound events, field by field (camelCase JSON)."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from tryon_worker.encoding import digest, to_json
from tryon_worker.events.fields import (
    Context,
    Flag,
    JsonObject,
    KeepForDays,
    Model,
    NamedId,
    ObjectKey,
    OrderId,
    ProductId,
    PublicUrl,
    ShopperId,
    ValidForDays,
    VariantId,
)

# The most items of one order. Their work takes a small part of the intake Lambda's timeout, so a
# repeat of the event always completes it.
MAX_ITEMS = 200

# Ignored, these would show another photo or variant than was meant, or keep it for longer.
_OF_TRY_ON = frozenset(
    {"output", "keepForDays", "watermark", "photo", "imageId", "variantId", "images"}
)


class S3Object(Model):
    """An object in a bucket of the shop."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: ObjectKey


class ImageSource(Model):
    """A picture of a product: a public link, or an object in an allowed bucket.

    Shops write it as a bare link too, without a scheme as pages do, or as Genlook's own API does.
    """

    url: PublicUrl | None = None
    s3: S3Object | None = None
    classifications: JsonObject | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_one_form(cls, given: Any) -> Any:
        fields = {"url": given} if isinstance(given, str) else given
        if isinstance(fields, dict):
            source = fields.get("source")
            if isinstance(source, dict) and not {"url", "s3"} & fields.keys():
                fields = {**fields, **source}
            url = fields.get("url")
            bare = isinstance(url, str) and url.startswith("//")
            return {**fields, "url": f"https:{url}"} if bare else fields
        raise ValueError("must be a link, or an object with url or s3")

    @model_validator(mode="after")
    def _just_one(self) -> Self:
        if (self.url is None) == (self.s3 is None):
            raise ValueError("must have either url or s3")
        return self


class RequestedProduct(Model):
    """A thing to try on: named by ``externalId``, described here, or both."""

    external_id: ProductId | None = None
    title: str | None = None
    description: str | None = None
    images: tuple[ImageSource, ...] | None = None
    valid_for_days: ValidForDays | None = None
    metadata: JsonObject | None = None

    @model_validator(mode="after")
    def _known_or_shown(self) -> Self:
        if self.external_id is None and not self.images:
            raise ValueError("must have an externalId or images")
        return self

    @property
    def description_fields(self) -> dict[str, Any]:
        """The fields that were given besides the id."""
        fields = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        fields.pop("externalId", None)
        return fields

    @property
    def hash(self) -> str:
        """The hash of the given fields, by which a change is detected."""
        return digest(to_json(dict(sorted(self.description_fields.items()))))

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """Its pictures, which identify a product without an id."""
        return [
            image.model_dump(by_alias=True, exclude_none=True, include={"url", "s3"})
            for image in self.images or ()
        ]

    def over(self, stored: "RequestedProduct") -> "RequestedProduct":
        """``stored`` with the given fields of this one; both were validated when they came in."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return stored.model_copy(update=given)


class PhotoChoice(Model):
    """Which photo of the shopper: an object in the bucket, a link, or an image at Genlook."""

    key: ObjectKey | None = None
    url: PublicUrl | None = None
    image_id: NamedId | None = None

    @model_validator(mode="after")
    def _just_one(self) -> Self:
        if sum(value is not None for value in (self.key, self.url, self.image_id)) != 1:
            raise ValueError("must have exactly one of key, url, imageId")
        return self


class RequestedOutput(Model):
    """How the result is to be made."""

    watermark: Flag | None = None
    keep_for_days: KeepForDays | None = None


class TryOnRequest(Model):
    """A try-on request. It is personal, so the request row holds it and the ledger row does not."""

    external_user_id: ShopperId
    product: RequestedProduct
    photo: PhotoChoice | None = None
    output: RequestedOutput = RequestedOutput()
    context: Context = None
    order_id: OrderId | None = None
    variant_id: VariantId | None = None

    def payload_hash(self, shopper_key: str) -> str:
        """The hash of what a repeat must not change; titles, descriptions and context may."""
        product = self.product.external_id or self.product.pictures
        options = [
            part.model_dump(by_alias=True, exclude_none=True) if part else {}
            for part in (self.photo, self.output)
        ]
        return digest(to_json([shopper_key, product, *options]))


class TryOnRequested(TryOnRequest):
    """Asks for one try-on."""

    weighty = _OF_TRY_ON | {"requestId"}

    request_id: NamedId | None = None


class OrderItem(Model):
    """One line of an order."""

    product_external_id: ProductId
    variant_id: VariantId | None = None
    title: str | None = None
    description: str | None = None
    images: tuple[ImageSource, ...] | None = None
    valid_for_days: ValidForDays | None = None
    metadata: JsonObject | None = None

    @property
    def product(self) -> RequestedProduct:
        """The product of the line."""
        fields = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        fields.pop("variantId", None)
        fields["externalId"] = fields.pop("productExternalId")
        return RequestedProduct.model_validate(fields)


class _Order(Model):
    weighty = _OF_TRY_ON | {"externalUserId"}

    order_id: OrderId
    external_user_id: ShopperId
    context: Context = None


class OrderPlaced(_Order):
    """Asks for a try-on of each item of an order."""

    items: Annotated[tuple[OrderItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class UnreadOrder(_Order):
    """An order whose items are read one by one, because some may be wrong."""

    items: Annotated[tuple[Any, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class ProductUpserted(RequestedProduct):
    """A product is new or has changed; ``FanOutTryOns`` reads its ``tryOnFor``."""

    weighty = frozenset({"tryOnFor"})

    external_id: ProductId
    updated_at: str

    @property
    def product(self) -> RequestedProduct:
        """The product alone."""
        fields = self.model_dump(by_alias=True, exclude_unset=True, mode="json")
        fields.pop("updatedAt")
        return RequestedProduct.model_validate(fields)


class ProductDeleted(Model):
    """A product was deleted."""

    external_id: ProductId


class ErasureRequested(Model):
    """Asks for the erasure of a shopper."""

    external_user_id: ShopperId
    request_id: NamedId | None = None


class DataRequested(ErasureRequested):
    """Asks for an export of a shopper's data."""


class ReviewAction(StrEnum):
    """What a person can decide about a try-on whose outcome is unknown."""

    RETRY = "retry"
    CLOSE = "close"
    ADOPT = "adopt"


class TryOnReviewed(Model):
    """A person's decision about a try-on; ``review_id`` is that of its ``TryOnNeedsReview``."""

    weighty = frozenset({"reviewId", "generationId"})

    try_on_id: NamedId
    action: ReviewAction
    review_id: NamedId | None = None
    generation_id: NamedId | None = None

    @model_validator(mode="after")
    def _adopts_something(self) -> Self:
        if (self.action is ReviewAction.ADOPT) != (self.generation_id is not None):
            raise ValueError("generationId must be there for adopt, and only then")
        return self
