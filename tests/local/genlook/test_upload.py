"""POST /images/upload, field by field."""

import pytest

from local.genlook.server import StandIn
from tests.local.genlook.helpers import DAY, SHOPPER, Caller, http_get, paths, picture, refusal


def test_answers_with_an_opaque_id_and_a_preview(caller: Caller) -> None:
    response = caller.upload()
    assert response.status_code == 201
    assert set(response.json()) == {"imageId", "imageUrl"}
    assert "/" in response.json()["imageId"]
    preview = http_get(response.json()["imageUrl"])
    assert preview.headers["content-type"] == "image/jpeg"
    assert picture(preview.content).format == "JPEG"


def test_each_upload_is_a_new_photo(caller: Caller) -> None:
    assert caller.image_id() != caller.image_id()


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (410, 512)),
        ({"crop": "true"}, (410, 512)),
        ({"crop": "false"}, (512, 512)),
    ],
)
def test_crop(caller: Caller, fields: dict[str, str], size: tuple[int, int]) -> None:
    preview = http_get(caller.upload(**fields).json()["imageUrl"])
    assert picture(preview.content).size == size


@pytest.mark.parametrize("field", ["externalUserId", "customerId"])
def test_the_shopper_is_kept_under_either_name(
    caller: Caller, stand_in: StandIn, field: str
) -> None:
    image_id = caller.image_id(**{field: "u-1"})
    assert stand_in.control.customer("u-1")["photos"] == [image_id]


@pytest.mark.parametrize("field", ["keepForDays", "retentionDays"])
@pytest.mark.parametrize("days", [1, 3, 7])
def test_days_are_kept_under_either_name(
    caller: Caller, stand_in: StandIn, field: str, days: int
) -> None:
    caller.image_id(**{field: str(days)})
    stand_in.clock.advance(days * DAY - 1)
    assert stand_in.control.store()["photos"] == 1
    stand_in.clock.advance(1)
    assert stand_in.control.store()["photos"] == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"crop": "yes"}, "crop"),
        ({"crop": "True"}, "crop"),
        ({"keepForDays": "2"}, "keepForDays"),
        ({"keepForDays": "seven"}, "keepForDays"),
        ({"retentionDays": "30"}, "retentionDays"),
        ({"externalUserId": ""}, "externalUserId"),
        ({"externalUserId": "u" * 256}, "externalUserId"),
        ({"keepForDays": "1", "retentionDays": "7"}, "retentionDays"),
        ({"externalUserId": "a", "customerId": "b"}, "customerId"),
        ({"gender": "f"}, "gender"),
    ],
)
def test_a_wrong_field_is_named(caller: Caller, fields: dict[str, str], path: str) -> None:
    assert paths(caller.upload(**fields)) == [path]


def test_both_names_with_one_value_are_taken(caller: Caller) -> None:
    assert caller.upload(keepForDays="3", retentionDays="3").status_code == 201


def test_without_file(caller: Caller) -> None:
    response = caller.http.post("/images/upload", files={}, data={"crop": "true"})
    assert refusal(response) == (400, "FILE_REQUIRED")


def test_a_file_as_text_is_no_file(caller: Caller) -> None:
    parts = {"file": (None, "text"), "crop": (None, "true")}
    response = caller.http.post("/images/upload", files=parts)
    assert refusal(response) == (400, "FILE_REQUIRED")


def test_json_is_no_upload(caller: Caller) -> None:
    response = caller.http.post("/images/upload", json={"file": "x"})
    assert refusal(response) == (400, "FILE_REQUIRED")


def test_a_second_file_is_refused(caller: Caller) -> None:
    files = [("file", ("a.jpg", SHOPPER)), ("file", ("b.jpg", SHOPPER))]
    assert paths(caller.http.post("/images/upload", files=files)) == ["file"]


def test_a_torn_multipart_body_is_refused(caller: Caller) -> None:
    response = caller.http.post(
        "/images/upload",
        content=b"--x\r\nContent-Disposition: form-data; name=file\r\n",
        headers={"content-type": "multipart/form-data; boundary=y"},
    )
    assert response.status_code == 400
