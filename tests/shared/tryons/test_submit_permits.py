"""No call to Genlook before its slot: what is granted for later is sent later (promise P3)."""

from collections.abc import Callable

import pytest

from local.genlook.faults import Fate
from tests.support.erasing import erase
from tests.support.submitting import SMALL_PHOTO, ordered
from tests.support.tryons import submitted
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied, Granted, RateLimiter


def moments(world: World, operation: str, do: Callable[[], object]) -> list[float]:
    """When calls arrive that are asked for behind some others, in seconds from now."""
    for _ in range(6):
        world.container.rate_limiter.take(Priority.SUBMIT)
    now, before = world.clock.now(), len(world.genlook.control.calls(operation))
    do()
    return [call["time"] - now for call in world.genlook.control.calls(operation)[before:]]


@pytest.mark.promise("P3", "no-call-before-its-permit")
@pytest.mark.promise("Waiting is not failing", "worker-waits-for-a-near-permit")
def test_the_paid_call_waits_for_its_slot(world: World) -> None:
    try_on_id = ordered(world)
    (submission,) = moments(world, "try_on", lambda: world.step(try_on_id))
    assert submission > 2


@pytest.mark.promise("P3", "no-call-before-its-permit")
def test_a_look_waits_for_its_slot_and_so_does_a_second_question(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5))
    generation_id = world.state_machine.started[try_on_id]
    world.clock.advance(30)
    first, second = moments(
        world, "generation", lambda: world.container.poll(try_on_id, generation_id)
    )
    assert 2 < first < second - 0.5


@pytest.mark.promise("P3", "no-call-before-its-permit")
def test_a_free_call_waits_for_its_slot(world: World) -> None:
    arrival = world.photo(data=SMALL_PHOTO)
    (sent,) = moments(world, "upload", lambda: world.container.receive_photo(arrival))
    assert sent > 2


def test_a_probe_waits_for_its_slot(world: World) -> None:
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.clock.advance(61)
    (asked,) = moments(world, "credits", lambda: world.container.housekeeping_round(lambda: 50.0))
    assert asked > 2


@pytest.mark.promise("P3", "one-rate-limiter-for-all-calls")
def test_every_call_takes_a_slot_of_the_one_budget(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(credits_low_threshold=50)
    taken, take = [], RateLimiter.take

    def counted(rate_limiter: RateLimiter, call: Priority) -> Granted | Denied:
        slot = take(rate_limiter, call)
        taken.append(isinstance(slot, Granted))
        return slot

    monkeypatch.setattr(RateLimiter, "take", counted)
    world.watch(submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5)))
    world.clock.advance(30)  # whoever is in no hurry takes a slot of an idle account only
    world.container.route_event(world.event("ProductDeleted", {"externalId": "tee-1"}))
    world.clock.advance(30)
    world.container.housekeeping_round(lambda: 50.0)
    erase(world)
    calls = [call["operation"] for call in world.genlook.control.calls()]
    asked = [operation for operation in calls if operation != "file"]  # a picture is no request
    everything = {"upload", "try_on", "generation", "product_delete", "credits", "customer_delete"}
    assert set(asked) == everything
    assert len(asked) == sum(taken)
