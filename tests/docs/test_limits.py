"""The figures of docs/LIMITS.md are those of code and template."""

import re
from pathlib import Path

import pytest

from tests.template.stack import load
from tryon_worker import intake
from tryon_worker.account import circuit_breaker
from tryon_worker.account.gcra import _HORIZON_MS, Priority
from tryon_worker.clock import DAY
from tryon_worker.events import envelope, fields, schemas
from tryon_worker.tryons import accept, durations, fan_out

LIMITS = (Path(__file__).parents[2] / "docs" / "LIMITS.md").read_text()
KB = 1024


@pytest.mark.parametrize(
    "told",
    [
        f"{schemas.MAX_ITEMS} lines of an order",
        f"{fan_out.MOST_SHOPPERS:,} shoppers in `tryOnFor`",
        f"{fields.MAX_CONTEXT_BYTES // KB} KB of `context`",
        f"{envelope.MAX_DETAIL_BYTES // KB} KB of anything else",
        f"the last {accept.MAX_AGE_SECONDS // DAY} days",
        f"`updatedAt` is one of the last {intake.DATED_SECONDS // DAY}",
        f"to {circuit_breaker._LONGEST_PAUSE_SECONDS // 60} minutes at the most",
        f"order of more than {intake.LIVE_ORDER_ITEMS} lines",
        f"the newest {durations.PLACES} at most",
    ],
)
def test_a_limit_is_that_of_the_code(told: str) -> None:
    assert told in LIMITS


def test_a_default_is_that_of_the_template() -> None:
    parameters = load().template["Parameters"]
    told = re.findall(r"`([A-Z]\w+)`(?: photos| requests)? \((?:by default )?([\d,]+)\)", LIMITS)
    told += re.findall(r"`([A-Z]\w+)` \(([\d,]+) by default\)", LIMITS)
    assert len(told) >= 7
    for name, number in told:
        assert parameters[name]["Default"] == int(number.replace(",", "")), name


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("erasures", Priority.ERASURE),
        ("live try-ons", Priority.SUBMIT),
        ("uploads", Priority.UPLOAD),
        ("looks", Priority.POLL),
    ],
)
def test_a_class_waits_as_long_as_it_says(line: str, kind: Priority) -> None:
    (row,) = re.findall(rf"^\| {line}.*$", LIMITS, re.MULTILINE)
    assert f"{_HORIZON_MS[kind] / 1000:g} s" in row
