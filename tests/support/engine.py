"""Fixtures of the embedded engine: real AWS interfaces on a free loopback port."""

from collections.abc import Iterator

import pytest

from local.engine_process import Engine, running_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return a running engine without a stack and without IAM; use names of your own in it."""
    with running_engine(tmp_path_factory.mktemp("engine")) as started:
        yield started
