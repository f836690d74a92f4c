"""Several hundred callers at once, each with a clock of its own: the limit holds in any minute."""

from collections.abc import Callable
from random import Random

import pytest

from bench.account import LIMIT, Account, Call
from bench.clockwork import Clockwork, Process
from bench.memory_table import MemoryTable
from bench.run import START
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Granted, RateLimiter
from tryon_worker.account.shares import ClassShares, shares_of

CALLERS = 400
MINUTES = 4
SHARES = shares_of(LIMIT, {Priority.ERASURE: 10, Priority.SUBMIT: 50, Priority.UPLOAD: 20})

Choice = Callable[[Random], Priority]


def anything(random: Random) -> Priority:
    return random.choice(list(Priority))


def looks_alone(_: Random) -> Priority:
    return Priority.POLL


def crowd(shares: ClassShares, choose: Choice, seed: int) -> Account:
    """All of them ask again as soon as they may; what they send takes its time to arrive."""
    random = Random(seed)
    clockwork = Clockwork(START)
    account = Account(clockwork, random)
    table = MemoryTable()

    def caller() -> Process:
        skew = random.uniform(-0.1, 0.1)
        rate_limiter = RateLimiter(table, shares, lambda: clockwork.now() + skew)
        while True:
            answer = rate_limiter.take(choose(random))
            if not isinstance(answer, Granted):
                yield answer.retry_seconds + random.random()
                continue
            yield answer.wait_seconds + random.uniform(0, 0.25)  # a submit's mark
            yield from account.call(Call())

    for _ in range(CALLERS):
        clockwork.spawn(caller(), after=random.random())
    clockwork.run(START + MINUTES * 60)
    return account


@pytest.mark.promise("P3", "no-429-in-normal-operation")
@pytest.mark.parametrize("choose", [anything, looks_alone])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_never_more_than_the_limit_in_any_sixty_seconds(choose: Choice, seed: int) -> None:
    account = crowd(SHARES, choose, seed)
    assert account.rate_limited == 0
    assert account.busiest_minute <= LIMIT
    assert account.requests / MINUTES > 0.95 * LIMIT, "and nearly all of it is used"


@pytest.mark.promise("One rate limiter", "limit-holds-with-burst-and-allowance")
def test_without_the_allowance_for_latency_it_would_not_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test above can fail."""
    monkeypatch.setattr("tryon_worker.account.gcra.SPREAD_MS", -1_500)
    assert crowd(SHARES, looks_alone, 1).rate_limited > 0
