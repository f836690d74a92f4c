"""Each parameter of the stack reaches what it is to set, and nothing else does."""

import json
import re
from contextlib import nullcontext
from typing import Any

import pytest

from tests.support.world import World
from tests.template.stack import Stack, load
from tryon_worker.account.gcra import Priority, Rate
from tryon_worker.genlook.http import checked_base
from tryon_worker.settings import Settings

STACK = load()
COMMON: dict[str, Any] = STACK.template["Globals"]["Function"]["Environment"]["Variables"]


def environments(stack: Stack) -> set[str]:
    """Names of all variables that any function is given, but those of Powertools."""
    own = [function["Environment"]["Variables"] for function in stack.functions.values()]
    names = {name for variables in (COMMON, *own) for name in variables}
    return {name for name in names if not name.startswith("POWERTOOLS_")}


@pytest.mark.promise("One engine under it", "parameter-sets-its-setting")
def test_functions_are_given_what_the_settings_read_and_no_more() -> None:
    assert environments(STACK) == {name.upper() for name in Settings.model_fields}


@pytest.mark.promise("One engine under it", "parameter-sets-its-setting")
def test_a_variable_is_set_by_the_parameter_of_its_name() -> None:
    """Two that are crossed are both numbers: nothing else would notice."""
    parameters = {name.lower() for name in STACK.template["Parameters"]}
    named = {name: name.replace("_", "").lower() for name in COMMON}
    numbers = [name for name, low in named.items() if low in parameters and "BUS" not in name]
    assert len(numbers) > 15
    for name in numbers:
        assert named[name] in json.dumps(COMMON[name]).lower(), name


@pytest.mark.parametrize("parameter", list(STACK.template["Parameters"]))
def test_no_parameter_is_without_effect(parameter: str) -> None:
    used = json.dumps([STACK.template[part] for part in ("Conditions", "Globals", "Resources")])
    assert f'{{"Ref": "{parameter}"}}' in used or f"${{{parameter}}}" in used


def test_what_is_left_to_others_of_the_account_is_not_granted(world: World) -> None:
    world.options.update(requests_per_minute=100, requests_headroom=40)
    assert world.container.rate_limiter.per_minute == Rate(60).per_minute
    assert world.container.housekeeping_round.dispatch_bulk.requests_per_minute == 60


def test_a_headroom_of_all_leaves_a_submit_and_a_look(world: World) -> None:
    world.options.update(requests_per_minute=100, requests_headroom=100)
    assert world.container.rate_limiter.per_minute == Rate(2).per_minute


def test_each_share_is_that_of_its_class(world: World) -> None:
    world.options.update(erasure_share_percent=5, submit_share_percent=30, upload_share_percent=15)
    rate_limiter: Any = world.container.rate_limiter
    assert rate_limiter._shares.parts == {
        Priority.ERASURE: 0.05,
        Priority.SUBMIT: 0.30,
        Priority.UPLOAD: 0.15,
    }


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://api.genlook.app/tryon/v1", True),
        ("http://127.0.0.1:8080/tryon/v1/", True),
        ("https://api.genlook.app", True),
        ("api.genlook.app/tryon/v1", False),
        ("https://api.genlook.app/tryon/v1?key=gk", False),
        ("https://gk:word@api.genlook.app/tryon/v1", False),
        ("https://api.genlook.app/tryon/v1#sync", False),
        ("https:///tryon/v1", False),
    ],
)
def test_an_address_that_the_client_would_refuse_is_no_parameter(url: str, taken: bool) -> None:
    """Deployed, it would end each function before its first line."""
    pattern = STACK.template["Parameters"]["GenlookBaseUrl"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, url)) == taken
    with nullcontext() if taken else pytest.raises(ValueError, match="base address"):
        checked_base(url)
