"""Bodies that come in: the current shape, and what all shapes share."""

from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

ANON_PREFIX = "_anon_"
MAX_ID = 255
MAX_TEXT = 5_000
MAX_URL = 2_048


class Body(BaseModel):
    """Strict JSON: nothing is coerced, nothing unknown is let pass."""

    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


def _keep(days: int) -> int:
    if days not in (1, 3, 7):
        raise PydanticCustomError("keep_for_days", "Input should be 1, 3 or 7")
    return days


def _web(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        raise PydanticCustomError("url", "Input should be a valid http(s) URL")
    return url


Identifier = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
KeepForDays = Annotated[int, AfterValidator(_keep), Field(json_schema_extra={"enum": [1, 3, 7]})]
WebUrl = Annotated[str, Field(max_length=MAX_URL), AfterValidator(_web)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


def _at_most_one(*values: object) -> None:
    if sum(value is not None for value in values) > 1:
        raise PydanticCustomError("one_source", "Give exactly one of the sources")


class ImageSource(Body):
    """Where a product's picture comes from: exactly one of `url`, `fileKey`."""

    url: WebUrl | None = None
    file_key: Identifier | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        _at_most_one(self.url, self.file_key)
        return self


class ProductImage(Body):
    """One picture of a product; the flat keys are deprecated but still taken."""

    source: ImageSource | None = None
    classifications: dict[str, Any] | None = None
    url: WebUrl | None = Field(default=None, deprecated=True)
    file_key: Identifier | None = Field(default=None, deprecated=True)
    role: Text | None = Field(default=None, deprecated=True)

    @model_validator(mode="after")
    def _one(self) -> Self:
        flat = self.__dict__
        _at_most_one(self.source, flat["url"], flat["file_key"])
        return self

    def where(self) -> ImageSource:
        """Return the source, whichever way it was written (it may still be empty)."""
        flat = self.__dict__  # not by attribute: that would warn of the deprecation we accept
        return self.source or ImageSource(url=flat["url"], file_key=flat["file_key"])


class ProductBody(Body):
    """A product, whole or in part; what is omitted is kept."""

    external_id: Identifier | None = None
    title: Text | None = None
    description: Text | None = None
    images: list[ProductImage] | None = Field(default=None, max_length=20)
    image_urls: list[WebUrl] | None = Field(default=None, max_length=20, deprecated=True)
    valid_for_days: Annotated[int, Field(ge=1, le=365)] | None = None
    metadata: dict[str, Any] | None = None
    auto_detect_image_roles: bool | None = Field(default=None, deprecated=True)

    def given(self, name: str) -> bool:
        """Say whether the key came at all (null is a value)."""
        return name in self.model_fields_set

    @property
    def is_reference(self) -> bool:
        """Whether nothing but the id came."""
        return self.model_fields_set == {"external_id"}

    def pictures(self) -> list[ProductImage] | None:
        """Return the images given, in either spelling; None if the key did not come."""
        urls: list[str] | None = self.__dict__["image_urls"]
        if self.images is None and urls is None:
            return None
        return [
            *(self.images or []),
            *(ProductImage(source=ImageSource(url=u)) for u in urls or []),
        ]


class PersonSource(Body):
    """Where the person's picture comes from: exactly one of `id`, `url`, `fileKey`."""

    id: Annotated[str, Field(min_length=1, max_length=1_024)] | None = None
    url: WebUrl | None = None
    file_key: Identifier | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        _at_most_one(self.id, self.url, self.file_key)
        if self.id is None and self.url is None and self.file_key is None:
            raise PydanticCustomError("one_source", "Give exactly one of the sources")
        return self


class PersonImage(Body):
    """The person's picture."""

    model_config = ConfigDict(json_schema_extra={"required": ["source"]})
    source: PersonSource | None = None


class Person(Body):
    """Who tries it on."""

    model_config = ConfigDict(json_schema_extra={"required": ["image"]})
    image: PersonImage | None = None


class Output(Body):
    """What the result is to be like."""

    watermark: bool = True
    keep_for_days: KeepForDays | None = None
    ai_label: bool | None = None


class TryOnBody(Body):
    """POST /try-on since 1.4.0."""

    model_config = ConfigDict(json_schema_extra={"required": ["products", "person"]})
    products: Annotated[list[ProductBody], Field(min_length=1, max_length=1)]
    person: Person | None = None
    external_user_id: Identifier | None = None
    output: Output = Output()
