"""One photo, however often and in whatever order S3 tells of it; and what waits in its row."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.support.world import PHOTOS, SHOPPER, World
from tryon_worker.clock import DAY
from tryon_worker.events import EventNotTaken
from tryon_worker.store.photo import Photo

PNG = (PHOTOS / "shopper-2.png").read_bytes()


def uploads(world: World) -> int:
    return len(world.genlook.control.calls("upload"))


def photos(world: World) -> list[Photo]:
    return world.wiring.photos.of_shopper(world.wiring.identities.shopper_key(SHOPPER))


def the_photo(world: World) -> Photo:
    (photo,) = photos(world)
    return photo


def due_at(world: World) -> int | None:
    (row,) = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    return int(row["dueAt"]) if "dueAt" in row else None


def photo_used(world: World, try_on_id: str) -> str:
    """The key of the photo that a try-on was made with."""
    photo_id = world.entry(try_on_id).photo_id
    return next(photo.key for photo in photos(world) if photo.photo_id == photo_id)


# --- what is told twice, late, or in the wrong order


def test_the_same_event_ten_times_is_one_upload_and_one_announcement(world: World) -> None:
    arrival = world.photo()
    for _ in range(10):
        world.new_process().receive_photo(arrival)
    assert uploads(world) == 1
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_an_event_that_comes_while_its_upload_runs_leaves_it_alone(world: World) -> None:
    arrival = world.photo()

    def meanwhile(_seconds: float) -> None:
        world.new_process().receive_photo(arrival)

    slow = world.new_process()
    object.__setattr__(slow.free_call, "sleep", meanwhile)
    slow.receive_photo(arrival)
    assert uploads(world) == 1
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_a_photo_under_the_same_key_takes_the_place_of_the_first(world: World) -> None:
    world.ready_photo(sequencer="0A")
    first = the_photo(world)
    world.clock.advance(60)
    world.wiring.receive_photo(world.photo(data=PNG, sequencer="0B"))
    second = the_photo(world)
    assert second.image_id != first.image_id
    assert not second.known_as(first.image_id or "")
    assert uploads(world) == 2


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("0A", "0B"),
        ("00655B", "00655C01"),
        ("0A", "0A01"),
        ("0055AED6DCD90281E5", "0055aed6dcd9028f"),
    ],
)
def test_an_older_event_of_the_same_key_that_comes_late_changes_nothing(
    world: World, older: str, newer: str
) -> None:
    late = world.photo(sequencer=older)
    world.clock.advance(60)
    world.ready_photo(sequencer=newer)
    before = the_photo(world)
    world.wiring.receive_photo(late)
    assert the_photo(world) == before
    assert uploads(world) == 1
    assert world.events() == []


def test_a_newer_object_that_comes_during_an_upload_wins(world: World) -> None:
    first = world.photo(sequencer="0A")
    second = world.photo(data=PNG, sequencer="0B")
    slow = world.new_process()
    object.__setattr__(slow.free_call, "sleep", lambda _: world.wiring.receive_photo(second))
    slow.receive_photo(first)
    assert the_photo(world).sequencer.startswith("0B")
    (said,) = world.events("PhotoReady")
    assert said["imageId"] == the_photo(world).image_id


def test_a_late_event_of_an_older_photo_does_not_make_it_the_newest(world: World) -> None:
    older = world.photo("old.jpg")
    world.clock.advance(3600)
    world.ready_photo(name="new.jpg")
    world.wiring.receive_photo(older)
    try_on_id = world.accepted()
    world.run()
    assert photo_used(world, try_on_id) == f"photos/{SHOPPER}/new.jpg"


# --- which photo


@pytest.mark.parametrize("by", ["key", "imageId"])
def test_a_wish_can_name_an_older_photo(world: World, by: str) -> None:
    world.wiring.receive_photo(world.photo("old.jpg"))
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
    world.wiring.receive_photo(world.photo(shopper="somebody-else"))
    (said,) = world.events("PhotoReady")
    world.ready_photo()
    world.accepted(photo={"imageId": said["imageId"]})
    world.run()
    assert world.paid_calls() == 0
    assert world.events("TryOnDeferred")


# --- Genlook is not there, or has no time: the row waits, no message does

NOT_NOW: list[tuple[int, str]] = [
    (429, "RATE_LIMITED"),
    (500, "INTERNAL_ERROR"),
    (503, "UNAVAILABLE"),
    (401, "INVALID_API_KEY"),
    (402, "INSUFFICIENT_CREDITS"),
    (403, "FORBIDDEN"),
]


@pytest.mark.parametrize(("status", "code"), NOT_NOW)
def test_a_photo_that_genlook_cannot_take_now_waits_in_its_row(
    world: World, status: int, code: str
) -> None:
    world.genlook.control.refuse("upload", status, code)
    world.wiring.receive_photo(world.photo())
    assert world.events() == []
    waits = due_at(world)
    assert waits is not None
    assert world.clock.now() < waits <= world.clock.now() + 61
    world.genlook.control.disarm()
    for _ in range(10):
        world.clock.advance(61)
        world.housekeep()
    assert [event["type"] for event in world.events() if "Photo" in event["type"]] == ["PhotoReady"]
    assert uploads(world) == 2
    assert due_at(world) is None


@pytest.mark.parametrize("lose", ["lose_answer", "lose_call"])
def test_an_upload_whose_answer_is_lost_is_made_again(world: World, lose: str) -> None:
    getattr(world.genlook.control, lose)("upload")
    world.wiring.receive_photo(world.photo())
    assert world.events() == []
    world.clock.advance(61)
    world.housekeep()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


def test_it_waits_ever_longer_while_genlook_is_down(world: World) -> None:
    world.genlook.control.refuse("upload", 503, times=None)
    world.wiring.receive_photo(world.photo())
    waits = []
    for _ in range(8):
        due = due_at(world) or 0
        waits.append(due - int(world.clock.now()))
        world.clock.advance(due - world.clock.now() + 1)
        photo = the_photo(world)
        world.wiring.receive_photo.again(photo.shopper_key, photo.photo_id)
    assert waits == sorted(waits)
    assert waits[0] <= 31
    assert waits[-1] > 3600
    assert uploads(world) == 9
    world.genlook.control.disarm()
    world.clock.advance(6 * 3600 + 2)
    world.housekeep()
    assert world.events("PhotoReady")
    assert the_photo(world).tries == 0


def test_a_429_pauses_all_for_as_long_as_genlook_asks(world: World) -> None:
    world.genlook.control.throttle("upload", retry_after="90")
    world.wiring.receive_photo(world.photo("first.jpg"))
    world.clock.advance(80)
    world.wiring.receive_photo(world.photo("second.jpg"))
    assert uploads(world) == 1
    world.clock.advance(30)
    world.housekeep()
    world.clock.advance(30)
    world.housekeep()
    assert len(world.events("PhotoReady")) == 2


def test_while_the_key_is_refused_no_photo_tries_it(world: World) -> None:
    world.genlook.control.set_account(active=False)
    for number in range(6):
        world.wiring.receive_photo(world.photo(f"{number}.jpg"))
    assert uploads(world) == 1


def test_a_changed_key_is_read_again_and_tried_at_once(world: World) -> None:
    world.wiring.api_key()
    world.genlook.control.add_key("gk_new")
    world.genlook.control.revoke_key(world.genlook.api_key)
    world.engine.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString="gk_new"
    )
    world.wiring.receive_photo(world.photo())
    world.clock.advance(2)
    world.housekeep()
    assert world.events("PhotoReady")


def test_a_used_up_budget_lets_photos_wait_and_loses_none(make_world: Any) -> None:
    world: World = make_world(requests_per_minute=4)
    world.genlook.control.set_account(requestsPerMinute=4)
    for number in range(6):
        world.wiring.receive_photo(world.photo(f"{number}.jpg"))
    assert uploads(world) < 6
    for _ in range(6):
        world.clock.advance(61)
        world.housekeep()
    assert len(world.events("PhotoReady")) == 6
    assert uploads(world) == 6


def test_a_worker_that_died_within_an_upload_is_replaced_after_its_lease(world: World) -> None:
    arrival = world.photo()
    dying = world.new_process()

    def die(_seconds: float) -> None:
        raise KeyboardInterrupt

    object.__setattr__(dying.free_call, "sleep", die)
    with pytest.raises(KeyboardInterrupt):
        dying.receive_photo(arrival)
    world.wiring.receive_photo(arrival)  # at once: it might still be alive
    assert uploads(world) == 0
    world.clock.advance(121)
    world.housekeep()
    assert [event["type"] for event in world.events()] == ["PhotoReady"]


# --- the announcement


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
    world.housekeep()
    said = [event["type"] for event in world.events()]
    assert said[0] == ("PhotoReady" if data is None else "PhotoRejected")
    assert (try_on_id in world.executions.started) is (data is None)
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
    world.housekeep()
    assert try_on_id in world.executions.started


def test_a_repeated_announcement_is_the_same_event(world: World) -> None:
    world.wiring.receive_photo(world.photo())
    photo = the_photo(world)
    world.clock.advance(500)
    table = world.engine.resource("dynamodb").Table(world.name)
    table.update_item(
        Key={"pk": f"SHOPPER#{photo.shopper_key}", "sk": f"PHOTO#{photo.photo_id}"},
        UpdateExpression="SET announced = :no",
        ExpressionAttributeValues={":no": False},
    )
    world.wiring.receive_photo.again(photo.shopper_key, photo.photo_id)
    first, second = world.events()
    assert first == second


# --- how long


@pytest.mark.parametrize(
    ("stack", "asked", "kept"), [(7, None, 7), (7, "1", 1), (7, "3", 3), (3, "7", 3), (1, "3", 1)]
)
def test_a_photo_may_be_kept_shorter_never_longer(
    make_world: Any, stack: int, asked: str | None, kept: int
) -> None:
    world: World = make_world(keep_for_days=stack)
    arrival = world.photo(metadata={"keep-for-days": asked} if asked else {})
    world.wiring.receive_photo(arrival)
    (call,) = world.genlook.control.calls("upload")
    assert call["request"]["keepForDays"] == str(kept)
    tags = world.s3.get_object_tagging(Bucket=world.photo_bucket, Key=arrival.key)["TagSet"]
    assert tags == [{"Key": "keep-for-days", "Value": str(kept)}]
    assert the_photo(world).usable_until == arrival.taken_at + kept * DAY
    (row,) = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    assert row["ttl"] == arrival.taken_at + (kept + 2) * DAY


@pytest.mark.parametrize(("asked", "sent"), [("true", "true"), ("false", "false"), (None, None)])
def test_the_crop_is_as_the_metadata_asks(
    world: World, asked: str | None, sent: str | None
) -> None:
    world.wiring.receive_photo(world.photo(metadata={"crop": asked} if asked else {}))
    (call,) = world.genlook.control.calls("upload")
    assert call["request"].get("crop") == sent
    assert call["externalUserId"] == SHOPPER


def test_genlook_keeps_a_photo_that_is_uploaded_again_only_for_what_is_left(world: World) -> None:
    world.ready_photo()
    photo = the_photo(world)
    world.clock.advance(5 * DAY)
    world.wiring.photos.doubt(photo)
    world.wiring.receive_photo.again(photo.shopper_key, photo.photo_id)
    assert [call["request"]["keepForDays"] for call in world.genlook.control.calls("upload")] == [
        "7",
        "3",
    ]
    assert the_photo(world).usable_until == photo.usable_until


# --- Genlook has lost it


def test_an_image_id_that_genlook_lost_is_uploaded_again_also_at_once(world: World) -> None:
    world.wiring.receive_photo(world.photo())
    (first,) = world.events("PhotoReady")
    world.wiring.photos.doubt(the_photo(world))
    try_on_id = world.accepted(photo={"imageId": first["imageId"]})
    world.run()
    assert uploads(world) == 2
    (second,) = world.events("PhotoReady")
    assert second["imageId"] != first["imageId"]
    # The wish named the first id; the photo is the same one.
    assert try_on_id in world.executions.started


def test_two_who_miss_a_photo_upload_it_once(world: World) -> None:
    world.ready_photo()
    world.wiring.photos.doubt(the_photo(world))
    photo = the_photo(world)
    world.wiring.receive_photo.again(photo.shopper_key, photo.photo_id)
    world.wiring.receive_photo.again(photo.shopper_key, photo.photo_id)
    assert uploads(world) == 2


@pytest.mark.parametrize("named", [True, False])
def test_without_the_object_the_try_on_waits_for_a_new_photo(world: World, named: bool) -> None:
    arrival = world.ready_photo()
    world.s3.delete_object(Bucket=world.photo_bucket, Key=arrival.key)
    world.wiring.photos.doubt(the_photo(world))
    try_on_id = world.accepted(photo={"key": arrival.key} if named else None)
    world.run()
    assert world.events("TryOnFailed") == []
    assert world.paid_calls() == 0
    world.clock.advance(60)
    world.wiring.receive_photo(world.photo(sequencer="FF"))
    world.run()
    assert try_on_id in world.executions.started


def test_a_photo_that_becomes_ready_between_the_look_and_the_deferral_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_on_id = world.accepted()
    world.messages("tryon")
    deferral = world.wiring.requests.deferral

    def photo_comes_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        world.new_process().receive_photo(world.photo())
        return deferral(*arguments)

    monkeypatch.setattr(world.wiring.requests, "deferral", photo_comes_first)
    world.step(try_on_id)
    assert try_on_id in world.executions.started
    assert world.events("TryOnDeferred") == []
