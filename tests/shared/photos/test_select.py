"""Which of a shopper's photos a request is made with, and one that comes at the last moment."""

from typing import Any

import pytest

from tests.support.photos import photo_used
from tests.support.world import SHOPPER, World


@pytest.mark.parametrize("by", ["key", "imageId"])
def test_a_wish_can_name_an_older_photo(world: World, by: str) -> None:
    world.container.receive_photo(world.photo("old.jpg"))
    (said,) = world.events("PhotoReady")
    world.clock.advance(3600)
    world.ready_photo(name="new.jpg")
    try_on_id = world.accepted(photo={by: said[by]})
    world.run()
    assert photo_used(world, try_on_id) == f"photos/{SHOPPER}/old.jpg"


def test_a_wish_can_bring_a_link_and_needs_no_photo_here(world: World) -> None:
    world.accepted(photo={"url": "https://cdn.shop.example/person.png"})
    world.run()
    (call,) = world.genlook.control.calls("try_on")
    assert "cdn.shop.example/person.png" in str(call["request"])


def test_somebody_elses_image_id_is_not_used(world: World) -> None:
    world.container.receive_photo(world.photo(shopper="somebody-else"))
    (said,) = world.events("PhotoReady")
    world.ready_photo()
    world.accepted(photo={"imageId": said["imageId"]})
    world.run()
    assert world.paid_calls() == 0
    assert world.events("TryOnDeferred")


@pytest.mark.promise("Waiting is not failing", "deferral-checks-the-newest-photo")
def test_a_photo_that_becomes_ready_between_the_look_and_the_deferral_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_on_id = world.accepted()
    world.messages("tryon")
    deferral_note = world.container.details.deferral_note

    def photo_comes_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        world.new_process().receive_photo(world.photo())
        return deferral_note(*arguments)

    monkeypatch.setattr(world.container.details, "deferral_note", photo_comes_first)
    world.step(try_on_id)
    assert try_on_id in world.state_machine.started
    assert world.events("TryOnDeferred") == []
