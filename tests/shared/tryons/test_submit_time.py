"""No paid call that its worker, or its lease, might not outlive (promise P1)."""

from collections.abc import Sequence

import pytest

from tests.support.submitting import ordered
from tests.support.world import World
from tryon_worker.aws.table import Write
from tryon_worker.tryons.model import State, WaitingFor
from tryon_worker.tryons.submit import SAVE_SECONDS


@pytest.mark.parametrize(("seconds", "state"), [(20, State.SUBMITTED), (21, State.WAITING)])
def test_a_mark_that_took_too_long_is_followed_by_no_call(
    world: World, seconds: int, state: State
) -> None:
    """The lease of the mark began before it: another might take the call for lost."""
    try_on_id = ordered(world)
    world.clock.advance(int(world.clock.now()) + 1 - world.clock.now())  # a full second
    transact = world.container.table.transact

    def slow(writes: Sequence[Write]) -> None:
        world.container.table.transact = transact  # type: ignore[method-assign]  # once
        world.clock.advance(seconds)
        transact(writes)

    world.container.table.transact = slow  # type: ignore[method-assign]  # others keep rows busy
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is state
    assert world.paid_calls() == (state is State.SUBMITTED)


@pytest.mark.promise("The paid call", "only-with-time-left")
@pytest.mark.parametrize(
    ("before", "after", "calls"), [(0, 0, 1), (-0.5, 0, 0), (0, -0.5, 0), (100, -0.5, 0)]
)
def test_the_call_is_made_in_the_time_that_it_may_take_or_not_at_all(
    world: World, before: float, after: float, calls: int
) -> None:
    """``before`` and ``after`` the mark: so many seconds more than are needed."""
    try_on_id = ordered(world)
    needed = world.container.step.paid_call.call_seconds
    left = [needed + SAVE_SECONDS + before, needed + after]
    world.container.step(try_on_id, lambda: left.pop(0))
    assert world.paid_calls() == calls
    assert world.try_on(try_on_id).waiting_for == (None if calls else WaitingFor.RETRY)
