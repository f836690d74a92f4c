"""POST /try-on as it was in 1.0 to 1.3: deprecated, still taken."""

from typing import Any, Self

from pydantic import Field, model_validator

from local.genlook.models import (
    Body,
    Identifier,
    KeepForDays,
    PersonSource,
    ProductBody,
    WebUrl,
)

LEGACY_KEYS = frozenset({"product", "customer", "customerId", "retentionDays", "useWatermark"})
CURRENT_KEYS = frozenset({"products", "person", "externalUserId", "output"})


class LegacyCustomer(Body):
    """The person: flat keys in 1.0, a `source` object in 1.3."""

    source: PersonSource | None = None
    id: str | None = Field(default=None, min_length=1, max_length=1_024)
    url: WebUrl | None = None
    file_key: Identifier | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.source is None or self.id or self.url or self.file_key:
            self.where()  # raises unless exactly one came
        return self

    def where(self) -> PersonSource:
        """Return the one source, whichever way it was written."""
        flat = {"id": self.id, "url": self.url, "file_key": self.file_key}
        given = {key: value for key, value in flat.items() if value is not None}
        if self.source is not None and not given:
            return self.source
        return PersonSource(**(given if self.source is None else {}))


class LegacyTryOnBody(Body):
    """The whole body of 1.0 to 1.3."""

    product: ProductBody
    customer: LegacyCustomer | None = None
    customer_id: Identifier | None = None
    retention_days: KeepForDays | None = None
    use_watermark: bool = True

    @property
    def generation(self) -> str:
        """Say which of the two older shapes this is."""
        images = self.product.images or []
        nested = bool(self.customer and self.customer.source) or any(i.source for i in images)
        return "1.3" if nested else "1.0"


def is_legacy(data: dict[str, Any]) -> bool:
    """Say whether a body is written in the older words."""
    return not CURRENT_KEYS & data.keys() and bool(LEGACY_KEYS & data.keys())
