"""Says everything that is wrong with an event, and what was probably meant.

Unknown fields are ignored, because a shop's events hold more than the worker reads. Two kinds are
not: a field on which money or privacy hangs, if it is in a wrong place or misspelt. With
``keepForDays`` beside ``output`` ignored, a picture would be kept for longer than was asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from tryon_worker.events.fields import Model, model_in

# How alike two names are, from 0 to 1 (difflib). A missing field is wrong anyway, so a far name
# does no harm in its message. An unknown field alone is wrong only if it is surely meant for ours:
# ``requestedAt`` is 0.8 like ``requestId``, ``keepForDay`` 0.95 like ``keepForDays``.
HINT = 0.6
_SURELY = 0.85

# Comparing takes time by the square of the length, and no name of ours is half as long.
_LONGEST_NAME = 40

# The errors of pydantic in terms of JSON, because a shop knows no tuples and no model classes.
_MESSAGES = {
    "missing": "is missing",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "tuple_type": "must be a list",
    "enum": "must be {expected}",
    "string_too_short": "is too short: the least is {min_length}",
    "string_too_long": "is too long: the most is {max_length}",
    "too_short": "is too short: the least is {min_length}",
    "too_long": "is too long: the most is {max_length}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "value_error": "{error}",
}

_Location = Sequence[int | str]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where in the detail, with dots and indexes, and what was wanted."""

    field: str
    message: str


def problems_of(
    error: ValidationError, model: type[Model], detail: Mapping[str, Any]
) -> list[Problem]:
    """Every error of a detail that is no ``model``."""
    problems = []
    for one in error.errors(include_url=False, include_input=False):
        if one["type"] == "too_short" and value_at(detail, path_of(one["loc"])):
            continue  # pydantic counts valid items, and each of these has a problem of its own
        template = _MESSAGES.get(one["type"])
        message = template.format(**one.get("ctx", {})) if template else one["msg"]
        if one["type"] == "missing":
            message += _meant_by_another(model, detail, one["loc"])
        problems.append(Problem(path_of(one["loc"]), message))
    return problems


def strayed(model: type[Model], detail: Mapping[str, Any]) -> list[Problem]:
    """The weighty fields of an event that are in a wrong place or misspelt."""
    if not model.weighty:
        return []
    places = {name: path for path, name in _places(model)}
    problems = []
    for location, name, known, given in _unknown_fields(model, detail, ()):
        meant = closest(name, model.weighty, _SURELY)
        if meant is None or (meant in given and _folded(meant) != _folded(name)):
            continue
        if meant not in known and meant in places:
            message = f"is in the wrong place: it belongs in {places[meant]}"
        elif meant not in known and meant in _OF_REQUESTS:
            message = f"is not taken in this event; TryOnRequested takes {_OF_REQUESTS[meant]}"
        elif name == meant:
            continue  # taken apart from the model, as ``tryOnFor`` is
        else:
            message = f"is not known: did you mean {meant}?"
        problems.append(Problem(path_of((*location, name)), message))
    return problems


_OF_REQUESTS = {
    "output": "output",
    "keepForDays": "output.keepForDays",
    "watermark": "output.watermark",
    "photo": "photo",
    "imageId": "photo.imageId",
}
"""Where a field belongs that an order cannot have."""


@lru_cache(maxsize=1024)  # the lines of an order have the same names
def closest(name: str, known: frozenset[str], least: float) -> str | None:
    """The known name that is most like ``name``, if one is at least so alike."""
    if len(name) > _LONGEST_NAME:
        return None
    by_fold = {_folded(one): one for one in sorted(known)}
    found = get_close_matches(_folded(name), by_fold, n=1, cutoff=least)
    return by_fold[found[0]] if found else None


def path_of(location: _Location) -> str:
    """A place in the detail, with dots and indexes."""
    return ".".join(str(part) for part in location) or "detail"


_ABSENT = object()


def value_at(detail: Any, path: str) -> Any:
    """The value at a path, or something that is no JSON if there is none."""
    found = detail
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step, _ABSENT)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return _ABSENT
    return found


def _meant_by_another(model: type[Model], detail: Mapping[str, Any], location: _Location) -> str:
    """What to add to "is missing" if a field beside it has a name that is like the missing one."""
    *way, missing = location
    beside = value_at(detail, path_of(way)) if way else detail
    if not isinstance(beside, Mapping):
        return ""
    known = {name for _, name in _places(model)}
    unknown = frozenset(name for name in beside if name not in known and len(name) <= _LONGEST_NAME)
    meant = closest(str(missing), unknown, HINT)
    return "" if meant is None else f": {meant} is not known, did you mean {missing}?"


def _names(model: type[Model]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _places(model: type[Model], before: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a model and of the models in it: its path and its name, the outermost last."""
    for name, annotation in _names(model).items():
        inner = model_in(annotation)
        if inner is not None:
            listed = ".N" if _is_list(annotation) else ""
            yield from _places(inner, f"{before}{name}{listed}.")
    for name in _names(model):
        yield f"{before}{name}", name


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(map(_is_list, get_args(annotation)))


def _unknown_fields(
    model: type[Model], detail: Any, location: tuple[int | str, ...]
) -> Iterator[tuple[tuple[int | str, ...], str, frozenset[str], frozenset[str]]]:
    """Each field that its object does not know: where, its name, what is known and given there."""
    if isinstance(detail, list):
        for place, one in enumerate(detail):
            yield from _unknown_fields(model, one, (*location, place))
    if not isinstance(detail, Mapping):
        return
    names = _names(model)
    for name, value in detail.items():
        inner = model_in(names.get(name))
        if name not in names:
            yield location, name, frozenset(names), frozenset(detail)
        elif inner is not None:
            yield from _unknown_fields(inner, value, (*location, name))


def _folded(name: str) -> str:
    """A name without what people write differently: case, ``_`` and ``-``."""
    return name.casefold().replace("_", "").replace("-", "")
