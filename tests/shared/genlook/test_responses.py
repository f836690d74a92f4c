"""What is read from a success: strict about what it is for, tolerant about the rest."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import WISH, answering, client
from tryon_worker.genlook import (
    Generation,
    GenerationPage,
    GenerationStatus,
    GenlookError,
    ListedGeneration,
    Submitted,
    UnexpectedResponse,
    Unknown,
)

MOMENT = datetime(2026, 5, 14, 9, 30, 0, 123000, tzinfo=UTC)


def test_a_submission_in_full() -> None:
    reply = {"generationId": "cm8gen456xyz", "status": "PENDING", "productExternalId": "_anon_1"}
    genlook = client(answering(201, json=reply))
    assert genlook.create_try_on(WISH) == Submitted("cm8gen456xyz", "_anon_1")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"status": None, "productExternalId": None},
        {"status": ["x"], "productExternalId": {"a": 1}},
        {"success": True, "new": {"deep": [1]}, "status": "PENDING"},
    ],
)
def test_what_is_optional_or_new_cannot_spoil_a_submission(more: dict[str, Any]) -> None:
    genlook = client(answering(200, json={"generationId": "g", **more}))
    assert genlook.create_try_on(WISH) == Submitted("g", None)


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"generationId": "g"}',
        b'{"generationId": "g", "status": "\xff"}',
        b'{"generationId": "g", "productExternalId": "\\ud800"}',
        b'{"generationId": "g", "productExternalId": 1e999}',
        b'{"generationId": "g", "x": NaN}',
    ],
    ids=["byte order mark", "broken UTF-8", "half a character", "infinity", "not a number"],
)
def test_a_broken_character_elsewhere_does_not_lose_the_generation(content: bytes) -> None:
    assert client(answering(200, content=content)).create_try_on(WISH).generation_id == "g"


def test_an_id_that_comes_as_a_number_is_an_id() -> None:
    genlook = client(answering(200, json={"generationId": 17}))
    assert genlook.create_try_on(WISH).generation_id == "17"


def test_an_image_id_is_kept_verbatim() -> None:
    image_id = "ephemeral/customer/ttl-7d/u %2F../2026-05-14T09:30-ä.jpeg"
    genlook = client(answering(200, json={"imageId": image_id, "imageUrl": 7}))
    assert _upload(genlook) == image_id


@pytest.mark.parametrize("reply", [{}, {"imageId": ""}, {"imageId": None}, [], None])
def test_an_upload_without_image_id_is_unknown(reply: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        _upload(client(answering(200, json=reply)))


def test_a_completed_generation_in_full() -> None:
    reply = {
        "generationId": "g",
        "status": "COMPLETED",
        "resultImageUrl": "https://storage.example/r.jpg?sig=1",
        "createdAt": "2026-05-14T09:30:00.123Z",
        "updatedAt": "2026-05-14T11:30:00.123+02:00",
    }
    assert client(answering(200, json=reply)).generation("g") == Generation(
        "g",
        GenerationStatus.COMPLETED,
        result_image_url="https://storage.example/r.jpg?sig=1",
        created_at=MOMENT,
        updated_at=MOMENT,
    )


def test_a_failed_generation_says_why_and_is_no_exception() -> None:
    reply = {
        "generationId": "g",
        "status": "FAILED",
        "errorCode": "PRODUCT_IMAGE_FETCH_FAILED",
        "errorMessage": "not found",
        "resultImageUrl": None,
    }
    generation = client(answering(200, json=reply)).generation("g")
    assert generation.status is GenerationStatus.FAILED
    assert generation.error_code == "PRODUCT_IMAGE_FETCH_FAILED"
    assert generation.error_message == "not found"
    assert generation.result_image_url is None


def test_what_a_failed_generation_says_at_length_is_cut() -> None:
    """No row and no event could take half a megabyte: the try-on would never have its outcome."""
    reply = {"status": "FAILED", "errorCode": "C" * 500_000, "errorMessage": "m" * 500_000}
    generation = client(answering(200, json=reply)).generation("g")
    assert generation.error_code == "C" * 1000
    assert generation.error_message == "m" * 1000


@pytest.mark.promise("Polls are planned, not ticked", "unknown-status-is-running")
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("PENDING", GenerationStatus.PENDING),
        ("PROCESSING", GenerationStatus.PROCESSING),
        ("completed", GenerationStatus.COMPLETED),
        ("ERROR", GenerationStatus.UNRECOGNISED),
        ("CANCELED", GenerationStatus.UNRECOGNISED),
        ("UNRECOGNISED", GenerationStatus.UNRECOGNISED),
        ("", GenerationStatus.UNRECOGNISED),
    ],
)
def test_a_status_that_is_not_in_the_contract_is_unrecognised(
    raw: str, status: GenerationStatus
) -> None:
    generation = client(answering(200, json={"status": raw})).generation("g")
    assert generation.status is status


@pytest.mark.parametrize("link", [None, "", []])
def test_a_completed_generation_may_lack_its_link(link: Any) -> None:
    reply = {"status": "COMPLETED", "resultImageUrl": link}
    assert client(answering(200, json=reply)).generation("g").result_image_url is None


@pytest.mark.parametrize("reply", [{}, {"generationId": "g"}, {"status": None}, {"status": {}}, []])
def test_a_generation_without_status_is_unknown(reply: Any) -> None:
    with pytest.raises(Unknown):
        client(answering(200, json=reply)).generation("g")


def test_another_shoppers_generation_is_never_handed_out() -> None:
    reply = {"generationId": "h", "status": "COMPLETED", "resultImageUrl": "https://x.example"}
    with pytest.raises(UnexpectedResponse):
        client(answering(200, json=reply)).generation("g")


RUNNING = ListedGeneration("g", GenerationStatus.PROCESSING, MOMENT, MOMENT)


def test_a_page_of_generations_in_full() -> None:
    text = "2026-05-14T09:30:00.123Z"
    item = {
        "id": "g",
        "status": "PROCESSING",
        "productDescription": "Shirt",
        "generationTimeMs": 12500,
        "createdAt": text,
        "updatedAt": text,
    }
    reply = {"items": [item], "nextCursor": "c", "hasMore": True, "count": 1}
    assert client(answering(200, json=reply)).generations() == GenerationPage((RUNNING,), "c")


@pytest.mark.parametrize(
    "item",
    [
        {"id": "g", "status": "processing"},
        {"generationId": "g", "status": "PROCESSING", "createdAt": "yesterday"},
        {"id": "g", "generationId": None, "status": "PROCESSING", "new": {"deep": [1]}},
    ],
)
def test_what_is_optional_or_new_cannot_spoil_a_page(item: dict[str, Any]) -> None:
    reply = {"items": [None, "g", {"id": "h"}, {"status": "FAILED"}, item]}
    page = client(answering(200, json=reply)).generations()
    assert page == GenerationPage((ListedGeneration("g", GenerationStatus.PROCESSING),))


@pytest.mark.parametrize("end", [{"hasMore": False, "nextCursor": "c"}, {"nextCursor": None}, {}])
def test_the_last_page_has_no_cursor(end: dict[str, Any]) -> None:
    assert client(answering(200, json={"items": [], **end})).generations() == GenerationPage(())


@pytest.mark.parametrize(
    "reply",
    [{}, [], {"items": None}, {"items": {}}, {"items": ["g"]}, {"generations": [{"id": "g"}]}],
)
def test_a_list_of_another_shape_is_no_list(reply: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        client(answering(200, json=reply)).generations()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-14T09:30:00.123", MOMENT),
        ("yesterday", None),
        (None, None),
        ("0001-01-01T00:00:00+14:00", None),
        ([], None),
    ],
)
def test_times_are_in_utc_or_not_there(text: Any, moment: datetime | None) -> None:
    reply = {"status": "PENDING", "createdAt": text}
    assert client(answering(200, json=reply)).generation("g").created_at == moment


@pytest.mark.parametrize(("balance", "credits"), [(0, 0), (12, 12), (-1, -1), (3.0, 3)])
def test_credits_are_a_number(balance: Any, credits: int) -> None:  # noqa: A002 (the thing itself)
    assert client(answering(200, json={"creditBalance": balance})).credits() == credits


@pytest.mark.parametrize("reply", [{}, {"creditBalance": None}, {"creditBalance": "many"}, 3])
def test_credits_that_are_no_number_are_unknown(reply: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        client(answering(200, json=reply)).credits()


def test_an_answer_without_end_does_not_fill_the_memory() -> None:
    chunk, served = b" " * 1024 * 1024, 0

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            nonlocal served
            while True:
                served += 1
                yield chunk

    with pytest.raises(GenlookError):
        client(answering(200, stream=Endless())).credits()
    assert served < 32


def _upload(genlook: Any) -> str:
    image_id: str = genlook.upload_image(
        b"x", filename="a", content_type="image/png", external_user_id="u"
    )
    return image_id
