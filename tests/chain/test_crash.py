"""A seeded sample of `make crash`: workers killed from outside, then the promises are checked."""

import os
import random
from pathlib import Path

import pytest

from local.console import Console
from local.crash.__main__ import crash
from local.crash.random_scenario import Size


@pytest.mark.promise("P1", "no-second-credit-after-a-crash")
@pytest.mark.promise("P2", "each-request-ends-in-one-event")
def test_a_sample_of_kills_breaks_no_promise(tmp_path: Path) -> None:
    seed = int(os.environ.get("CRASH_SEED") or random.SystemRandom().randrange(1_000_000))
    assert crash(Console(), Size(try_ons=8, kill_share=0.02), seed, tmp_path / "crash.json")
