"""Reads a body of any accepted shape into one order for a try-on."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from local.genlook.errors import ApiError, customer_image_required, validation_failed
from local.genlook.legacy import CURRENT_KEYS, LEGACY_KEYS, LegacyTryOnBody, is_legacy
from local.genlook.models import Body, PersonSource, ProductBody, TryOnBody

T = TypeVar("T", bound=Body)


@dataclass(frozen=True)
class Order:
    """What a caller of POST /try-on wants, whichever generation of the API they speak."""

    product: ProductBody
    person: PersonSource
    external_user_id: str | None
    watermark: bool
    keep_for_days: int | None
    shape: str


def parse_object(raw: bytes | str) -> dict[str, Any]:
    """Parse one JSON object; NaN, lone surrogates and endless nesting are no JSON."""
    try:
        data = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise validation_failed(("", "The body is not valid JSON.")) from error
    if not isinstance(data, dict):
        raise validation_failed(("", "The body is not a JSON object."))
    return data


def validate(model: type[T], data: dict[str, Any], *, ignore_extra: bool) -> T:
    """Check an object against a model; refusals carry dotted paths."""
    try:
        return model.model_validate_json(to_json(data))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    extra = [p["loc"] for p in problems if p["type"] == "extra_forbidden"]
    if ignore_extra and extra:
        for path in extra:
            _remove(data, path)
        return validate(model, data, ignore_extra=True)
    raise validation_failed(*((".".join(map(str, p["loc"])), p["msg"]) for p in problems))


def read_order(data: dict[str, Any], *, ignore_extra: bool = False) -> Order:
    """Return the order a body holds, in the current or in an older shape."""
    _refuse_mixture(data)
    if is_legacy(data):
        return _from_legacy(validate(LegacyTryOnBody, data, ignore_extra=ignore_extra))
    return _from_current(validate(TryOnBody, data, ignore_extra=ignore_extra))


def _refuse_mixture(data: dict[str, Any]) -> None:
    old = sorted(LEGACY_KEYS & data.keys())
    if old and CURRENT_KEYS & data.keys():
        raise _mixture(old)


def _mixture(old: list[str]) -> ApiError:
    return validation_failed(*((key, "Older and current keys cannot be mixed.") for key in old))


def _from_current(body: TryOnBody) -> Order:
    image = body.person.image if body.person else None
    if image is None or image.source is None:
        raise customer_image_required()
    return Order(
        product=body.products[0],
        person=image.source,
        external_user_id=body.external_user_id,
        watermark=body.output.watermark,
        keep_for_days=body.output.keep_for_days,
        shape="1.4",
    )


def _from_legacy(body: LegacyTryOnBody) -> Order:
    if body.customer is None:
        raise customer_image_required()
    return Order(
        product=body.product,
        person=body.customer.where(),
        external_user_id=body.customer_id,
        watermark=body.use_watermark,
        keep_for_days=body.retention_days,
        shape=body.generation,
    )


def _remove(data: Any, path: tuple[int | str, ...]) -> None:
    for key in path[:-1]:
        data = data[key]
    del data[path[-1]]
