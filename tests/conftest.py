"""What every test can ask for, and what holds for every property."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.engine",
    "tests.support.stack",
    "tests.support.tables",
    "tests.support.worlds",
]

# A property is about what comes out: how long an example takes is up to the machine.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs the embedded engine: ``make unit`` leaves it out."""
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()) or _NEED_IT & set(item.path.parents):
            item.add_marker("engine")


_NEED_IT = {Path(__file__).parent / "chain", Path(__file__).parent / "local" / "engine"}
