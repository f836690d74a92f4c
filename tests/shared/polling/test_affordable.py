"""How many looks a generation the budget affords."""

import pytest

from tryon_worker.gcra import Rate
from tryon_worker.polling.affordable import LEAST_LOOKS, looks
from tryon_worker.traffic import Traffic

RATE = Rate(100).per_minute


@pytest.mark.parametrize(
    ("traffic", "least", "most"),
    [
        (Traffic(), 100, 300),
        (Traffic(live=1), 90, 105),
        (Traffic(live=20), 3.5, 4.5),
        (Traffic(live=40), 1.4, 1.6),
        (Traffic(live=60), LEAST_LOOKS, LEAST_LOOKS),
        (Traffic(live=20, other=40), 1.8, 2.2),
        (Traffic(other=200), LEAST_LOOKS, LEAST_LOOKS),
    ],
)
def test_what_submits_and_other_calls_leave(traffic: Traffic, least: float, most: float) -> None:
    assert least <= looks(traffic, RATE) <= most


def test_live_generations_are_looked_at_before_bulk() -> None:
    mixed = Traffic(live=10, bulk=25)
    assert looks(mixed, RATE) > 3
    assert looks(mixed, RATE, bulk=True) < 1.5
    assert looks(Traffic(bulk=25), RATE, bulk=True) > 2
