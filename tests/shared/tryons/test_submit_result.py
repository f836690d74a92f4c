"""The design's three kinds in which the paid call can end, one test a row: what comes of each."""

from typing import Any

import httpx
import pytest

from tests.support.submitting import answer, ordered, quiet, raising, rewire, types
from tests.support.world import World
from tryon_worker.tryons.model import Reason, State, WaitingFor

NOT_SENT = {
    "connect error": httpx.ConnectError("refused"),
    "connect timeout": httpx.ConnectTimeout("late"),
    "pool timeout": httpx.PoolTimeout("busy"),
    "protocol error before a byte": httpx.LocalProtocolError("no such header"),
}


@pytest.mark.promise("The paid call", "not-sent-goes-again")
@pytest.mark.parametrize("error", NOT_SENT.values(), ids=NOT_SENT)
def test_what_was_not_sent_goes_back_and_is_sent_again(world: World, error: Exception) -> None:
    try_on_id = ordered(world)
    broken = world.new_process()
    wire = rewire(world, broken, raising(error))
    broken.step(try_on_id, lambda: 120)
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.waiting_for) == (State.WAITING, WaitingFor.RETRY)
    assert (wire.submission, world.events()) == (1, [])
    quiet(world, rounds=1)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert world.paid_calls() == world.genlook.control.credits_spent() == 1


def test_a_key_that_cannot_be_read_is_not_sent(world: World) -> None:
    try_on_id = ordered(world)
    process = world.new_process()
    process.api_key._arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:gone"
    process.step(try_on_id, lambda: 120)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.RETRY
    assert world.paid_calls() == 0


# Of a gateway that knows nothing of Genlook's error body, or with that body: surely refused.
FAILED_AT_ONCE = {
    **{f"{status} with Genlook's body": (status, "error") for status in (403, 409, 418, 451)},
    **{f"bare {status}": (status, "empty") for status in (403, 405, 413, 414, 415, 431)},
    **{f"{status} as a page": (status, "html") for status in (400, 404, 422)},
}


@pytest.mark.promise("The paid call", "surely-refused-fails-at-once")
@pytest.mark.parametrize(("status", "body"), FAILED_AT_ONCE.values(), ids=FAILED_AT_ONCE)
def test_what_is_surely_refused_fails_at_once(world: World, status: int, body: Any) -> None:
    try_on_id = ordered(world, photo={"url": "https://cdn.shop.example/tee.png"})
    answer(world, status, body=body, code="NEVER_HEARD_OF")
    world.step(try_on_id)
    (failed,) = world.events()
    assert (failed["type"], failed["reason"]) == ("TryOnFailed", Reason.REJECTED)
    assert failed.get("code") == ("NEVER_HEARD_OF" if body == "error" else None)
    assert world.paid_calls() == 1
    quiet(world)
    assert (world.paid_calls(), world.events()) == (1, [])
    assert world.genlook.control.charges() == 0


UNKNOWN_ANSWERS = {
    **{f"{status}": {"status": status} for status in (500, 502, 503, 504)},
    **{f"{status} as a page": {"status": status, "body": "html"} for status in (502, 520)},
    **{
        f"{status}, not followed": {"status": status, "headers": {"Location": "/try-on"}}
        for status in (301, 302, 307, 308)
    },
    **{f"bare {status}": {"status": status, "body": "empty"} for status in (408, 409, 425, 499)},
    "304": {"status": 304, "body": "empty"},
    "2xx without a generationId": {"kind": "no_id", "status": 201},
    "2xx that is no JSON": {"status": 200, "body": "broken"},
    "2xx that is empty": {"status": 202, "body": "empty"},
    "an answer cut in the middle": {"kind": "cut", "status": 201},
    "an answer lost": {"kind": "lose", "when": "after", "status": 200},
    "an answer lost by a reset": {"kind": "lose", "when": "after", "reset": True, "status": 200},
    "a call lost": {"kind": "lose", "status": 200},
}


@pytest.mark.promise("P1", "unknown-charge-goes-to-a-person")
@pytest.mark.promise("The paid call", "unknown-is-never-repeated")
@pytest.mark.parametrize("fault", UNKNOWN_ANSWERS.values(), ids=UNKNOWN_ANSWERS)
def test_what_nobody_can_know_waits_for_a_person(world: World, fault: dict[str, Any]) -> None:
    try_on_id = ordered(world)
    answer(world, **fault)
    world.step(try_on_id)
    _is_under_review(world, try_on_id)
    assert world.paid_calls() == 1
    quiet(world, rounds=3, seconds=86_400)
    for _ in range(3):
        world.step(try_on_id)
    assert (world.paid_calls(), world.events()) == (1, [])


UNKNOWN_WIRES = {
    "read timeout": httpx.ReadTimeout("late"),
    "read error": httpx.ReadError("reset"),
    "write timeout": httpx.WriteTimeout("late"),
    "write error": httpx.WriteError("reset"),
    "remote protocol error": httpx.RemoteProtocolError("server disconnected"),
}


@pytest.mark.promise("The paid call", "unknown-is-never-repeated")
@pytest.mark.parametrize("error", UNKNOWN_WIRES.values(), ids=UNKNOWN_WIRES)
def test_what_was_lost_on_the_way_waits_for_a_person(world: World, error: Exception) -> None:
    try_on_id = ordered(world)
    wire = rewire(world, world.container, raising(error))
    world.step(try_on_id)
    _is_under_review(world, try_on_id)
    world.step(try_on_id)
    assert wire.submission == 1


def _is_under_review(world: World, try_on_id: str) -> None:
    assert world.try_on(try_on_id).state is State.UNKNOWN
    (review,) = world.events()
    assert review["type"] == "TryOnNeedsReview"
    assert (review["tryOnId"], review["context"]) == (try_on_id, {"cart": 1})
    assert review["reason"]


def test_a_success_is_saved_and_started(world: World) -> None:
    try_on_id = ordered(world)
    world.step(try_on_id)
    try_on = world.try_on(try_on_id)
    assert try_on.state is State.SUBMITTED
    assert world.state_machine.started == {try_on_id: try_on.generation_id}
    (submitted,) = world.events()
    assert (submitted["type"], submitted["generationId"]) == (
        "TryOnSubmitted",
        try_on.generation_id,
    )
    assert types(world.events()) == []
