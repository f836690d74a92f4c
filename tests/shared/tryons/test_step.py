"""Who may take a try-on's next step, and what a message does that comes twice, late or never."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.concurrent import ConcurrentWorld
from tests.support.submitting import created, ordered, quiet, rewire, types
from tests.support.world import World
from tryon_worker.aws.table import Write
from tryon_worker.container import Container
from tryon_worker.tryons.model import State, WaitingFor
from tryon_worker.tryons.step import CLAIM_SECONDS, UnknownTryOn


@pytest.mark.promise("P1", "duplicates-are-one-paid-call")
def test_the_same_message_ten_times_at_the_same_moment_is_paid_once(world: World) -> None:
    try_on_id = ordered(world)
    processes = [world.new_process() for _ in range(10)]
    for process in processes:
        assert process.step  # all its clients are made before the start
    start = threading.Barrier(len(processes))

    def deliver(process: Container) -> None:
        start.wait()
        process.step(try_on_id, lambda: 120)

    with ThreadPoolExecutor(len(processes)) as workers:
        list(workers.map(deliver, processes))
    assert world.paid_calls() == world.genlook.control.charges() == 1
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert list(world.state_machine.started) == [try_on_id]


def test_a_message_of_nothing_we_accepted_is_poison(world: World) -> None:
    with pytest.raises(UnknownTryOn):
        world.step("0" * 40)


def test_a_claim_keeps_others_out_until_its_lease_is_over(world: World) -> None:
    try_on_id = ordered(world)
    now = int(world.clock.now())
    world.container.ledger.claim(try_on_id, "dead", now=now, lease_until=now + CLAIM_SECONDS)
    world.clock.advance(CLAIM_SECONDS)
    world.step(try_on_id)
    assert world.try_on(try_on_id).attempt == "dead"
    assert world.paid_calls() == 0
    world.clock.advance(1)
    world.step(try_on_id)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 1)


def test_what_a_dead_worker_claimed_is_found_by_housekeeping(world: World) -> None:
    try_on_id = ordered(world)
    now = int(world.clock.now())
    world.container.ledger.claim(try_on_id, "dead", now=now, lease_until=now + CLAIM_SECONDS)
    quiet(world, rounds=4)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 1)


def test_a_redelivery_after_success_makes_sure_that_the_wait_loop_runs(world: World) -> None:
    try_on_id = ordered(world)
    world.step(try_on_id)
    generation_id = world.state_machine.started.pop(try_on_id)  # the worker died before the start
    world.events()
    world.step(try_on_id)
    assert world.state_machine.started == {try_on_id: generation_id}
    assert (types(world.events()), world.paid_calls()) == (["TryOnSubmitted"], 1)
    world.step(try_on_id)
    assert (world.events(), world.paid_calls()) == ([], 1)


def test_a_redelivery_while_another_pays_does_nothing(world: World) -> None:
    try_on_id = ordered(world)

    def act(_: httpx.Request) -> httpx.Response:
        world.step(try_on_id)  # in the very middle of the call
        assert world.try_on(try_on_id).state is State.SUBMITTING
        return created()

    wire = rewire(world, payer := world.new_process(), act)
    payer.step(try_on_id, lambda: 120)
    assert (wire.submission, world.paid_calls()) == (1, 0)
    assert world.try_on(try_on_id).generation_id == "gen-1"


def test_a_redelivery_after_the_outcome_publishes_what_was_not(world: World) -> None:
    try_on_id = ordered(world, photo={"url": "https://cdn.shop.example/tee.png"})
    world.genlook.control.refuse("try_on", 400, "VALIDATION_FAILED")
    publish, world.container.publisher.publish = world.container.publisher.publish, _not_taken  # type: ignore[method-assign]  # the bus is down
    with pytest.raises(ConnectionError):
        world.step(try_on_id)
    world.container.publisher.publish = publish  # type: ignore[method-assign]  # and up again
    assert world.events() == []
    world.step(try_on_id)
    world.step(try_on_id)
    assert (types(world.events()), world.paid_calls()) == (["TryOnFailed"], 1)


def _not_taken(*_: object, **__: object) -> None:
    raise ConnectionError


def test_a_worker_that_died_in_the_call_leaves_it_to_a_person(world: World) -> None:
    try_on_id = ordered(world)

    def act(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt  # what kills a process cannot be handled by it

    rewire(world, payer := world.new_process(), act)
    with pytest.raises(KeyboardInterrupt):
        payer.step(try_on_id, lambda: 120)
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.due_at) == (State.SUBMITTING, try_on.lease_until)
    for _ in range(3):
        world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTING
    quiet(world, rounds=3)
    assert world.try_on(try_on_id).state is State.UNKNOWN
    assert (types(world.events()), world.paid_calls()) == (["TryOnNeedsReview"], 0)


def test_the_same_id_with_another_payload_is_refused_and_pays_nothing(world: World) -> None:
    try_on_id = ordered(world)
    world.step(try_on_id)
    world.events()
    other = world.request(
        product={"externalId": "other", "images": [{"url": "https://a.example/b"}]}
    )
    world.container.route_event(world.event("TryOnRequested", other))
    world.run()
    (refused,) = world.events()
    assert (refused["type"], refused["reason"]) == ("RequestRefused", "CONFLICTING_REPEAT")
    assert (world.paid_calls(), world.try_on_ids()) == (1, [try_on_id])


def test_a_call_that_failed_in_a_way_that_nobody_foresaw_is_not_made_again(world: World) -> None:
    """The claim of a step that fails is given back, but not once it may have paid."""
    try_on_id = ordered(world)

    def act(_: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    wire = rewire(world, world.container, act)
    with pytest.raises(ZeroDivisionError):
        world.step(try_on_id)
    world.step(try_on_id)
    assert (world.try_on(try_on_id).state, wire.submission) == (State.SUBMITTING, 1)
    quiet(world, rounds=3)
    assert (world.try_on(try_on_id).state, wire.submission) == (State.UNKNOWN, 1)


@pytest.mark.promise("The paid call", "only-with-time-left")
@pytest.mark.parametrize("seconds", [64.9, 20, 0.5])
def test_without_time_for_the_call_nothing_is_marked(world: World, seconds: float) -> None:
    try_on_id = ordered(world)
    world.time_left = seconds
    world.step(try_on_id)
    try_on = world.try_on(try_on_id)
    assert (try_on.waiting_for, try_on.called_at) == (WaitingFor.RETRY, None)
    assert world.paid_calls() == 0
    world.time_left = 65
    quiet(world, rounds=1)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 1)


@pytest.mark.promise("The paid call", "only-with-time-left")
@pytest.mark.parametrize("slow", ["the mark", "the worker"])
def test_a_mark_that_took_too_long_is_taken_back(world: World, slow: str) -> None:
    try_on_id = ordered(world)
    transact = world.container.table.transact
    left = [120.0, 44.0]  # before the mark, and after it

    def slowly(writes: Sequence[Write]) -> None:
        transact(writes)
        world.clock.advance(21 if slow == "the mark" else 0)

    world.container.table.transact = slowly  # type: ignore[method-assign]  # a busy table
    world.container.step(try_on_id, (lambda: left.pop(0)) if slow == "the worker" else lambda: 120)
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.waiting_for) == (State.WAITING, WaitingFor.RETRY)
    assert (world.paid_calls(), try_on.called_at) == (0, None)


@pytest.mark.promise("The paid call", "expired-submitting-is-unknown")
def test_the_lease_outlasts_the_call_and_what_is_saved_after_it(world: World) -> None:
    try_on_id = ordered(world)
    leases = []

    def act(_: httpx.Request) -> httpx.Response:
        leases.append(world.try_on(try_on_id).lease_until - world.clock.now())
        return created()

    rewire(world, world.container, act)
    world.step(try_on_id)
    assert leases[0] > world.container.step.paid_call.call_seconds + 20


@pytest.mark.promise("P1", "duplicates-are-one-paid-call")
def test_the_mark_of_another_attempt_is_not_taken_for_our_own(busy: ConcurrentWorld) -> None:
    """Ours slept for longer than its lease; another one is about to make the call."""
    try_on_id = ordered(busy)
    busy.container = busy.new_process()

    def another_marks(_seconds: float) -> None:
        busy.clock.advance(CLAIM_SECONDS + 1)
        ledger, now = busy.observer.ledger, int(busy.clock.now())
        ledger.claim(try_on_id, "another", now=now, lease_until=now + CLAIM_SECONDS)
        mark = ledger.submission(
            try_on_id,
            "another",
            now=now,
            lease_until=now + CLAIM_SECONDS,
            quota_day="2027-01-15",
            photo_id="",
        )
        busy.observer.table.write(mark)

    object.__setattr__(busy.container.step.paid_call, "sleep", another_marks)
    busy.step(try_on_id)
    assert busy.try_on(try_on_id).attempt == "another"
    assert busy.paid_calls() == 0
