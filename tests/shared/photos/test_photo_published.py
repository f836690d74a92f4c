"""What was settled about a photo is said, and wakes what waits for it, after any crash."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.support.photos import the_photo, uploads
from tests.support.world import World
from tryon_worker.aws import keys
from tryon_worker.aws.table import update
from tryon_worker.events.publisher import EventNotTaken


@pytest.mark.parametrize("data", [None, b"no picture"], ids=["ready", "rejected"])
def test_what_was_settled_is_announced_after_a_crash_and_wakes_what_waits(
    world: World, data: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_on_id = world.accepted()
    world.run()
    world.events()
    dying = world.new_process()
    monkeypatch.setattr(dying.publisher, "publish", _refuse)
    with pytest.raises(EventNotTaken):
        dying.receive_photo(world.photo(data=data))
    assert world.events() == []
    world.clock.advance(61)
    world.housekeeping_round()
    said = [event["type"] for event in world.events()]
    assert said[0] == ("PhotoReady" if data is None else "PhotoRejected")
    assert (try_on_id in world.state_machine.started) is (data is None)
    assert uploads(world) == (1 if data is None else 0)


def _refuse(*_: Any, **__: Any) -> None:
    raise EventNotTaken("PhotoReady: ThrottlingException")


def test_a_crash_before_the_wake_up_call_is_made_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_on_id = world.accepted()
    world.run()
    dying = world.new_process()
    lost = EndpointConnectionError(endpoint_url="sqs")

    def fail(*_: Any, **__: Any) -> None:
        raise lost

    monkeypatch.setattr(dying.tryon_queue, "send_step", fail)
    with pytest.raises(EndpointConnectionError):
        dying.receive_photo(world.photo())
    world.clock.advance(61)
    world.housekeeping_round()
    assert try_on_id in world.state_machine.started


def test_a_repeated_announcement_is_the_same_event(world: World) -> None:
    world.container.receive_photo(world.photo())
    photo = the_photo(world)
    world.clock.advance(500)
    place = keys.photo(photo.shopper_key, photo.photo_id)
    world.table.write(update(place, "SET #published = :no", no=False))
    world.container.receive_photo.upload_again(photo.shopper_key, photo.photo_id)
    first, second = world.events()
    assert first == second
