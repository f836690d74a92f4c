"""Each gap between the engine and AWS that matters to us is closed, and each patch is needed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.engine_process import Engine, running_engine
from local.paths import REPOSITORY
from tests.local.engine.contracts import (
    buckets,
    functions,
    machines,
    permissions,
    queues,
    templates,
)
from tests.support import functions as functions_support

# Seen only where IAM is enforced.
PERMISSIONS = ("event_delivery", "machine_role", "queue_permissions")
GAPS = sorted(
    path.stem
    for path in (REPOSITORY / "local/engine/patches").glob("*.py")
    if path.stem not in {"__init__", "wrapping", "function_runtime"} | set(PERMISSIONS)
)


def _check(gap: str) -> Callable[[Engine], None]:
    """What we rely on: one check a gap, named like its patch."""
    parts = (buckets, functions, machines, permissions, queues, templates)
    found: list[Callable[[Engine], None]] = [
        getattr(part, gap) for part in parts if hasattr(part, gap)
    ]
    (check,) = found
    return check


def _red(gap: str) -> type[Exception]:
    # One lacks the operation itself, the other refuses it.
    return ClientError if gap in {"redrive", "queue_permissions"} else AssertionError


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(tmp_path_factory.mktemp("strict"), auth=True) as engine:
        yield engine


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come in an engine alone is not waited for as long as what should come."""
    monkeypatch.setattr(functions_support, "PATIENCE_SECONDS", 8.0)


@pytest.mark.promise("Nothing leaks", "one-role-a-function")
@pytest.mark.parametrize("gap", PERMISSIONS)
def test_permissions_are_asked_for(strict: Engine, gap: str) -> None:
    _check(gap)(strict)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("gap", PERMISSIONS)
def test_the_engine_alone_asks_for_no_permission(gap: str, tmp_path: Path) -> None:
    with (
        running_engine(tmp_path, auth=True, leave_open=gap) as alone,
        pytest.raises(_red(gap)),
    ):
        _check(gap)(alone)


@pytest.mark.promise("P5", "engine-gaps-are-closed")
@pytest.mark.parametrize("gap", GAPS)
def test_the_gap_is_closed(engine: Engine, gap: str) -> None:
    _check(gap)(engine)


@pytest.mark.promise("P5", "engine-gaps-are-closed")
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("gap", GAPS)
def test_the_engine_alone_still_has_the_gap(gap: str, tmp_path: Path) -> None:
    """Red here after a bump of the engine means: it closed the gap itself, drop the patch."""
    with (
        running_engine(tmp_path, leave_open=gap) as alone,
        pytest.raises(_red(gap)),
    ):
        _check(gap)(alone)
