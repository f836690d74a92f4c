"""The bench's table judges as the engine's does: the same calls leave the same rows."""

from functools import partial
from random import Random

import pytest

from bench.memory_table import MemoryTable
from tests.support.world import START, World
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import RateLimiter
from tryon_worker.account.shares import shares_of
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Table, Write, update
from tryon_worker.tryons.durations import Durations

SHARES = shares_of(100, {Priority.ERASURE: 10, Priority.SUBMIT: 50, Priority.UPLOAD: 20})


def played(table: Table) -> list[object]:
    """What a made-up quarter of an hour brings: answers, and the rows at the end."""
    random = Random(7)
    now = START
    answers: list[object] = []
    for number in range(150):
        now += random.expovariate(1.0)
        skewed = now + random.uniform(-0.1, 0.1)
        rate_limiter = RateLimiter(table, SHARES, partial(float, skewed))
        if number % 40 == 39:
            rate_limiter.pause(random.choice([None, 2.0, 1.0]))
        answers.append(rate_limiter.take(random.choice(list(Priority))))
        if number % 5 == 0:
            Durations(table).add(f"g{number}", random.uniform(5, 50), at=int(now))
    return [*answers, table.get(keys.RATE_LIMITER), table.get(keys.DURATIONS)]


def test_budget_and_durations_come_out_alike(world: World) -> None:
    mine, real = played(MemoryTable()), played(world.container.table)
    for row in real[-2:]:
        assert isinstance(row, dict)
        del row["pk"], row["sk"]
    assert mine == real


@pytest.mark.parametrize(
    "write",
    [
        update(("a", "b"), "SET #x = :x", condition="#x = :y", x=1, y=2),
        update(("a", "b"), "SET #x = :x", condition="#there > :five", x=1, five=5),
        update(("a", "b"), "SET #x = :x", condition="attribute_not_exists(#there)", x=1),
        update(
            ("a", "b"),
            "SET #x = :x",
            condition="#there = :there AND (attribute_not_exists(#there) OR #there < :there)",
            x=1,
            there=5,
        ),
    ],
)
def test_a_condition_that_does_not_hold_fails_in_both(world: World, write: Write) -> None:
    for table in (MemoryTable(), world.container.table):
        table.write(update(("a", "b"), "SET #there = :there", there=5))
        with pytest.raises(ConditionFailed):
            table.write(write)
        row = table.get(("a", "b"))
        assert row is not None
        assert "x" not in row


def test_a_condition_it_does_not_know_is_no_pass() -> None:
    with pytest.raises(ValueError, match="not known"):
        MemoryTable().write(update(("a", "b"), "SET #x = :x", condition="#x <> :x", x=1))
