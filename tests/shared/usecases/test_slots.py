"""No call to Genlook before its slot: what is granted for later is sent later (promise P3)."""

from collections.abc import Callable

import pytest

from local.genlook.faults import Fate
from tests.support.erasing import erase
from tests.support.paying import SMALL_PHOTO, ordered
from tests.support.tryons import submitted
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.breaker import ShutBy
from tryon_worker.budget import Budget, NoSlot, Slot
from tryon_worker.gcra import CallClass


def moments(world: World, operation: str, do: Callable[[], object]) -> list[float]:
    """When calls arrive that are asked for behind some others, in seconds from now."""
    for _ in range(6):
        world.wiring.budget.take(CallClass.SUBMIT)
    now, before = world.clock.now(), len(world.genlook.control.calls(operation))
    do()
    return [call["time"] - now for call in world.genlook.control.calls(operation)[before:]]


@pytest.mark.promise("P3", "no-call-before-its-permit")
@pytest.mark.promise("Waiting is not failing", "worker-waits-for-a-near-permit")
def test_the_paid_call_waits_for_its_slot(world: World) -> None:
    try_on_id = ordered(world)
    (paid,) = moments(world, "try_on", lambda: world.step(try_on_id))
    assert paid > 2


@pytest.mark.promise("P3", "no-call-before-its-permit")
def test_a_look_waits_for_its_slot_and_so_does_a_second_question(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5))
    generation_id = world.executions.started[try_on_id]
    world.clock.advance(30)
    first, second = moments(
        world, "generation", lambda: world.wiring.look(try_on_id, generation_id)
    )
    assert 2 < first < second - 0.5


@pytest.mark.promise("P3", "no-call-before-its-permit")
def test_a_free_call_waits_for_its_slot(world: World) -> None:
    arrival = world.photo(data=SMALL_PHOTO)
    (sent,) = moments(world, "upload", lambda: world.wiring.receive_photo(arrival))
    assert sent > 2


def test_a_probe_waits_for_its_slot(world: World) -> None:
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    world.clock.advance(61)
    (asked,) = moments(world, "credits", lambda: world.wiring.housekeep(lambda: 50.0))
    assert asked > 2


@pytest.mark.promise("P3", "one-rate-limiter-for-all-calls")
def test_every_call_takes_a_slot_of_the_one_budget(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(credits_low_threshold=50)
    taken, take = [], Budget.take

    def counted(budget: Budget, call: CallClass) -> Slot | NoSlot:
        slot = take(budget, call)
        taken.append(isinstance(slot, Slot))
        return slot

    monkeypatch.setattr(Budget, "take", counted)
    world.watch(submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5)))
    world.clock.advance(30)  # whoever is in no hurry takes a slot of an idle account only
    world.wiring.take_in(world.event("ProductDeleted", {"externalId": "tee-1"}))
    world.clock.advance(30)
    world.wiring.housekeep(lambda: 50.0)
    erase(world)
    calls = [call["operation"] for call in world.genlook.control.calls()]
    asked = [operation for operation in calls if operation != "file"]  # a picture is no request
    everything = {"upload", "try_on", "generation", "product_delete", "credits", "customer_delete"}
    assert set(asked) == everything
    assert len(asked) == sum(taken)
