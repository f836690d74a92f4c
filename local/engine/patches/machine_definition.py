"""A broken state machine fails the deployment, as on AWS; the engine takes any definition."""

import json
from collections.abc import Iterator
from typing import Any

from ministack.services.cloudformation import provisioners

from local.engine.patches.wrapping import Function, wrap

_TYPES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
_GO_ON = _TYPES - {"Choice", "Succeed", "Fail"}


def _targets(state: dict[str, Any]) -> Iterator[str]:
    rules = (state.get("Choices") or []) + (state.get("Catch") or [])
    for target in (state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)):
        if target:
            yield target


def _handlers(state: dict[str, Any]) -> Iterator[list[str]]:
    for handler in (state.get("Retry") or []) + (state.get("Catch") or []):
        yield handler.get("ErrorEquals") or []


def _problems_of_state(name: str, state: dict[str, Any], names: set[str]) -> Iterator[str]:
    kind = state.get("Type")
    if kind not in _TYPES:
        yield f"SCHEMA_VALIDATION_FAILED: Type {kind} at /States/{name}"
    for target in _targets(state):
        if target not in names:
            yield f"MISSING_TRANSITION_TARGET: {target} at /States/{name}"
    if kind in _GO_ON and not (state.get("Next") or state.get("End")):
        yield f"SCHEMA_VALIDATION_FAILED: neither Next nor End at /States/{name}"
    for errors in _handlers(state):
        if not errors or ("States.ALL" in errors and len(errors) > 1):
            yield f"SCHEMA_VALIDATION_FAILED: ErrorEquals {errors} at /States/{name}"


def _problems(definition: dict[str, Any]) -> Iterator[str]:
    states: dict[str, Any] = definition.get("States") or {}
    if definition.get("StartAt") not in states:
        yield f"MISSING_TRANSITION_TARGET: StartAt {definition.get('StartAt')}"
    for name, state in states.items():
        yield from _problems_of_state(name, state, set(states))


def _checking_definition(original: Function) -> Function:
    def definition_of(properties: dict[str, Any]) -> str:
        text: str = original(properties)
        problems = list(_problems(json.loads(text)))
        if problems:
            raise ValueError(f"Invalid State Machine Definition: '{'; '.join(problems)}'")
        return text

    return definition_of


def apply() -> None:
    """Close the gap."""
    wrap(provisioners, "_sfn_definition", _checking_definition)
