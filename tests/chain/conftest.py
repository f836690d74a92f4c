"""A shop at the deployed stack, and what lets the stand-in behind it fail."""

from collections.abc import Iterator

import pytest

from local.genlook.control import Control
from local.system import System
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def shop(stack: System) -> Shop:
    return Shop(stack)


@pytest.fixture
def control(stack: System) -> Iterator[Control]:
    """Nothing that a test armed is left to the next one."""
    with Control(stack.genlook.base_url.replace("/tryon/v1", "/_control")) as control:
        yield control
        control.disarm()
