"""What is written before what is said: whoever dies in between has left a row behind."""

import pytest

from tests.support.kill_switch import MortalWorld
from tests.support.submitting import ordered
from tests.support.world import World
from tryon_worker.tryons.model import State


def order(world: World) -> dict[str, object]:
    items = [{"productExternalId": "a"}, {"productExternalId": "b"}]
    return {"orderId": "o", "externalUserId": world.request("r")["externalUserId"], "items": items}


@pytest.mark.promise("Accepted means written", "row-before-message")
@pytest.mark.parametrize("kind", ["TryOnRequested", "OrderPlaced"])
def test_each_row_is_there_before_any_message_is_sent(mortal: MortalWorld, kind: str) -> None:
    detail = order(mortal) if kind == "OrderPlaced" else mortal.request("r-1")
    process = mortal.container
    began = len(mortal.kill_switch.calls)
    process.route_event(mortal.event(kind, detail))
    calls = mortal.kill_switch.calls[began:]
    rows = [place for place, call in enumerate(calls) if "TransactWriteItems" in call]
    sent = [place for place, call in enumerate(calls) if "SendMessage" in call]
    assert len(rows) == len(mortal.try_on_ids())
    assert max(rows) < min(sent)


@pytest.mark.promise("Save, then start", "generation-saved-before-execution")
def test_the_generation_is_saved_before_its_execution_is_started(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_on_id = ordered(world)
    seen = []

    def start(asked: str, generation_id: str, _wait_seconds: int) -> bool:
        try_on = world.try_on(asked)
        seen.append((try_on.state, try_on.generation_id == generation_id))
        return True

    monkeypatch.setattr(world.container.state_machine, "start", start)
    world.step(try_on_id)
    assert seen == [(State.SUBMITTED, True)]
