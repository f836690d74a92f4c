"""The housekeeping function: one round, within its time, its failures as its own error."""

import importlib
from typing import Any

import pytest

from tests.support.handlers import Context
from tests.support.world import World
from tryon_worker.aws import keys
from tryon_worker.aws.queues import RESEND_SECONDS
from tryon_worker.aws.table import update
from tryon_worker.housekeeping import RoundIncomplete


@pytest.fixture
def function(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    for field, value in world.settings().model_dump().items():
        monkeypatch.setenv(field.upper(), str(value))
    module = importlib.import_module("functions.housekeeping.handler")
    monkeypatch.setattr(module, "container", world.container)
    return module.handler


def forgotten(world: World) -> str:
    try_on_id = world.accepted()
    world.messages("tryon")
    world.clock.advance(RESEND_SECONDS)
    return try_on_id


def test_it_does_one_round(world: World, function: Any) -> None:
    try_on_id = forgotten(world)
    assert function({}, Context()) is None
    assert [body["tryOnId"] for body in world.messages("tryon")] == [try_on_id]


def test_it_knows_how_much_time_is_left(world: World, function: Any) -> None:
    forgotten(world)
    function({}, Context(seconds_left=5))
    assert world.messages("tryon") == []


def test_a_row_that_cannot_be_dealt_with_is_its_error(world: World, function: Any) -> None:
    try_on_id = forgotten(world)
    world.container.table.write(
        update(keys.ledger(try_on_id), "SET #state = :broken", broken="shopper-7")
    )
    with pytest.raises(RoundIncomplete) as failed:
        function({}, Context())
    assert "shopper-7" not in str(failed.value)
