"""What is remembered of durations: a row of the newest, which nothing can spoil."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.world import START, World
from tryon_worker.aws import keys
from tryon_worker.aws.table import update
from tryon_worker.tryons.durations import PLACES, Durations, durations_of


def durations(world: World) -> Durations:
    return Durations(world.container.table)


def test_the_newest_come_first(world: World) -> None:
    for number, seconds in enumerate([10.0, 30.0, 20.0]):
        durations(world).add(f"g-{number}", seconds, at=int(START) + number)
    assert durations(world).recent() == [20.0, 30.0, 10.0]


def test_a_generation_that_is_seen_twice_counts_once(world: World) -> None:
    for _ in range(3):
        durations(world).add("g-1", 12.5, at=int(START))
    assert durations(world).recent() == [12.5]


def test_old_ones_give_way_and_the_row_stays_small(world: World) -> None:
    many = Durations(world.container.table)
    for number in range(10 * PLACES):
        many.add(f"g-{number}", 10 + number / 100, at=int(START) + number)
    recent = many.recent()
    assert len(recent) <= PLACES
    assert sum(recent) / len(recent) > 14, "what remains is of the newer ones"


def test_many_writers_at_once_lose_nothing_but_a_shared_place(world: World) -> None:
    def add(number: int) -> None:
        Durations(world.new_process().table).add(f"g-{number}", 10.0, at=int(START) + number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    assert len(durations(world).recent()) >= 12


@pytest.mark.parametrize("seconds", [0.0, -5.0, 0.3, 3_601.0, 1e9])
def test_a_clocks_error_is_not_learned(world: World, seconds: float) -> None:
    durations(world).add("g-1", seconds, at=int(START))
    assert durations(world).recent() == []


@pytest.mark.parametrize(
    "rubbish", ["soon", 7, None, [], [1], ["x", 1], [12.5, "x"], [-1, 5], [1e9, 5], [1, 2, 3], {}]
)
def test_rubbish_in_the_row_is_passed_over(rubbish: Any) -> None:
    row = {"pk": "ACCOUNT", "sk": "DURATIONS", "d1": rubbish, "d2": [12.5, int(START)]}
    assert durations_of(row) == [12.5]


def test_a_spoiled_row_heals(world: World) -> None:
    world.container.table.write(update(keys.DURATIONS, "SET #d5 = :x, #other = :x", x="rubbish"))
    durations(world).add("g-1", 12.5, at=int(START))
    assert durations(world).recent() == [12.5]
