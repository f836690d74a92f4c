"""The generation function as the state machine and EventBridge call it."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.handlers import Context
from tests.support.tryons import refusing_bus, submitted
from tests.support.world import World

ROOT = Path(__file__).parent.parent.parent


class Generation:
    """The function, in this process."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        for field, value in world.settings().model_dump().items():
            patch.setenv(field.upper(), str(value))
        self.module = importlib.import_module("functions.generation.handler")
        self.use(world, patch)

    def use(self, world: World, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(self.module, "container", world.container)

    def __call__(self, event: dict[str, Any]) -> Any:
        return self.module.handler(event, Context())


@pytest.fixture
def function(world: World, monkeypatch: pytest.MonkeyPatch) -> Generation:
    return Generation(world, monkeypatch)


def ids(world: World, try_on_id: str) -> dict[str, str]:
    return {"tryOnId": try_on_id, "generationId": world.state_machine.started[try_on_id]}


def ended(try_on_id: str) -> dict[str, Any]:
    sample = ROOT / "events" / "incoming" / "ExecutionEnded.json"
    event: dict[str, Any] = json.loads(sample.read_text())
    event["detail"]["name"] = f"{try_on_id}-1d2c3b4a5f6e7d8c"
    return event


def test_look_after_look_until_it_is_decided(world: World, function: Generation) -> None:
    asked = {"action": "poll", **ids(world, submitted(world))}
    answer = function(asked)
    assert answer == {**ids(world, asked["tryOnId"]), "state": "RUNNING", "waitSeconds": 2}
    world.clock.advance(6)
    assert function(asked) == {**ids(world, asked["tryOnId"]), "state": "DECIDED"}
    assert function(asked)["state"] == "DECIDED"


@pytest.mark.promise("One outcome, one publisher", "all-ends-go-through-it")
def test_publish_says_what_is_not_said_yet(
    world: World, function: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ids(world, submitted(world))
    refusing_bus(world, 1)
    function.use(world, monkeypatch)
    world.clock.advance(6)
    with pytest.raises(function.module.RetryLater):
        function({"action": "poll", **asked})
    assert world.events() == []
    for _ in range(2):
        assert function({"action": "publish", "tryOnId": asked["tryOnId"]}) == {}
    assert [event["type"] for event in world.events()] == ["TryOnCompleted"]


def test_an_execution_that_ended_by_itself_is_settled(world: World, function: Generation) -> None:
    try_on_id = submitted(world)
    world.clock.advance(6)
    for _ in range(2):
        assert function(ended(try_on_id)) == {}
    assert [event["type"] for event in world.events()] == ["TryOnCompleted"]


@pytest.mark.parametrize("event", [{}, {"action": "poll"}, {"action": "publish"}])
def test_what_fails_is_named_as_the_machine_knows_it_and_quotes_nothing(
    function: Generation, event: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(function.module.RetryLater, match=r"^KeyError$") as failed:
        function(event)
    assert failed.value.__suppress_context__
    assert caplog.records[-1].levelname == "ERROR"


def test_the_machine_tries_that_name_again() -> None:
    definition = json.loads((ROOT / "functions/generation/wait.asl.json").read_text())
    for state in ("Poll", "Publish"):
        names = [
            name for one in definition["States"][state]["Retry"] for name in one["ErrorEquals"]
        ]
        assert "RetryLater" in names


def test_no_line_of_it_names_the_shopper(
    world: World, function: Generation, caplog: pytest.LogCaptureFixture
) -> None:
    try_on_id = submitted(world)
    caplog.clear()
    world.clock.advance(6)
    function({"action": "poll", **ids(world, try_on_id)})
    said = str([vars(line) for line in caplog.records])
    assert try_on_id in said
    for secret in ("shopper-7", "results/", world.genlook.origin, "tee-1", "cart"):
        assert secret not in said
