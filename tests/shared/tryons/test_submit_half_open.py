"""After a shut breaker one paid call goes first: its end opens it, or another goes."""

from collections.abc import Sequence

import httpx
import pytest

from tests.support.submitting import answer, created, ordered, quiet, raising, rewire
from tests.support.submitting_many import many, states
from tests.support.world import World
from tryon_worker.account.circuit_breaker import CircuitState, OpenReason
from tryon_worker.aws.table import Write
from tryon_worker.tryons.model import State, WaitingFor


@pytest.mark.promise("One rate limiter", "probe-then-one-submit")
def test_after_a_shut_breaker_one_submit_goes_before_all_others(world: World) -> None:
    requests = many(world, 5)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.container.circuit_breaker.half_open()
    seen = []

    def act(_: httpx.Request) -> httpx.Response:
        seen.append(world.container.circuit_breaker.circuit().state)
        for other in requests[1:]:
            world.step(other)
        assert {world.try_on(other).waiting_for for other in requests[1:]} == {WaitingFor.CIRCUIT}
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.step(requests[0], lambda: 120)
    assert seen == [CircuitState.HALF_OPEN]
    assert world.container.circuit_breaker.circuit().state is CircuitState.CLOSED
    assert world.paid_calls() == 0
    quiet(world, rounds=2)
    assert states(world, requests) == {State.SUBMITTED}


@pytest.mark.promise("One rate limiter", "probe-then-one-submit")
def test_one_that_is_overtaken_while_it_waits_for_its_permit_waits_for_the_circuit(
    world: World,
) -> None:
    try_on_id = ordered(world)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.container.circuit_breaker.half_open()

    def meanwhile(_seconds: float) -> None:
        assert world.container.circuit_breaker.try_acquire("another")

    object.__setattr__(world.container.step.paid_call, "sleep", meanwhile)
    world.step(try_on_id)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.CIRCUIT
    assert world.paid_calls() == 0


def test_a_trial_that_is_refused_for_its_own_sake_opens_too(world: World) -> None:
    """Genlook reads requests again, and does not refuse the account."""
    first, second = many(world, 2)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.container.circuit_breaker.half_open()
    answer(world, 400, code="VALIDATION_FAILED")
    world.step(first)
    assert world.container.circuit_breaker.circuit().state is CircuitState.CLOSED
    world.step(second)
    assert world.try_on(second).state is State.SUBMITTED


@pytest.mark.parametrize("end", ["not sent", "429", "no time", "capped"])
def test_a_trial_without_a_call_is_given_to_the_next(world: World, end: str) -> None:
    first, second = many(world, 2)
    world.container.circuit_breaker.open(OpenReason.INVALID_API_KEY)
    world.container.circuit_breaker.half_open()
    process = world.new_process()
    if end == "not sent":
        rewire(world, process, raising(httpx.ConnectError("no")))
    elif end == "429":
        answer(world, 429)
    elif end == "capped":
        world.options["max_tryons_per_day"] = 0
        process = world.new_process()
    left = [120.0, 1.0]
    process.step(first, (lambda: left.pop(0)) if end == "no time" else lambda: 120)
    assert world.try_on(first).state is State.WAITING
    assert world.container.circuit_breaker.circuit().probe_by is None
    world.clock.advance(10)
    world.step(second)
    assert world.try_on(second).state is State.SUBMITTED
    assert world.container.circuit_breaker.circuit().state is CircuitState.CLOSED


def test_the_trial_of_a_shopper_who_is_erased_meanwhile_is_given_back(world: World) -> None:
    try_on_id = ordered(world)
    world.container.circuit_breaker.open(OpenReason.INVALID_API_KEY)
    world.container.circuit_breaker.half_open()
    try_on, transact = world.try_on(try_on_id), world.container.table.transact

    def meanwhile(writes: Sequence[Write]) -> None:
        world.container.table.transact = transact  # type: ignore[method-assign]  # once
        world.container.table.write(
            world.container.shoppers.erasure_opened(
                try_on.shopper_key, "q", erased_at=try_on.requested_at
            )
        )
        transact(writes)

    world.container.table.transact = meanwhile  # type: ignore[method-assign]  # just before the mark
    world.step(try_on_id)
    assert world.events("TryOnFailed")[0]["reason"] == "CUSTOMER_ERASED"
    assert world.paid_calls() == 0
    assert world.container.circuit_breaker.circuit().probe_by is None
