"""Photos that cannot be used: said so once, in plain words, and kept away from Genlook."""

from typing import Any

import pytest

from tests.support.world import PHOTOS, SHOPPER, World
from tryon_worker.images import MAX_PHOTO_BYTES
from tryon_worker.photos.model import PhotoState
from tryon_worker.photos.receive import Arrival

JPEG = (PHOTOS / "shopper.jpg").read_bytes()
ROW = "PHOTO#"


def uploads(world: World) -> int:
    return len(world.genlook.control.calls("upload"))


def photo_rows(world: World) -> list[dict[str, Any]]:
    return [row for row in world.rows() if row["sk"].startswith(ROW)]


@pytest.mark.parametrize(
    ("photo", "reason", "says"),
    [
        ({"data": b"dear shop, here is my photo"}, "NOT_AN_IMAGE", "JPEG, PNG, WebP or HEIC"),
        ({"data": b"GIF89a" + bytes(100)}, "NOT_AN_IMAGE", "JPEG, PNG, WebP or HEIC"),
        ({"data": b"\0\0\0\x20ftypavif" + bytes(100)}, "NOT_AN_IMAGE", "HEIC"),
        ({"data": b""}, "EMPTY", "no bytes"),
        ({"data": JPEG + bytes(MAX_PHOTO_BYTES + 1 - len(JPEG))}, "TOO_LARGE", "10485760"),
        ({"metadata": {"crop": "yes"}}, "BAD_METADATA", "crop must be true or false"),
        ({"metadata": {"crop": ""}}, "BAD_METADATA", "crop must be"),
        ({"metadata": {"keep-for-days": "2"}}, "BAD_METADATA", "keep-for-days must be 1, 3 or 7"),
        ({"metadata": {"keep-for-days": "forever"}}, "BAD_METADATA", "keep-for-days must be"),
    ],
    ids=lambda value: str(value)[:40] if not isinstance(value, dict) else None,
)
def test_what_genlook_would_refuse_is_rejected_here(
    world: World, photo: dict[str, Any], reason: str, says: str
) -> None:
    arrival = world.photo(**photo)
    world.container.receive_photo(arrival)
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("PhotoRejected", reason)
    assert says in said["message"]
    assert (said["externalUserId"], said["key"]) == (SHOPPER, arrival.key)
    assert uploads(world) == 0


def test_a_photo_of_exactly_ten_megabytes_is_sent(world: World) -> None:
    world.container.receive_photo(world.photo(data=JPEG + bytes(MAX_PHOTO_BYTES - len(JPEG))))
    assert uploads(world) == 1


@pytest.mark.parametrize(
    "key",
    [
        "photos/anonymous/me.jpg",
        "photos/GUEST/me.jpg",
        "photos/%20/me.jpg",
        "photos/%20padded/me.jpg",
        "photos/a b/me.jpg",
        "photos/caf%c3%a9/me.jpg",
        "photos/%ff/me.jpg",
        "photos/%2E%2E/me.jpg",
        "photos/me.jpg",
        "photos/7/",
        "photos//me.jpg",
        "photo/7/me.jpg",
        "me.jpg",
        f"photos/{'x' * 257}/me.jpg",
    ],
)
def test_a_key_that_names_no_one_shopper_does_not_stay(world: World, key: str) -> None:
    world.s3.put_object(Bucket=world.photo_bucket, Key=key, Body=JPEG)
    world.container.receive_photo(Arrival(key, "01", int(world.clock.now()), 1))
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("PhotoRejected", "BAD_KEY")
    assert said["message"].startswith("externalUserId in the object's key ")
    assert "key" not in said
    assert "externalUserId" not in said
    assert world.objects(world.photo_bucket) == []
    assert uploads(world) == 0
    assert photo_rows(world) == []


@pytest.mark.parametrize("key", ["photos/", "photos/7/", "photos/7/summer/", "elsewhere/"])
def test_a_folder_that_a_console_made_is_ignored(world: World, key: str) -> None:
    world.s3.put_object(Bucket=world.photo_bucket, Key=key, Body=b"")
    world.container.receive_photo(Arrival(key, "01", int(world.clock.now()), 0))
    assert world.events() == []
    assert world.objects(world.photo_bucket) == [key]
    assert photo_rows(world) == []


def test_an_empty_photo_is_no_folder(world: World) -> None:
    world.container.receive_photo(world.photo(data=b""))
    (said,) = world.events()
    assert said["type"] == "PhotoRejected"


def test_an_object_that_is_gone_again_is_rejected(world: World) -> None:
    arrival = world.photo()
    world.s3.delete_object(Bucket=world.photo_bucket, Key=arrival.key)
    world.container.receive_photo(arrival)
    (said,) = world.events()
    assert said["reason"] == "GONE"
    assert uploads(world) == 0


def test_a_photo_whose_time_is_over_is_not_sent(world: World) -> None:
    arrival = world.photo()
    world.clock.advance(7 * 86_400 + 1)
    world.container.receive_photo(arrival)
    (said,) = world.events()
    assert said["reason"] == "GONE"
    assert uploads(world) == 0


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "INVALID_IMAGE"), (413, "FILE_TOO_LARGE"), (422, "NO_PERSON"), (409, "NEW_CODE")],
)
def test_what_genlook_refuses_is_rejected_with_its_code_and_words(
    world: World, status: int, code: str
) -> None:
    world.genlook.control.refuse("upload", status, code)
    world.container.receive_photo(world.photo())
    (said,) = world.events()
    assert (said["reason"], said["code"]) == ("REFUSED_BY_GENLOOK", code)
    assert said["message"] == "Simulated fault."
    assert uploads(world) == 1


def test_what_genlook_refused_is_not_sent_again(world: World) -> None:
    world.genlook.control.refuse("upload", 400, "INVALID_IMAGE")
    arrival = world.photo()
    world.container.receive_photo(arrival)
    world.events()
    (row,) = photo_rows(world)
    world.clock.advance(3600)
    world.container.receive_photo(arrival)
    world.container.receive_photo.upload_again(row["shopperKey"], row["photoId"])
    assert uploads(world) == 1
    assert world.events() == []


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("shopper.jpg", "image/jpeg"),
        ("shopper-2.png", "image/png"),
        ("shopper.webp", "image/webp"),
        ("shopper.heic", "image/heic"),
        ("shopper-rotated.jpg", "image/jpeg"),
    ],
)
def test_a_photo_is_what_its_bytes_say_whatever_its_name(
    world: World, name: str, content_type: str
) -> None:
    sent = []

    def upload(data: bytes, **fields: Any) -> Any:
        sent.append(fields["content_type"])
        return world.container.genlook.upload_image(data, **fields)

    object.__setattr__(world.container.receive_photo.upload_photo, "upload_image", upload)
    world.container.receive_photo(world.photo("holiday.txt", data=(PHOTOS / name).read_bytes()))
    assert [event["type"] for event in world.events()] == ["PhotoReady"]
    assert sent == [content_type]


@pytest.mark.promise("Photos", "rejected-photo-ends-its-requests-only")
def test_a_rejected_photo_ends_only_wishes_that_name_it(world: World) -> None:
    world.ready_photo(name="good.jpg")
    named = world.accepted("named", photo={"key": f"photos/{SHOPPER}/bad.jpg"})
    any_photo = world.accepted("any")
    world.clock.advance(5)
    world.container.receive_photo(world.photo("bad.jpg", data=b"no picture"))
    world.run()
    assert any_photo in world.state_machine.started
    ended = world.events("TryOnFailed")
    assert [(event["tryOnId"], event["reason"]) for event in ended] == [(named, "PHOTO_REJECTED")]


def test_a_shopper_whose_only_photo_is_rejected_may_still_send_a_good_one(world: World) -> None:
    try_on_id = world.accepted()
    world.container.receive_photo(world.photo("bad.jpg", data=b"no picture"))
    world.run()
    assert world.events("TryOnFailed") == []
    world.clock.advance(60)
    world.container.receive_photo(world.photo("good.jpg"))
    world.run()
    assert try_on_id in world.state_machine.started


def test_a_rejected_photo_is_settled_and_asks_for_nothing_more(world: World) -> None:
    world.container.receive_photo(world.photo(data=b"no picture"))
    (row,) = photo_rows(world)
    assert row["state"] == PhotoState.REJECTED
    assert row["published"]
    assert "dueAt" not in row
