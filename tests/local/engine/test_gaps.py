"""Each gap between the engine and AWS that matters to us is closed, and each patch is needed."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.engine_process import Engine, running_engine
from local.paths import REPOSITORY
from tests.local.engine import contracts

GAPS = sorted(
    path.stem
    for path in (REPOSITORY / "local/engine/patches").glob("*.py")
    if path.stem not in {"__init__", "wrapping", "function_runtime"}
)


@pytest.mark.parametrize("gap", GAPS)
def test_the_gap_is_closed(engine: Engine, gap: str) -> None:
    getattr(contracts, gap)(engine)


@pytest.mark.parametrize("gap", GAPS)
def test_the_engine_alone_still_has_the_gap(gap: str, tmp_path: Path) -> None:
    """Red here after a bump of the engine means: it closed the gap itself, drop the patch."""
    with (
        running_engine(tmp_path, leave_open=gap) as alone,
        pytest.raises((AssertionError, ClientError)),
    ):
        getattr(contracts, gap)(alone)
