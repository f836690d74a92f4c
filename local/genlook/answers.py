"""Bodies that go out, as the API's pages show them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Status = Literal["PENDING", "PROCESSING", "COMPLETED", "FAILED"]


class Answer(BaseModel):
    """A JSON answer; optional keys that are None are left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Detail(Answer):
    """One reason why a body was refused."""

    path: str
    message: str


class ErrorAnswer(Answer):
    """Every error; `details` comes with VALIDATION_FAILED."""

    code: str
    message: str
    status: int
    details: list[Detail] | None = None


class Uploaded(Answer):
    """POST /images/upload."""

    image_id: str
    image_url: str


class Started(Answer):
    """POST /try-on."""

    generation_id: str
    status: str
    product_external_id: str | None = None


class GenerationAnswer(Answer):
    """GET /generations/:id; the status may be one nobody has documented."""

    generation_id: str
    status: str = Field(examples=["PENDING", "PROCESSING", "COMPLETED", "FAILED"])
    result_image_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    created_at: str
    updated_at: str


class Held(Answer):
    """POST /try-on/sync: with the result (200), or still running (202)."""

    generation_id: str
    status: str
    result_image_url: str | None = None
    product_external_id: str | None = None


class GenerationItem(Answer):
    """One row of GET /generations."""

    id: str
    status: str
    product_description: str | None = None
    generation_time_ms: int | None = None
    created_at: str
    updated_at: str


class GenerationPage(Answer):
    """GET /generations."""

    items: list[GenerationItem]
    next_cursor: str | None
    has_more: bool
    count: int


class ProductImageAnswer(Answer):
    """One picture of a stored product."""

    source_url: str
    order: int
    classifications: dict[str, Any] | None = None


class ProductAnswer(Answer):
    """A stored product; unset values are null here, not absent."""

    external_id: str
    title: str | None
    description: str | None
    metadata: dict[str, Any] | None
    valid_for_days: int | None
    expires_at: str | None
    last_used_at: str | None
    created_at: str
    updated_at: str
    images: list[ProductImageAnswer]


class ProductPage(Answer):
    """GET /products."""

    items: list[ProductAnswer]
    next_cursor: str | None
    has_more: bool
    count: int


class Credits(Answer):
    """GET /account/credits."""

    credit_balance: int
