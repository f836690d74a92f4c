"""Killed between any two calls, a worker costs no second credit and loses no outcome.

Each path is recorded once; then, for each of its calls, a new shopper's try-on goes the same way
and the process dies right after that call. Redelivery, time and housekeeping do the rest.
"""

import os
from collections.abc import Callable

import pytest

from tests.support.scythe import MortalWorld, leaves_something
from tests.support.stories import Story, at_rest, calm
from tryon_worker.store.entry import State

ALSO_READS = bool(os.environ.get("CRASH_ALSO_READS"))
"""A death after a call that changes nothing is a death after the one before: much slower."""

Path = Callable[[Story, Callable[[], None]], None]


def main_path(story: Story, deadly: Callable[[], None]) -> None:
    deadly()
    story.begin()
    story.cloud.run()


def aborted_execution(story: Story, deadly: Callable[[], None]) -> None:
    """The execution ends by itself and its event is lost: all is left to housekeeping."""
    story.begin()
    story.world.executions.stopped.add(story.try_on_id)
    deadly()
    story.cloud.run()


def lost_answer(story: Story, deadly: Callable[[], None]) -> None:
    """The answer of the paid call is lost; a person orders one more."""
    story.world.genlook.control.lose_answer("try_on")
    story.begin()
    story.cloud.run()
    assert story.state is State.UNKNOWN
    deadly()
    story.review("retry")
    story.cloud.run()


def closed_review(story: Story, deadly: Callable[[], None]) -> None:
    story.world.genlook.control.lose_call("try_on")
    story.begin()
    story.cloud.run()
    deadly()
    story.review("close")
    story.cloud.run()


def no_photo(story: Story, deadly: Callable[[], None]) -> None:
    """A wish without a photo waits, and ends by housekeeping."""
    deadly()
    story.cloud.event(story.wish)
    story.cloud.run()


def announced_abortion(story: Story, deadly: Callable[[], None]) -> None:
    """The execution was aborted, and Step Functions says so."""
    world = story.world
    story.begin()
    story.cloud.run(until=world.clock.now() + 6)
    assert story.state is State.SUBMITTED
    world.executions.stopped.add(story.try_on_id)
    deadly()
    story.cloud.deliver("settle", lambda wiring: wiring.move_on.settle(story.try_on_id))
    story.cloud.run()


PATHS = {
    "main": (main_path, 1),
    "aborted": (aborted_execution, 1),
    "told": (announced_abortion, 1),
    "retried": (lost_answer, 2),
    "closed": (closed_review, 1),
    "no-photo": (no_photo, 1),
}


@pytest.mark.promise("P1", "no-second-credit-after-a-crash")
@pytest.mark.parametrize("name", PATHS)
def test_death_after_any_call_costs_no_credit_and_no_outcome(
    mortal: MortalWorld, name: str
) -> None:
    path, calls = PATHS[name]
    clean = Story(mortal, "clean")
    began = len(mortal.scythe.calls)

    def begin_to_count() -> None:
        nonlocal began
        mortal.wiring = mortal.new_process()
        began = len(mortal.scythe.calls)

    path(clean, begin_to_count)
    clean.check(mortal.events(), calls=calls)
    made = mortal.scythe.calls[began:]
    for number, call in enumerate(made, start=1):
        if not (ALSO_READS or leaves_something(call)):
            continue
        calm(mortal)
        story = Story(mortal, f"{name}-{number}")

        def die(number: int = number) -> None:
            mortal.wiring = mortal.new_process()
            mortal.scythe.arm(number)

        path(story, die)
        where = f"killed after call {number} of {name}: {call}"
        try:
            story.check(mortal.events(), calls=calls)
            at_rest(story.cloud)
        except AssertionError as error:
            raise AssertionError(where) from error
