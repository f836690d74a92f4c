"""An outage opens the circuit after few unknown ends, and what an open circuit keeps from all."""

import httpx
import pytest

from local.genlook.faults import Fate
from tests.support.submitting import answer, ordered, quiet, rewire, types
from tests.support.submitting_many import at_once, many, states
from tests.support.world import World
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.tryons.model import State, WaitingFor
from tryon_worker.tryons.polling import StillRunning


@pytest.mark.promise("One rate limiter", "three-unknowns-open-the-circuit")
def test_three_unknown_ends_in_a_row_shut_the_breaker_and_there_is_no_fourth(world: World) -> None:
    requests = many(world, 8)
    answer(world, 503, times=None)
    for try_on_id in requests:
        world.step(try_on_id)
    assert world.paid_calls() == 3
    assert world.container.circuit_breaker.circuit().opened_by is OpenReason.UNKNOWN_ENDS
    assert types(world.events()) == ["TryOnNeedsReview"] * 3
    assert {world.try_on(waiting).waiting_for for waiting in requests[3:]} == {WaitingFor.CIRCUIT}


def test_a_known_end_in_between_begins_the_count_anew(world: World) -> None:
    requests = many(world, 6)
    for number, try_on_id in enumerate(requests):
        if number != 2:
            answer(world, 503)
        world.step(try_on_id)
    assert world.paid_calls() == 6
    assert world.container.circuit_breaker.circuit().opened_by is OpenReason.UNKNOWN_ENDS


@pytest.mark.parametrize("probe", [200, 503], ids=["the probe works", "the probe fails too"])
def test_ten_minutes_of_503_cost_at_most_five_reviews(world: World, probe: int) -> None:
    requests = at_once(world)
    answer(world, 503, times=None)
    if probe == 503:
        world.genlook.control.refuse("credits", 503, times=None)
    world.run()
    quiet(world, rounds=10, seconds=60)
    reviews = types(world.events()).count("TryOnNeedsReview")
    assert reviews == world.paid_calls() == (5 if probe == 200 else 3)
    world.genlook.control.disarm()
    quiet(world, rounds=20, seconds=60)
    assert world.genlook.control.charges() == len(requests) - reviews
    assert State.WAITING not in states(world, requests)


def test_five_workers_in_the_same_outage_cost_no_more(world: World) -> None:
    """Each is in the middle of its call when the first end comes."""
    requests = many(world, 12)
    inner: list[str] = list(requests[1:])

    def act(_: httpx.Request) -> httpx.Response:
        if len(inner) > 7:
            process = world.new_process()
            rewire(world, process, act)
            process.step(inner.pop(0), lambda: 120)
        return httpx.Response(503)

    wire = rewire(world, world.container, act)
    for try_on_id in requests:
        world.step(try_on_id)
    quiet(world, rounds=10, seconds=60)
    reviews = types(world.events()).count("TryOnNeedsReview")
    assert reviews == 5
    assert wire.submission <= 5


@pytest.mark.promise("The paid call", "checks-come-before-the-call")
def test_a_shut_breaker_takes_no_slot_of_the_budget(world: World) -> None:
    requests = many(world, 3)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    before = world.container.table.get(("ACCOUNT", "RATE_LIMITER"))
    for try_on_id in requests:
        world.step(try_on_id)
    assert before is not None
    after = world.container.table.get(("ACCOUNT", "RATE_LIMITER"))
    assert after is not None
    assert before.get("tat") == after.get("tat")


@pytest.mark.promise("One rate limiter", "deadlines-stand-still")
def test_deadlines_of_running_try_ons_stand_still_while_the_breaker_is_shut(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.decide(Fate(kind="hang"))
    world.step(try_on_id)
    generation_id = world.state_machine.started[try_on_id]
    world.clock.advance(500)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.clock.advance(2000)
    assert isinstance(world.container.poll(try_on_id, generation_id), StillRunning)
    world.container.circuit_breaker.half_open()  # from here on time runs again
    world.clock.advance(90)
    assert isinstance(world.container.poll(try_on_id, generation_id), StillRunning)
    world.clock.advance(11)
    world.container.poll(try_on_id, generation_id)
    assert world.events("TryOnFailed")[0]["reason"] == "TIMED_OUT"
