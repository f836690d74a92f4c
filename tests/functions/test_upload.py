"""The upload Lambda: S3's events and our own messages, as they lie in its queue."""

from typing import Any

import pytest

from tests.events.catalogue import sample
from tests.support.handlers import Function
from tests.support.world import PHOTOS, World
from tryon_worker.batch import growing_pause
from tryon_worker.photos.upload import UploadPhoto


@pytest.fixture
def upload(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    return Function("upload", "upload", world, monkeypatch)


def created(world: World, key: str, moment: str = "2027-01-15T08:00:00Z") -> dict[str, Any]:
    event: dict[str, Any] = sample("incoming/ObjectCreated")
    event["detail"]["object"]["key"] = key
    event["time"] = moment
    data = (PHOTOS / "shopper.jpg").read_bytes()
    world.s3.put_object(Bucket=world.photo_bucket, Key=key, Body=data)
    return event


def test_s3s_own_event_becomes_a_photo_at_genlook(world: World, upload: Function) -> None:
    event = created(world, "photos/caf%C3%A9%2F7/me & you.jpg")
    assert upload(event) == []
    (said,) = world.events()
    assert said["type"] == "PhotoReady"
    assert said["externalUserId"] == "café/7"
    photo = world.container.photos.of_shopper(world.container.pseudonymizer.shopper_key("café/7"))[
        0
    ]
    assert photo.taken_at == 1_800_000_000
    assert photo.sequencer.startswith(event["detail"]["object"]["sequencer"].upper())


def test_our_own_message_takes_a_photo_up_again(world: World, upload: Function) -> None:
    world.ready_photo()
    (photo,) = world.container.photos.of_shopper(
        world.container.pseudonymizer.shopper_key("shopper-7")
    )
    world.container.photos.mark_stale(photo)
    assert (
        upload({"type": "upload", "shopperKey": photo.shopper_key, "photoId": photo.photo_id}) == []
    )
    assert len(world.genlook.control.calls("upload")) == 2


def test_a_message_about_a_photo_of_an_erased_shopper_is_nothing(upload: Function) -> None:
    assert upload({"type": "upload", "shopperKey": "nobody", "photoId": "nothing"}) == []


def test_genlook_being_down_uses_up_no_receive(world: World, upload: Function) -> None:
    world.genlook.control.refuse("upload", 503, times=None)
    assert upload(created(world, "photos/7/me.jpg")) == []


@pytest.mark.promise("P2", "failing-step-is-a-dead-letter")
@pytest.mark.parametrize("whose", ["the bus's", "our own"])
def test_an_upload_that_fails_each_time_ends_as_a_dead_letter(
    world: World, upload: Function, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Also where it fails after its claim: what vanishes from the queue alarms nobody."""
    message = created(world, "photos/7/me.jpg")
    with monkeypatch.context() as broken:
        broken.setattr(UploadPhoto, "__call__", _forbidden)
        assert upload(message) == [0]
        (photo,) = world.container.photos.of_shopper(world.container.pseudonymizer.shopper_key("7"))
        if whose == "our own":
            message = {"type": "upload", "shopperKey": photo.shopper_key, "photoId": photo.photo_id}
        for receives in range(2, 6):
            assert upload(message, receives=receives) == [0]
            world.clock.advance(growing_pause(PermissionError(), receives))
    assert world.events() == []
    assert upload(message) == []  # driven back, when it is mended
    assert world.events("PhotoReady")
    assert len(world.genlook.control.calls("upload")) == 1


def test_an_upload_that_is_under_way_is_left_to_whoever_is_at_it(
    world: World, upload: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = created(world, "photos/7/me.jpg")
    upload_photo = UploadPhoto.__call__

    def again(self: UploadPhoto, *of: Any) -> Any:
        assert upload(event) == []
        return upload_photo(self, *of)

    monkeypatch.setattr(UploadPhoto, "__call__", again)
    assert upload(event) == []
    assert len(world.genlook.control.calls("upload")) == 1


def _forbidden(*_: object, **__: object) -> None:
    raise PermissionError


def test_one_bad_message_comes_again_alone(world: World, upload: Function) -> None:
    good = created(world, "photos/7/me.jpg")
    assert upload("no JSON", good, {"detail": {}}, "[]") == [0, 2, 3]
    assert world.events("PhotoReady")
