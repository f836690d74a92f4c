"""The SDK repeats a write whose answer it lost: what counts must not count it twice.

Only a transaction has a token by which DynamoDB knows the repeat; every other write is made again.
There are two exceptions. The repeat of a slot of the account's rate books another one, which is
safe, and costs half a second. The repeat of a lease of a privacy request finds it taken: then
housekeeping comes when it is over.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.genlook.faults import Fate
from local.memory.cloud import Session
from tests.support.erasing import closed, completed, erase, wait
from tests.support.submitting import SMALL_PHOTO, answer, ordered
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.tryons.model import Outcome, State

WRITES = ("UpdateItem", "PutItem", "DeleteItem", "TransactWriteItems")


def lose_first_answer(call: str, do: Callable[..., Any], given: dict[str, Any]) -> Any:
    """What the SDK does around each call, if the first answer to every write is lost."""
    service, _, operation = call.partition(".")
    expression = given.get("UpdateExpression", "")
    excepted = "#tat" in expression or expression.startswith("SET #leaseUntil = :lease, #dueAt")
    if service == "dynamodb" and operation in WRITES and not excepted:
        if operation == "TransactWriteItems":
            given = {"ClientRequestToken": uuid.uuid4().hex, **given}
        do(**given)
    return do(**given)


def repeating(world: World) -> World:
    """From here on the worker is a process whose every write to the table is made twice."""
    world.container = world.new_process(Session(world.cloud, lose_first_answer))
    return world


def test_a_try_on_is_counted_once_and_comes_to_its_outcome(world: World) -> None:
    repeating(world)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    world.genlook.control.decide(Fate(seconds=5))
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    verdict = world.try_on(try_on_id).verdict
    assert verdict is not None
    assert verdict.outcome is Outcome.COMPLETED
    assert world.paid_calls() == 1
    counts = sorted(
        (row for row in world.rows() if row["sk"].startswith("QUOTA#")), key=lambda row: row["pk"]
    )
    assert [(row["granted"], row.get("uploads")) for row in counts] == [(1, None), (1, 1)]


def test_the_quota_of_photos_lets_as_many_pass_as_it_says(make_world: MakeWorld) -> None:
    world = repeating(make_world(max_photos_per_shopper_per_day=2))
    for number in range(3):
        world.clock.advance(1)
        world.container.receive_photo(world.photo(f"{number}.jpg", data=SMALL_PHOTO))
    assert [event["type"] for event in world.events()] == ["PhotoReady"] * 2 + ["PhotoRejected"]


def test_an_unknown_end_is_one_strike(world: World) -> None:
    repeating(world)
    try_on_id = ordered(world)
    answer(world, 503)
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.UNKNOWN
    assert world.container.circuit_breaker.circuit().consecutive_unknowns == 1


@pytest.mark.parametrize("by", [OpenReason.INSUFFICIENT_CREDITS, OpenReason.INVALID_API_KEY])
def test_a_trial_that_the_account_refuses_is_one_strike(world: World, by: OpenReason) -> None:
    circuit_breaker = repeating(world).container.circuit_breaker
    circuit_breaker.open(by)
    circuit_breaker.half_open()
    circuit_breaker.open(by)
    assert circuit_breaker.circuit().consecutive_unknowns == 1


def test_an_erasure_counts_what_it_removed(world: World) -> None:
    repeating(world)
    world.ready_photo(data=SMALL_PHOTO)
    completed(world)
    world.clock.advance(1)
    erase(world)
    wait(world, 3600)
    (said,) = closed(world)
    assert said["erased"] == {"photos": 1, "results": 1, "tryOns": 1}
