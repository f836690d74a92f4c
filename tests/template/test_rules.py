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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(load())) == []
