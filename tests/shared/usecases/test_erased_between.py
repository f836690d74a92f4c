"""Erased between any two steps: whatever a worker is just doing, nothing of the shopper stays.

Each path is recorded once; then, before each of its calls that leave something, a new shopper who
goes the same way is erased by another process. The first worker goes on with what it knew. Time,
redelivery and housekeeping do the rest, and at the end everything comes once more.

``ERASE_EVERY=1`` in the environment takes every such call of every path, and
``ERASE_ALSO_READS=1`` those that only read as well.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import pytest

from local.genlook.faults import Fate
from tests.support.interloper import BusyWorld
from tests.support.lives import Life, empty
from tests.support.remains import Lines, listening
from tests.support.scythe import leaves_something

ALSO_READS = bool(os.environ.get("ERASE_ALSO_READS"))
"""Between two reads an erasure changes no more than after both of them, mostly: much slower."""

EVERY = int(os.environ.get("ERASE_EVERY", "3"))
"""What a path has in common with the main one need not be seen at each call."""

Path = Callable[[Life, Callable[[], None]], None]
Deed = Callable[[Life], None]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with listening() as heard:
        yield heard


# --- what the shopper does


def main_path(life: Life, now: Callable[[], None]) -> None:
    """Upload, submit, poll, copy, publish."""
    now()
    life.photo()
    life.wishes()
    life.cloud.run()


def wish_first(life: Life, now: Callable[[], None]) -> None:
    """The wish waits for the photo."""
    now()
    life.wishes()
    life.cloud.run(until=life.world.clock.now())
    life.photo()
    life.cloud.run()


def no_photo(life: Life, now: Callable[[], None]) -> None:
    """It waits for one that never comes, and housekeeping ends it."""
    now()
    life.wishes()
    life.cloud.run()


def no_picture(life: Life, now: Callable[[], None]) -> None:
    now()
    life.photo(b"this is a text")
    life.cloud.run()


def failing(life: Life, now: Callable[[], None]) -> None:
    now()
    life.photo()
    life.wishes(fate=Fate(kind="fail", code="GENERATION_FAILED", message="no person in it"))
    life.cloud.run()


def aborted(life: Life, now: Callable[[], None]) -> None:
    """The execution is gone: housekeeping looks and copies."""
    life.world.executions.stopped.add(life.try_on_id)
    now()
    life.photo()
    life.wishes()
    life.cloud.run()


def retried(life: Life, now: Callable[[], None]) -> None:
    """The answer of the paid call is lost, and a person orders another one."""
    life.world.genlook.control.lose_answer("try_on")
    now()
    life.photo()
    life.wishes()
    life.cloud.run(until=life.world.clock.now() + 30)
    life.review("retry")
    life.cloud.run()


def refused(life: Life, now: Callable[[], None]) -> None:
    life.world.genlook.control.refuse("try_on", 400, "VALIDATION_FAILED")
    now()
    life.photo()
    life.wishes()
    life.cloud.run()


def uploaded_again(life: Life, now: Callable[[], None]) -> None:
    """Genlook does not know the photo any more."""
    life.photo()
    life.cloud.run()
    life.world.genlook.control.refuse("try_on", 410, "GONE")
    now()
    life.wishes()
    life.cloud.run()


# --- what is done to them


def erased(life: Life) -> None:
    life.erase()


def erased_by_two(life: Life) -> None:
    """Two requests, one right after the other: neither may be sooner done than the shopper is."""
    life.erase()
    life.world.observer.take_privacy_request(life.erasure("also"))


def photographed_and_erased(life: Life) -> None:
    """A newer photo under the same key is not taken by Genlook, and takes over the row."""
    life.world.genlook.control.refuse("upload", 503)
    arrival = life.another_photo()
    life.world.observer.receive_photo(arrival)
    life.world.genlook.control.disarm()
    life.erase()


CASES: dict[str, tuple[Path, Deed]] = {
    "main": (main_path, erased),
    "by two": (main_path, erased_by_two),
    "newer photo": (main_path, photographed_and_erased),
    "wish first": (wish_first, erased),
    "no photo": (no_photo, erased),
    "no picture": (no_picture, erased),
    "failing": (failing, erased),
    "aborted": (aborted, erased),
    "retried": (retried, erased),
    "refused": (refused, erased),
    "uploaded again": (uploaded_again, erased),
}


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.promise("Rows that hold no names", "ledger-is-not-personal")
@pytest.mark.promise("Erasure", "every-write-checks-the-tombstone")
@pytest.mark.parametrize("name", CASES)
def test_erased_before_any_call_nothing_stays_and_nothing_comes_back(
    busy: BusyWorld, lines: Lines, name: str
) -> None:
    path, deed = CASES[name]
    cases = _calls(busy, path)
    for number, between in cases if name == "main" else cases[::EVERY]:
        empty(busy)
        life = Life(busy, f"{name} {number}")
        path(life, partial(_interrupt, life, number, deed))
        try:
            assert not busy.scythe.waits, "it never came to this call"
            life.check(lines)
        except AssertionError as error:
            raise AssertionError(f"{name}: erased {between}, call {number}") from error


def _calls(world: BusyWorld, path: Path) -> list[tuple[int, str]]:
    """After which call each case is, and between which two."""
    began = 0

    def now() -> None:
        nonlocal began
        world.wiring = world.new_process()
        began = len(world.scythe.calls)

    path(Life(world, "clean"), now)
    made = ["nothing", *world.scythe.calls[began:], "the end"]
    return [
        (number, f"between {before} and {after}")
        for number, (before, after) in enumerate(pairwise(made))
        if ALSO_READS or leaves_something(after)
    ]


def _interrupt(life: Life, number: int, deed: Deed) -> None:
    life.world.wiring = life.world.new_process()
    if number:
        life.world.scythe.interrupt(number, lambda: deed(life))
    else:
        deed(life)


def full_life(life: Life) -> None:
    """One try-on that has its picture, one that waits, one whose generation runs."""
    life.photo()
    life.wishes()
    life.cloud.run()
    for number in range(2):
        life.another_wish(number)
    life.world.genlook.control.disarm()
    life.cloud.run(until=life.world.clock.now())


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
def test_the_erasure_killed_after_any_call_is_finished_by_another(
    busy: BusyWorld, lines: Lines
) -> None:
    began = 0
    clean = Life(busy, "clean")
    full_life(clean)
    busy.wiring, began = busy.new_process(), len(busy.scythe.calls)
    clean.ask_for_erasure()
    clean.cloud.run()
    made = enumerate(busy.scythe.calls[began:], start=1)
    cases = [(number, call) for number, call in made if ALSO_READS or leaves_something(call)]
    for number, call in cases[::EVERY]:
        empty(busy)
        life = Life(busy, f"killed {number}")
        full_life(life)
        busy.wiring = busy.new_process()
        busy.scythe.arm(number)
        life.ask_for_erasure()
        life.cloud.run()
        try:
            life.check(lines)
        except AssertionError as error:
            raise AssertionError(f"killed after call {number}: {call}") from error


@pytest.mark.promise("Erasure", "new-requests-wait-for-the-close")
def test_what_the_shopper_does_while_it_is_open_goes_on_when_it_closes(busy: BusyWorld) -> None:
    """Under the very key of the photo from before: it is at Genlook, and a repeat leaves it."""
    for number, between in _calls(busy, main_path)[::EVERY]:
        empty(busy)
        life = Life(busy, f"after {number}")
        main_path(life, partial(_interrupt, life, number, Life.erase_and_come_back))
        try:
            life.check_came_back()
        except AssertionError as error:
            raise AssertionError(f"erased {between}, call {number}") from error
