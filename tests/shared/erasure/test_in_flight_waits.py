"""What an open erasure waits for: all that may still leave something."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.support.erasing import LATE, assert_nothing_is_left, closed, deletions, erase, wait
from tests.support.reporting import ask
from tests.support.world import SHOPPER, World
from tryon_worker.aws.buckets import result_prefix
from tryon_worker.erasure.in_flight import IN_FLIGHT_SECONDS
from tryon_worker.erasure.store import Erasure
from tryon_worker.erasure.sweep import Swept
from tryon_worker.tryons.model import Reason, State


@pytest.mark.promise("Erasure", "sweep-takes-everything")
def test_a_running_try_on_ends_quietly_and_keeps_the_erasure_open(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.run()
    world.events()
    world.clock.advance(2)
    erase(world)
    (ended,) = world.events()
    assert (ended["type"], ended["reason"]) == ("TryOnFailed", "CUSTOMER_ERASED")
    assert set(ended) == {"type", "schemaVersion", "occurredAt", "tryOnId", "reason"}
    world.clock.advance(60)
    world.watch(try_on_id)  # the wait loop finds it decided
    assert world.genlook.control.customer(SHOPPER)["counts"]["results"] == 1
    wait(world, LATE - 400)
    assert closed(world) == []
    wait(world, 700)
    (said,) = closed(world)
    assert said["erased"]["tryOns"] == 1
    assert deletions(world) == 2
    assert world.try_on(try_on_id).state is State.DECIDED
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "second-sweep-before-customer-erased")
def test_a_picture_that_is_copied_after_the_first_sweep_goes_with_the_second(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.run()
    world.clock.advance(2)
    erase(world)
    late = result_prefix(world.try_on(try_on_id).shopper_key, try_on_id) + "late.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=late, Body=b"picture")
    wait(world, LATE + 600)
    (said,) = closed(world)
    assert said["erased"]["results"] == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "intent-comes-first")
def test_a_copy_that_was_under_way_when_it_was_decided_is_waited_for(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    world.clock.advance(2)
    erase(world)
    assert closed(world) == []
    again = result_prefix(world.try_on(try_on_id).shopper_key, try_on_id) + "again.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=again, Body=b"the slower of two looks")
    wait(world, 700)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "unknown-ends-are-waited-for")
@pytest.mark.parametrize("end", ["unknown", "closed", "timed out"])
def test_a_generation_that_nobody_saw_end_is_waited_for(world: World, end: str) -> None:
    world.ready_photo()
    if end == "timed out":
        world.genlook.control.decide(Fate(seconds=650))
    else:
        world.genlook.control.lose_answer("try_on")
    try_on_id = world.accepted()
    world.run()
    if end == "timed out":
        world.watch(try_on_id, rounds=2000)
        verdict = world.try_on(try_on_id).verdict
        assert verdict
        assert verdict.reason is Reason.TIMED_OUT
    if end == "closed":
        world.clock.advance(1)
        review = {"tryOnId": try_on_id, "action": "close"}
        world.container.route_event(world.event("TryOnReviewed", review, source="tryon.operator"))
    world.clock.advance(2)
    erase(world)
    assert closed(world) == []
    world.clock.advance(60)  # Genlook makes a picture of it meanwhile
    wait(world, LATE - 900)
    assert closed(world) == [], "the margin is not over"
    wait(world, 1500)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "intent-comes-first")
def test_an_upload_under_way_is_waited_for(world: World) -> None:
    arrival = world.photo()
    slow = world.new_process()

    def erased_meanwhile(_seconds: float) -> None:
        world.clock.advance(1)
        erase(world)
        assert closed(world) == []

    object.__setattr__(slow.unbilled_call, "sleep", erased_meanwhile)
    slow.receive_photo(arrival)
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 1
    assert world.events("PhotoReady") == []
    wait(world, LATE - 400)
    assert closed(world) == []
    wait(world, 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "intent-comes-first")
def test_a_paid_call_under_way_is_waited_for(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.messages("tryon")
    slow = world.new_process()

    def erased_meanwhile(*arguments: Any) -> Any:
        answer = world.container.genlook.create_try_on(*arguments)
        world.clock.advance(1)
        erase(world)
        assert closed(world) == []
        return answer

    object.__setattr__(_payer(slow), "call", erased_meanwhile)
    slow.step(try_on_id, lambda: 120.0)
    assert world.paid_calls() == 1
    assert world.genlook.control.customer(SHOPPER)["counts"]["generations"] == 1
    world.clock.advance(120)
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def _payer(container: Any) -> Any:
    return getattr(container.step, "paid_call", container.step)


def test_when_the_first_sweep_dies_after_its_traces_are_gone_the_wait_is_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.messages("tryon")
    slow = world.new_process()

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def erasure_dies_meanwhile(*arguments: Any) -> Any:
        answer = world.container.genlook.create_try_on(*arguments)
        world.clock.advance(1)
        monkeypatch.setattr(world.container.erase.erasures, "count", die)
        with pytest.raises(KeyboardInterrupt):
            erase(world)
        monkeypatch.undo()
        return answer

    object.__setattr__(_payer(slow), "call", erasure_dies_meanwhile)
    slow.step(try_on_id, lambda: 120.0)
    # Nothing here says any more that there was a call.
    assert world.try_on(try_on_id).submitted_at is None
    world.events()
    wait(world, LATE - 400)
    assert closed(world) == []
    wait(world, 1500)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "unknown-ends-are-waited-for")
def test_after_a_retry_two_generations_may_run_and_both_are_waited_for(world: World) -> None:
    world.ready_photo()
    world.genlook.control.lose_answer("try_on")
    try_on_id = world.accepted()
    world.run()
    world.clock.advance(1)
    review = {"tryOnId": try_on_id, "action": "retry"}
    world.container.route_event(world.event("TryOnReviewed", review, source="tryon.operator"))
    world.run()
    world.watch(try_on_id)
    world.clock.advance(600)
    erase(world)
    world.clock.advance(600)
    world.housekeeping_round()
    assert closed(world) == []
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_the_last_second_in_flight_still_keeps_it_open(world: World) -> None:
    world.ready_photo()
    world.accepted()
    world.run()
    world.clock.advance(2)
    erase(world)
    request_key = world.container.pseudonymizer.request_key("forget-1")
    until = world.container.shoppers.get(shopper_key(world)).in_flight_until
    world.clock.advance(until - world.clock.now())
    world.container.erase.resume(shopper_key(world), request_key)
    assert closed(world) == []
    world.clock.advance(1)
    world.container.erase.resume(shopper_key(world), request_key)
    assert len(closed(world)) == 1


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.parametrize("found", ["try-on", "data request"])
def test_a_publisher_that_a_long_sweep_met_at_its_end_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    """It read the row right before the sweep removed it, and publishes until its function ends."""
    if found == "try-on":
        world.accepted()
    else:
        ask(world)
    world.clock.advance(2)
    sweep = world.container.erase.sweep

    def slow(erasure: Erasure, external_user_id: str) -> Iterator[Swept]:
        world.clock.advance(200)
        yield from sweep(erasure, external_user_id)

    with monkeypatch.context() as patch:
        patch.setitem(world.container.erase.__dict__, "sweep", slow)
        erase(world)
    in_flight_until = world.container.shoppers.get(shopper_key(world)).in_flight_until
    assert in_flight_until == int(world.clock.now()) + IN_FLIGHT_SECONDS
    wait(world, 900)
    assert len(closed(world)) == 1


def shopper_key(world: World) -> str:
    return world.container.pseudonymizer.shopper_key(SHOPPER)
