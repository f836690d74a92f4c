"""An answer that comes late, or twice, or after a person decided: it counts once, or no more."""

from collections.abc import Sequence

import httpx
import pytest

from tests.support.submitting import at_review, created, ordered, quiet, rewire, types
from tests.support.world import World
from tryon_worker.aws.table import Row, Write
from tryon_worker.tryons.model import Reason, State


@pytest.mark.promise("The paid call", "late-answer-counts")
def test_a_late_success_of_the_same_attempt_is_taken(world: World) -> None:
    try_on_id = _answered_after_the_lease(world, created("gen-late"))
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.generation_id) == (State.SUBMITTED, "gen-late")
    assert (try_on.review_reason, try_on.unknown_at) == (None, None)
    assert types(world.events()) == ["TryOnNeedsReview", "TryOnSubmitted"]


@pytest.mark.promise("The paid call", "late-answer-counts")
def test_a_late_refusal_of_the_same_attempt_is_taken(world: World) -> None:
    refusal = httpx.Response(400, json={"code": "VALIDATION_FAILED", "message": "m", "status": 400})
    try_on_id = _answered_after_the_lease(world, refusal)
    assert world.try_on(try_on_id).state is State.DECIDED
    assert types(world.events()) == ["TryOnNeedsReview", "TryOnFailed"]


def test_a_late_429_of_the_same_attempt_lets_it_wait(world: World) -> None:
    try_on_id = _answered_after_the_lease(world, httpx.Response(429))
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.review_reason) == (State.WAITING, None)
    quiet(world, rounds=1)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 1)


def _answered_after_the_lease(world: World, answered: httpx.Response) -> str:
    try_on_id = ordered(world)

    def act(_: httpx.Request) -> httpx.Response:
        world.clock.advance(200)
        world.container.housekeeping_round(lambda: 120)
        assert world.try_on(try_on_id).state is State.UNKNOWN
        return answered

    rewire(world, payer := world.new_process(), act)
    payer.step(try_on_id, lambda: 120)
    return try_on_id


@pytest.mark.parametrize("answered", [201, 429, 400])
def test_an_answer_after_a_person_ordered_another_call_changes_nothing(
    world: World, answered: int
) -> None:
    try_on_id = ordered(world)

    def act(_: httpx.Request) -> httpx.Response:
        world.clock.advance(200)
        world.container.housekeeping_round(lambda: 120)
        now, review = int(world.clock.now()), world.try_on(try_on_id).attempt or ""
        world.container.ledger.retry(try_on_id, review, now=now, due_at=now + 900)
        return created("gen-old") if answered == 201 else httpx.Response(answered)

    rewire(world, payer := world.new_process(), act)
    payer.step(try_on_id, lambda: 120)
    assert world.try_on(try_on_id).state is State.ACCEPTED
    world.clock.advance(10)  # past what a 429 asks for
    world.step(try_on_id)
    try_on = world.try_on(try_on_id)
    assert (try_on.state, world.paid_calls()) == (State.SUBMITTED, 1)
    assert try_on.generation_id != "gen-old"


@pytest.mark.parametrize("answered", [401, 402, 429])
def test_what_such_an_answer_says_of_the_account_counts_all_the_same(
    world: World, answered: int
) -> None:
    first, other = ordered(world, "r-1"), ordered(world, "r-2")

    def act(_: httpx.Request) -> httpx.Response:
        now = int(world.clock.now())
        attempt = world.try_on(first).attempt or ""
        world.container.ledger.unknown(first, attempt, reason="", now=now)
        world.container.ledger.retry(first, attempt, now=now, due_at=now + 900)
        return httpx.Response(answered)

    rewire(world, payer := world.new_process(), act)
    payer.step(first, lambda: 120)
    world.step(other)
    assert (world.try_on(other).state, world.paid_calls()) == (State.WAITING, 0)
    assert world.try_on(first).state is State.ACCEPTED


@pytest.mark.promise("The paid call", "own-attempt-is-success")
def test_an_answer_whose_save_was_made_twice_is_still_a_success(world: World) -> None:
    """The SDK repeats a write whose answer it lost, and then finds its own row."""
    try_on_id = ordered(world, product={"externalId": "known"})  # a bare reference: one write
    result_of = world.container.step.paid_call.result
    once = result_of.table.write
    rewire(world, payer := world.new_process(), lambda _: created())

    def twice(write: Write) -> Row:
        done = once(write)
        if done.get("state") == State.SUBMITTED:
            return once(write)
        return done

    payer.table.write = twice  # type: ignore[method-assign]  # an SDK that lost an answer
    payer.step(try_on_id, lambda: 120)
    assert world.state_machine.started == {try_on_id: "gen-1"}


@pytest.mark.promise("The paid call", "own-attempt-is-success")
def test_a_mark_that_was_made_twice_is_still_paid_once(world: World) -> None:
    try_on_id = ordered(world)
    transact = world.container.table.transact

    def twice(writes: Sequence[Write]) -> None:
        transact(writes)
        world.container.table.transact = transact  # type: ignore[method-assign]  # once is enough
        transact(writes)

    world.container.table.transact = twice  # type: ignore[method-assign]  # an SDK that lost an answer
    world.step(try_on_id)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 1)


@pytest.mark.promise("The paid call", "own-attempt-is-success")
def test_a_mark_that_is_made_again_when_it_is_under_review_pays_nothing(world: World) -> None:
    """The attempt is still ours, but a person may already order another call."""
    try_on_id = ordered(world)
    transact = world.container.table.transact

    def twice(writes: Sequence[Write]) -> None:
        transact(writes)
        world.container.table.transact = transact  # type: ignore[method-assign]  # once is enough
        now, attempt = int(world.clock.now()), world.try_on(try_on_id).attempt or ""
        world.container.ledger.unknown(try_on_id, attempt, reason="", now=now)
        transact(writes)

    world.container.table.transact = twice  # type: ignore[method-assign]  # an SDK that lost an answer
    world.step(try_on_id)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.UNKNOWN, 0)


def test_a_person_closes_it_while_the_answer_is_on_its_way(world: World) -> None:
    try_on_id = at_review(world)
    world.events()
    world.container.review.close(world.try_on(try_on_id))
    (closed,) = world.events()
    assert (closed["type"], closed["reason"]) == ("TryOnFailed", Reason.CLOSED)
    world.step(try_on_id)
    assert (world.events(), world.paid_calls()) == ([], 1)
