"""Reviews that a person can live with: what waits is listed, one or many are answered."""

import json
import uuid
from typing import Any

import pytest

from ops import review
from tests.support.world import World
from tryon_worker.incoming import Incoming
from tryon_worker.store.entry import Reason, State


class Bus:
    """Takes what is put on it; ``deliver`` gives it to intake."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.refuses = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  boto3's
        self.entries += Entries
        return {"FailedEntryCount": self.refuses}

    def deliver(self, world: World) -> None:
        for entry in self.entries:
            detail, now = json.loads(entry["Detail"]), int(world.clock.now())
            event = Incoming(uuid.uuid4().hex, entry["Source"], entry["DetailType"], now, detail)
            world.wiring.take_in(event)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def target(world: World, bus: Bus) -> review.Target:
    outputs = {"TableName": world.name, "EventBusName": world.name}
    return review.Target(
        lambda name: bus if name == "events" else world.engine.client(name), outputs
    )


def lost(world: World, *requests: str) -> list[str]:
    """Try-ons whose paid call lost its answer."""
    world.ready_photo()
    world.genlook.control.lose_answer("try_on", times=len(requests))
    ids = [world.accepted(request_id) for request_id in requests]
    world.run()
    return ids


def run(target: review.Target, world: World, *words: str) -> str:
    return review.run(target, words, int(world.clock.now()))


def test_nothing_waits(world: World, target: review.Target) -> None:
    assert run(target, world) == "nothing waits for a review"


def test_what_waits_is_listed_with_what_was_seen(world: World, target: review.Target) -> None:
    ids = lost(world, "a", "b")
    lines = run(target, world).splitlines()[1:]
    assert sorted(line.split()[0] for line in lines) == sorted(ids)
    assert all("AnswerLost" in line for line in lines)


@pytest.mark.parametrize(("action", "state"), [("close", State.DECIDED), ("retry", State.ACCEPTED)])
def test_many_are_answered_at_once_through_the_bus(
    world: World, target: review.Target, bus: Bus, action: str, state: State
) -> None:
    ids = lost(world, "a", "b")
    assert run(target, world, action, "all") == f"{action}: 2 ordered"
    bus.deliver(world)
    assert {world.entry(try_on_id).state for try_on_id in ids} == {state}


def test_a_found_generation_is_adopted(world: World, target: review.Target, bus: Bus) -> None:
    (try_on_id,) = lost(world, "a")
    generation_id = world.genlook.control.customer("shopper-7")["generations"][0]
    run(target, world, "adopt", try_on_id, generation_id)
    bus.deliver(world)
    world.watch(try_on_id)
    verdict = world.entry(try_on_id).verdict
    assert verdict is not None
    assert verdict.result is not None
    assert world.paid_calls() == 1


def test_one_that_is_closed_says_so(world: World, target: review.Target, bus: Bus) -> None:
    (try_on_id,) = lost(world, "a")
    run(target, world, "close", try_on_id)
    bus.deliver(world)
    assert world.events("TryOnFailed")[0]["reason"] == Reason.CLOSED


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("pay",), "'pay' is none of: retry, close, adopt"),
        (("close",), "close which"),
        (("close", "nobody"), "not under review: nobody"),
        (("adopt", "one"), "adopt takes one tryOnId and the generationId you found"),
    ],
)
def test_a_wrong_order_is_refused_in_plain_words_and_nothing_is_sent(
    world: World, target: review.Target, bus: Bus, words: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(review.Unanswerable, match=complaint):
        run(target, world, *words)
    assert bus.entries == []


def test_an_order_that_the_bus_refuses_is_no_success(
    world: World, target: review.Target, bus: Bus
) -> None:
    lost(world, "a")
    bus.refuses = 1
    with pytest.raises(review.Unanswerable, match="the bus refused 1"):
        run(target, world, "close", "all")
