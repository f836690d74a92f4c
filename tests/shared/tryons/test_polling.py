"""One look after the other, until there is one outcome: from Genlook's answers to the event."""

from typing import Any

import pytest

from local.genlook.faults import CallFault, Fate
from tests.support.tryons import submitted
from tests.support.world import SHOPPER, World
from tests.support.worlds import MakeWorld
from tryon_worker.tryons.polling import Decided, StillRunning

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def poll(world: World, try_on_id: str) -> StillRunning | Decided:
    return world.container.poll(try_on_id, world.state_machine.started[try_on_id])


def outcome(world: World) -> dict[str, Any]:
    """The one terminal event."""
    (event,) = world.events(*TERMINAL)
    return event


def after_deadline(world: World) -> None:
    world.clock.advance(world.container.settings.tryon_deadline_seconds)


def calls(world: World) -> int:
    return len(world.genlook.control.calls("generation"))


@pytest.mark.promise("P2", "each-request-ends-in-one-event")
@pytest.mark.promise("Polls are planned, not ticked", "unknown-status-is-running")
@pytest.mark.parametrize(
    ("fate", "reason", "code"),
    [
        pytest.param(
            Fate(kind="fail", code="NO_PERSON", seconds=5),
            "GENERATION_FAILED",
            "NO_PERSON",
            id="failed with a code",
        ),
        pytest.param(
            Fate(kind="fail", seconds=5), "GENERATION_FAILED", None, id="failed without a code"
        ),
        pytest.param(Fate(kind="hang"), "TIMED_OUT", None, id="never ends"),
        pytest.param(
            Fate(kind="status", status="PAUSED", seconds=5), "TIMED_OUT", None, id="unknown status"
        ),
        pytest.param(
            Fate(kind="status", status="CANCELED", seconds=5), "TIMED_OUT", None, id="canceled"
        ),
        pytest.param(Fate(kind="no_link", seconds=5), "TIMED_OUT", None, id="completed, no link"),
        pytest.param(
            Fate(kind="dead_link", seconds=5),
            "RESULT_UNAVAILABLE",
            "RESULT_LINK_DEAD",
            id="every link is dead",
        ),
    ],
)
def test_each_end_of_a_generation_is_one_event(
    make_world: MakeWorld, fate: Fate, reason: str, code: str | None
) -> None:
    world = make_world(tryon_deadline_seconds=30)
    try_on_id = submitted(world, fate)
    world.watch(try_on_id)
    event = outcome(world)
    assert (event["type"], event["reason"], event.get("code")) == ("TryOnFailed", reason, code)
    assert (event["tryOnId"], event["externalUserId"]) == (try_on_id, SHOPPER)
    assert event["generationId"] == world.state_machine.started[try_on_id]
    assert event["context"] == {"cart": 1}
    assert world.objects(world.result_bucket) == []
    world.container.outcomes.publish(try_on_id)
    assert world.events() == [], "what is published is not published again"


def test_genlooks_words_come_with_the_failure(world: World) -> None:
    fate = Fate(kind="fail", code="NO_PERSON", message="No person was found.", seconds=5)
    world.watch(submitted(world, fate))
    assert outcome(world)["message"] == "No person was found."


@pytest.mark.parametrize(("status", "code"), [(404, "GENERATION_NOT_FOUND"), (403, "FORBIDDEN")])
def test_a_generation_that_is_not_there_is_waited_for_a_minute(
    world: World, status: int, code: str
) -> None:
    try_on_id = submitted(world)
    world.genlook.control.refuse("generation", status, code, times=None)
    world.clock.advance(60)
    assert isinstance(poll(world, try_on_id), StillRunning)
    world.clock.advance(1)
    assert poll(world, try_on_id) == Decided()
    event = outcome(world)
    assert (event["reason"], event["code"]) == ("RESULT_UNAVAILABLE", code)


@pytest.mark.parametrize("body", ["html", "empty"])
@pytest.mark.parametrize("status", [404, 403])
def test_a_page_of_something_in_between_ends_no_generation(
    world: World, status: int, body: Any
) -> None:
    try_on_id = submitted(world)
    world.genlook.control.arm(
        CallFault(operation="generation", status=status, body=body, times=None)
    )
    world.clock.advance(120)
    assert isinstance(poll(world, try_on_id), StillRunning)
    world.genlook.control.disarm()
    assert poll(world, try_on_id) == Decided()
    assert world.events("TryOnCompleted")


def test_a_refusal_for_too_many_requests_pauses_all(world: World) -> None:
    try_on_id = submitted(world)
    world.genlook.control.throttle("generation", retry_after="40")
    poll(world, try_on_id)
    assert poll(world, try_on_id) == StillRunning(40)


def test_looks_become_rarer(world: World) -> None:
    try_on_id = submitted(world, Fate(kind="hang"))
    waits = []
    for _ in range(4):
        seen = poll(world, try_on_id)
        assert isinstance(seen, StillRunning)
        waits.append(seen.wait_seconds)
        world.clock.advance(100)
    assert waits == sorted(waits)
    assert waits[0] <= 2
    assert 5 <= waits[-1] <= 20


@pytest.mark.parametrize("gone", [True, False], ids=["no such try-on", "another generation"])
def test_a_generation_that_is_not_the_try_ons_is_left_alone(world: World, gone: bool) -> None:
    try_on_id = submitted(world)
    world.clock.advance(6)
    before = calls(world)
    asked = ("unheard-of", "cm1") if gone else (try_on_id, "cm-of-an-older-attempt")
    assert world.container.poll(*asked) == Decided()
    assert calls(world) == before
    assert world.events() == []
