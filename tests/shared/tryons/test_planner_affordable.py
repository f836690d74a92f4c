"""How many looks a generation the budget affords."""

import pytest

from tryon_worker.account.gcra import Rate
from tryon_worker.account.rate_limiter import RequestRates
from tryon_worker.tryons.planner import LEAST_POLLS, polls

RATE = Rate(100).per_minute


@pytest.mark.parametrize(
    ("request_rates", "least", "most"),
    [
        (RequestRates(), 100, 300),
        (RequestRates(live=1), 90, 105),
        (RequestRates(live=20), 3.5, 4.5),
        (RequestRates(live=40), 1.4, 1.6),
        (RequestRates(live=60), LEAST_POLLS, LEAST_POLLS),
        (RequestRates(live=20, other=40), 1.8, 2.2),
        (RequestRates(other=200), LEAST_POLLS, LEAST_POLLS),
    ],
)
def test_what_submits_and_other_calls_leave(
    request_rates: RequestRates, least: float, most: float
) -> None:
    assert least <= polls(request_rates, RATE) <= most


def test_live_generations_are_looked_at_before_bulk() -> None:
    mixed = RequestRates(live=10, bulk=25)
    assert polls(mixed, RATE) > 3
    assert polls(mixed, RATE, bulk=True) < 1.5
    assert polls(RequestRates(bulk=25), RATE, bulk=True) > 2
