"""Reads the samples and schemas of the events that come in and go out."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012, Draft202012Validator, Registry

EVENTS = Path(__file__).parents[2] / "events"
SCHEMAS = EVENTS / "schemas"


def samples(folder: str) -> list[str]:
    """Return the samples of `incoming` or `outgoing` events, as `folder/name`."""
    return sorted(f"{folder}/{path.stem}" for path in (EVENTS / folder).glob("*.json"))


def sample(name: str) -> Any:
    """Return the sample `folder/name`, a new copy each time."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def schema_name(sample_name: str) -> str:
    """Return the schema of a sample: its own name up to a point that begins a variant."""
    return sample_name.partition("/")[2].partition(".")[0]


def schema_names() -> list[str]:
    """Return the names of all schemas of events."""
    return sorted(path.stem for path in SCHEMAS.glob("*.json") if path.stem != "common")


def schema(name: str) -> dict[str, Any]:
    """Return the schema `name`."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return loaded


@cache
def validator(name: str) -> Draft202012Validator:
    """Return what checks events against the schema `name`, formats included."""
    common = schema("common")
    registry = Registry([(common["$id"], common)], draft=Draft202012)
    return Draft202012Validator(schema(name), registry=registry, validate_formats=True)


def complaints(name: str, event: Any) -> list[str]:
    """Return what the schema `name` has against `event`."""
    found = validator(name).iter_errors(event)
    return [f"{error.instance_path}: {error.message}" for error in found]


def report_complaints(export_shopper: Any) -> list[str]:
    """Return what the schema of a report about a shopper has against `report`."""
    loaded = json.loads((EVENTS / "documents" / "Report.schema.json").read_text())
    found = Draft202012Validator(loaded, validate_formats=True).iter_errors(export_shopper)
    return [f"{error.instance_path}: {error.message}" for error in found]
