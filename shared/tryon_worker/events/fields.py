"""The types of an event's fields: ids, links, numbers, and JSON of the shop."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
)
from pydantic.alias_generators import to_camel

from tryon_worker.identity import SHOPIFY_GID, InvalidShopperId, check_shopper_id

MAX_URL_LENGTH = 2048
RETENTIONS = (1, 3, 7)
"""The days for which Genlook can keep a picture."""

# Each outcome carries the context back along with ids and Genlook's message, and EventBridge takes
# 256 KB an entry (AWS). With a larger context a try-on could never publish its outcome.
MAX_CONTEXT_BYTES = 64 * 1024

# Deeper than any shop's data; JSON parsers and pydantic give up at a few hundred levels.
MAX_DEPTH = 64

# A public DNS name in ASCII. Its last label must not begin with a digit: resolvers would read the
# whole as an IPv4 address (127.1, 0x7f.1). Percent signs, brackets, full-width digits and other
# dots are in no name, but lenient parsers could turn them into an address.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PUBLIC_NAME = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{2,59}})")
_MAX_NAME_LENGTH = 253

# Top-level names that are never public (RFC 6761, RFC 8375, RFC 7686, ICANN's "internal"), and
# those that companies use for internal networks.
_INTERNAL = frozenset(
    "local localhost internal intranet private corp home lan arpa test invalid onion".split()
)

# Parsers disagree about these: some drop tabs and line ends, some read a backslash as a slash.
_NUMBER = re.compile("[0-9]+")

_AMBIGUOUS = re.compile(r"[\s\\\x00-\x1f\x7f]")


def public_url(url: str) -> str:
    """``url`` unchanged, if it can lead to no private network.

    Raises
    ------
    ValueError
        It is not https, names an address or an internal host, or carries credentials.
    """
    if not url.startswith("https://") or _AMBIGUOUS.search(url):
        raise ValueError("must be an https:// link without blanks or backslashes")
    authority = url.removeprefix("https://")
    authority = re.split(r"[/?#]", authority, maxsplit=1)[0]
    if "@" in authority:
        raise ValueError("must not carry credentials")
    try:
        parts = urlsplit(url)
        name, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise ValueError("must name a public host") from None
    if port == 0 or len(name) > _MAX_NAME_LENGTH or not _PUBLIC_NAME.fullmatch(name):
        raise ValueError("must name a public host, not an address; international names as xn--")
    if name.rpartition(".")[2] in _INTERNAL:
        raise ValueError("must name a public host, not an internal one")
    return url


def plain_json(value: Any) -> Any:
    """``value`` unchanged, if every JSON parser accepts it.

    Raises
    ------
    ValueError
        It is nested too deeply, or holds NaN, infinity or a lone surrogate.
    """
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            break
    else:
        raise ValueError(f"must not be nested more than {MAX_DEPTH} levels deep")
    json_size(value)
    return value


def json_size(value: Any) -> int:
    """The size of ``value`` as JSON, in bytes.

    Raises
    ------
    ValueError
        JSON in UTF-8 cannot hold it (NaN, infinity, a lone surrogate).
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return len(text.encode())
    except ValueError:  # also UnicodeEncodeError, whose text would quote the field
        raise ValueError("must hold only numbers and characters that JSON has") from None


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _context(value: Any) -> Any:
    if json_size(plain_json(value)) > MAX_CONTEXT_BYTES:
        raise ValueError(f"must not be longer than {MAX_CONTEXT_BYTES} bytes")
    return value


def _retention(days: int) -> int:
    if days not in RETENTIONS:
        raise ValueError("must be 1, 3 or 7")
    return days


def _own_product_id(external_id: str) -> str:
    if external_id.startswith("_anon_"):
        raise ValueError("must not begin with _anon_, which Genlook keeps for itself")
    return external_id


def _id_of(*kinds: str) -> Callable[[Any], Any]:
    """Reads an id that may be a number, or a gid of Shopify of one of these ``kinds``.

    One feed of a shop says 1, another "1" or "gid://shopify/Product/1", and all mean the same.
    Without ``kinds`` any text is taken as it is.
    """

    def as_text(value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return _number_of(value, kinds) if kinds and value.startswith(SHOPIFY_GID) else value
        raise ValueError("must be text or a whole number")

    return as_text


def _number_of(gid: str, kinds: tuple[str, ...]) -> str:
    kind, _, number = gid.removeprefix(SHOPIFY_GID).partition("/")
    if kind not in kinds or not _NUMBER.fullmatch(number):
        wanted = " or ".join(f"{SHOPIFY_GID}{kind}/1" for kind in kinds)
        raise ValueError(f"must be the number, or a gid as {wanted}")
    return number


def _id(*kinds: str) -> BeforeValidator:
    return BeforeValidator(_id_of(*kinds), json_schema_input_type=str | int)


def shopper_id(value: Any) -> str:
    """A shopper's id as text, however a shop writes it.

    Raises
    ------
    InvalidShopperId
        It names no shopper, or more than one.
    """
    try:
        return check_shopper_id(_id_of(_CUSTOMER)(value))
    except ValueError as error:
        raise InvalidShopperId(str(error)) from None


_CUSTOMER = "Customer"

ShopperId = Annotated[str, _id(_CUSTOMER), AfterValidator(check_shopper_id)]
PublicUrl = Annotated[str, Field(max_length=MAX_URL_LENGTH), AfterValidator(public_url)]
KeepForDays = Annotated[int, Strict(), AfterValidator(_retention)]
ValidForDays = Annotated[int, Strict(), Field(ge=1, le=365)]
Flag = Annotated[bool, Strict()]
# Genlook documents no limit; a DynamoDB key has at most 2,048 bytes.
ProductId = Annotated[
    str, _id("Product"), Field(min_length=1, max_length=256), AfterValidator(_own_product_id)
]
VariantId = Annotated[str, _id("ProductVariant"), Field(min_length=1, max_length=256)]
OrderId = Annotated[str, _id("Order"), Field(min_length=1, max_length=256)]
NamedId = Annotated[str, _id(), Field(min_length=1, max_length=256)]
ObjectKey = Annotated[str, Field(min_length=1, max_length=1024)]
JsonObject = Annotated[dict[str, Any], AfterValidator(plain_json)]
Context = Annotated[Any, AfterValidator(_context)]


class Model(BaseModel):
    """A part of an event: camelCase in JSON, immutable; unknown fields are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore"
    )

    weighty: ClassVar[frozenset[str]] = frozenset()
    """Of an event: names on which money or privacy hangs, refused in a place that is not theirs."""

    def to_row(self) -> str:
        """The fields that were given, as JSON; a null is kept, because it differs from no field."""
        return self.model_dump_json(by_alias=True, exclude_unset=True)

    @classmethod
    def from_row(cls, text: str) -> Self:
        """Reads what ``to_row`` wrote, without validation.

        It was validated when it came in. A later version of the worker may refuse such an event,
        but it must still read the row, or it could neither end nor erase the try-on.
        """
        return cls._trusted(json.loads(text))

    @classmethod
    def _trusted(cls, stored: dict[str, Any]) -> Self:
        given = {
            name: _rebuilt(field.annotation, stored[field.alias or name])
            for name, field in cls.model_fields.items()
            if (field.alias or name) in stored
        }
        return super().model_construct(_fields_set=set(given), **given)


def _rebuilt(annotation: Any, value: Any) -> Any:
    """A stored value with the models of the field's type; other JSON stays as it is."""
    model = model_in(annotation)
    if model is None:
        return value
    if isinstance(value, list):
        return tuple(_rebuilt(model, inner) for inner in value)
    return model._trusted(value) if isinstance(value, dict) else value


def model_in(annotation: Any) -> type[Model] | None:
    """The model in a type: the type itself, or one that is optional or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    found = (model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)
