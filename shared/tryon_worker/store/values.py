"""Plain values to DynamoDB's typed ones and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer


def serialize(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as DynamoDB wants them; it knows no floats, so these go as decimals."""
    typed = TypeSerializer().serialize
    return {name: typed(_to_stored(value)) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB in plain values: whole numbers as ``int``, others as ``float``."""
    plain = TypeDeserializer().deserialize
    return {name: _from_stored(plain(value)) for name, value in item.items()}


def _to_stored(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _to_stored(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_to_stored(inner) for inner in value]
    return value


def _from_stored(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _from_stored(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_from_stored(inner) for inner in value]
    return value
