"""The template keeps each rule of its architecture."""

from collections.abc import Callable, Iterator

import pytest

from tests.template.rules import (
    alarms,
    contract,
    events,
    functions,
    machine,
    permissions,
    queues,
    storage,
)
from tests.template.stack import Stack, load

Rule = Callable[[Stack], Iterator[str]]
RULES: tuple[Rule, ...] = (
    *queues.RULES,
    *functions.RULES,
    *permissions.RULES,
    *events.RULES,
    *storage.RULES,
    *machine.RULES,
    *alarms.RULES,
    *contract.RULES,
)


# A rule that proves a claim of docs/PROMISES.md carries the marker itself.
@pytest.mark.parametrize(
    "rule",
    [pytest.param(rule, id=rule.__name__, marks=getattr(rule, "pytestmark", ())) for rule in RULES],
)
def test_the_template_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(load())) == []
