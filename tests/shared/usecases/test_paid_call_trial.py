"""After a shut breaker one paid call goes first: its end opens it, or another goes."""

from collections.abc import Sequence

import httpx
import pytest

from tests.support.paying import answer, created, ordered, quiet, raising, rewire
from tests.support.paying_many import many, states
from tests.support.world import World
from tryon_worker.breaker import Gate, ShutBy
from tryon_worker.store.entry import State, WaitingFor
from tryon_worker.store.table import Write


@pytest.mark.promise("One rate limiter", "probe-then-one-submit")
def test_after_a_shut_breaker_one_submit_goes_before_all_others(world: World) -> None:
    wishes = many(world, 5)
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    world.wiring.breaker.try_one()
    seen = []

    def act(_: httpx.Request) -> httpx.Response:
        seen.append(world.wiring.breaker.state().gate)
        for other in wishes[1:]:
            world.step(other)
        assert {world.entry(other).waiting_for for other in wishes[1:]} == {WaitingFor.BREAKER}
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.submit(wishes[0], lambda: 120)
    assert seen == [Gate.TRIAL]
    assert world.wiring.breaker.state().gate is Gate.OPEN
    assert world.paid_calls() == 0
    quiet(world, rounds=2)
    assert states(world, wishes) == {State.SUBMITTED}


def test_a_trial_that_is_refused_for_its_own_sake_opens_too(world: World) -> None:
    """Genlook reads wishes again, and does not refuse the account."""
    first, second = many(world, 2)
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    world.wiring.breaker.try_one()
    answer(world, 400, code="VALIDATION_FAILED")
    world.step(first)
    assert world.wiring.breaker.state().gate is Gate.OPEN
    world.step(second)
    assert world.entry(second).state is State.SUBMITTED


@pytest.mark.parametrize("end", ["not sent", "429", "no time", "capped"])
def test_a_trial_without_a_call_is_given_to_the_next(world: World, end: str) -> None:
    first, second = many(world, 2)
    world.wiring.breaker.shut(ShutBy.INVALID_API_KEY)
    world.wiring.breaker.try_one()
    process = world.new_process()
    if end == "not sent":
        rewire(world, process, raising(httpx.ConnectError("no")))
    elif end == "429":
        answer(world, 429)
    elif end == "capped":
        world.options["max_tryons_per_day"] = 0
        process = world.new_process()
    left = [120.0, 1.0]
    process.submit(first, (lambda: left.pop(0)) if end == "no time" else lambda: 120)
    assert world.entry(first).state is State.WAITING
    assert world.wiring.breaker.state().trial_by is None
    world.clock.advance(10)
    world.step(second)
    assert world.entry(second).state is State.SUBMITTED
    assert world.wiring.breaker.state().gate is Gate.OPEN


def test_the_trial_of_a_shopper_who_is_erased_meanwhile_is_given_back(world: World) -> None:
    try_on_id = ordered(world)
    world.wiring.breaker.shut(ShutBy.INVALID_API_KEY)
    world.wiring.breaker.try_one()
    entry, transact = world.entry(try_on_id), world.wiring.table.transact

    def meanwhile(writes: Sequence[Write]) -> None:
        world.wiring.table.transact = transact  # type: ignore[method-assign]  # once
        world.wiring.table.write(
            world.wiring.shoppers.erasure_opened(entry.shopper_key, "q", erased_at=entry.wished_at)
        )
        transact(writes)

    world.wiring.table.transact = meanwhile  # type: ignore[method-assign]  # just before the mark
    world.step(try_on_id)
    assert world.events("TryOnFailed")[0]["reason"] == "CUSTOMER_ERASED"
    assert world.paid_calls() == 0
    assert world.wiring.breaker.state().trial_by is None
