"""Each rule sees what is wrong: a rule that is never red says nothing."""

import pytest

from tests.template import wrong_flow, wrong_state
from tests.template.invalid_templates import Wrong, spoil
from tests.template.test_rules import RULES

ALL = [*wrong_flow.ALL, *wrong_state.ALL]
BY_NAME = {rule.__name__: rule for rule in RULES}


@pytest.mark.parametrize("wrong", ALL, ids=lambda wrong: f"{wrong[0]}-{wrong[1]}")
def test_the_rule_sees_it(wrong: Wrong) -> None:
    assert list(BY_NAME[wrong[0]](spoil(wrong)))


def test_every_rule_was_seen_red() -> None:
    assert {wrong[0] for wrong in ALL} == set(BY_NAME)
