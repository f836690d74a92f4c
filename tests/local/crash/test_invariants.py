"""Which paid calls count: those whose answer leaves it open whether they were charged."""

import pytest

from local.crash.invariants import can_have_been_charged
from local.crash.watch import Seen, Step, When

PAID = "genlook POST /try-on"


@pytest.mark.parametrize(
    ("label", "killed", "status", "counts"),
    [
        (PAID, None, 201, True),
        (PAID, None, 503, True),
        (PAID, None, None, True),
        (PAID, When.AFTER, 201, True),
        (PAID, When.BEFORE, None, False),
        (PAID, None, 429, False),
        (PAID, None, 400, False),
        ("genlook GET /generations/*", None, 200, False),
    ],
)
def test_a_call_counts_unless_it_surely_was_not_charged(
    label: str, killed: When | None, status: int | None, counts: bool
) -> None:
    seen = Seen(Step("tryon", label, 1), "one", 7, killed, status)
    assert can_have_been_charged(seen) is counts
