"""What is held about a shopper: all of it, and said to nobody but who may ask."""

import itertools
import json
from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.events.catalogue import report_complaints, sample
from tests.support.reporting import answered, ask
from tests.support.world import SHOPPER, World
from tests.support.worlds import MakeWorld
from tryon_worker.aws import keys
from tryon_worker.aws.table import put
from tryon_worker.clock import DAY, from_iso


def completed(world: World) -> str:
    try_on_id = world.accepted(orderId=None, context={"cart": 7})
    world.run()
    world.watch(try_on_id)
    world.events()
    return try_on_id


def test_of_one_who_left_nothing_it_says_so(world: World) -> None:
    ask(world)
    said, told = answered(world)
    assert said["requestId"] == "ask-1"
    assert said["held"] == {"photos": 0, "results": 0, "tryOns": 0}
    assert said["shopperHash"] == world.container.pseudonymizer.shopper_key(SHOPPER)
    assert (told["photos"], told["tryOns"], told["results"]) == ([], [], [])
    assert told["atGenlook"] == {"photos": 0, "generations": 0}


def test_photos_try_ons_pictures_and_markers_are_listed(world: World) -> None:
    world.ready_photo(name="one.jpg")
    world.ready_photo(name="theirs.jpg", shopper="shopper-70")
    try_on_id = completed(world)
    ask(world)
    said, told = answered(world)
    assert said["held"] == {"photos": 1, "results": 1, "tryOns": 1}
    (photo,) = told["photos"]
    assert (photo["name"], photo["state"], photo["atGenlook"]) == ("one.jpg", "READY", 1)
    assert from_iso(photo["keptUntil"]) == from_iso(photo["takenAt"]) + 7 * DAY
    (try_on,) = told["tryOns"]
    assert try_on["request"]["context"] == {"cart": 7}
    assert (try_on["tryOnId"], try_on["outcome"]) == (try_on_id, "COMPLETED")
    assert [picture["key"] for picture in told["results"]] == [try_on["result"]]
    assert {marker["kind"] for marker in told["markers"]} == {"SHOPPER", "QUOTA", "DATA_REQUEST"}
    assert told["atGenlook"]["photos"] == told["atGenlook"]["generations"] == 1


def test_a_photo_that_replaced_another_says_since_when_its_name_is_used(world: World) -> None:
    """The earlier one, which was to be kept for longer, is still at Genlook."""
    world.ready_photo(name="me.jpg")
    first = world.clock.now()
    world.clock.advance(DAY)
    world.ready_photo(name="me.jpg", metadata={"keep-for-days": "1"})
    ask(world)
    _, told = answered(world)
    (photo,) = told["photos"]
    assert from_iso(photo["firstTakenAt"]) == first
    assert from_iso(photo["takenAt"]) == first + DAY
    assert from_iso(photo["keptUntil"]) == first + 2 * DAY
    assert from_iso(told["atGenlook"]["until"]) >= first + 7 * DAY


def test_what_is_still_under_way_is_listed_too(world: World) -> None:
    world.photo(name="unseen.jpg")  # its message has not come yet
    waiting = world.accepted()
    world.run()
    world.events()
    ask(world)
    said, told = answered(world)
    assert said["held"] == {"photos": 1, "results": 0, "tryOns": 1}
    assert told["photos"][0] == {
        "name": "unseen.jpg",
        "putAt": told["photos"][0]["putAt"],
        "state": "NEW",
    }
    assert (told["tryOns"][0]["tryOnId"], told["tryOns"][0]["state"]) == (waiting, "WAITING")


def test_words_of_genlook_and_photos_whose_object_is_gone_are_listed(world: World) -> None:
    world.ready_photo(name="gone.jpg")
    world.genlook.control.decide(Fate(kind="fail", message="no person in the picture"))
    completed(world)
    world.s3.delete_object(Bucket=world.photo_bucket, Key=f"photos/{SHOPPER}/gone.jpg")
    ask(world)
    said, told = answered(world)
    assert said["held"] == {"photos": 1, "results": 0, "tryOns": 1}
    assert "putAt" not in told["photos"][0]
    assert told["tryOns"][0]["message"] == "no person in the picture"


def test_every_row_of_the_shopper_is_in_it(world: World) -> None:
    """Whatever kinds of rows there may come to be."""
    world.ready_photo()
    completed(world)
    shopper_key = world.container.pseudonymizer.shopper_key(SHOPPER)
    world.table.write(put((keys.shopper(shopper_key), "NEWS#1"), {"taste": "stripes"}))
    ask(world)
    (said,) = world.events()
    where = said["report"]
    body = world.s3.get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read()
    assert "stripes" in body.decode()


def test_the_sample_is_what_is_written() -> None:
    assert report_complaints(sample("documents/Report")) == []
    assert report_complaints({**sample("documents/Report"), "externalUserId": SHOPPER})


def test_it_goes_before_the_retention_of_the_stack_is_over(make_world: MakeWorld) -> None:
    for keep_for_days, days in ((7, 3), (3, 3), (1, 1)):
        world = make_world(keep_for_days=keep_for_days)
        ask(world)
        (said,) = world.events()
        assert from_iso(said["report"]["expiresAt"]) == world.clock.now() + days * DAY
        tags = world.s3.get_object_tagging(Bucket=world.result_bucket, Key=said["report"]["key"])[
            "TagSet"
        ]
        assert tags == [{"Key": "keep-for-days", "Value": str(days)}]


def test_a_shopper_with_thousands_of_rows_is_listed_whole(world: World) -> None:
    """More than one page of anything: 100 rows of the ledger, 1,000 objects, 1 MB of rows."""
    shopper_key = world.container.pseudonymizer.shopper_key(SHOPPER)
    request = json.dumps(
        {"externalUserId": SHOPPER, "product": {"externalId": "t"}, "context": "x" * 900}
    )
    world.cloud.dynamodb.page_items = 1000  # some 1 MB of rows
    for number in range(1250):
        try_on_id, now = f"{number:040x}", int(world.clock.now())
        row = {"tryOnId": try_on_id, "requestedAt": now, "request": request}
        world.table.write(put(keys.request(shopper_key, try_on_id), row))
        world.table.write(put(keys.ledger(try_on_id), _ledger_item(shopper_key, number)))
    for number in range(1001):
        world.s3.put_object(
            Bucket=world.photo_bucket, Key=f"photos/{SHOPPER}/{number}.jpg", Body=b"\xff"
        )
    ask(world)
    said, told = answered(world)
    assert said["held"] == {"photos": 1001, "results": 0, "tryOns": 1250}
    assert {try_on["state"] for try_on in told["tryOns"]} == {"ACCEPTED"}


def _ledger_item(shopper_key: str, number: int) -> dict[str, Any]:
    try_on_id = f"{number:040x}"
    return {
        "tryOnId": try_on_id,
        "shopperKey": shopper_key,
        "state": "ACCEPTED",
        "payloadHash": "h",
        "requestedAt": 1,
        "acceptedAt": 1,
    }


@pytest.mark.parametrize("source", ["shop", "tryon.worker", "shop.privacy.x"])
def test_it_is_told_to_trusted_sources_alone(world: World, source: str) -> None:
    detail = {"externalUserId": SHOPPER}
    world.container.route_privacy_request(world.event("DataRequested", detail, source=source))
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("RequestRefused", "SOURCE_NOT_TRUSTED")
    assert world.rows() == []


def test_no_log_line_names_the_shopper(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.ready_photo()
    completed(world)
    ask(world)
    lines = "".join(itertools.chain(capsys.readouterr(), caplog.text))
    assert "reported" in lines
    for secret in (SHOPPER, "ask-1", "photos/", "results/"):
        assert secret not in lines


def test_a_large_report_goes_through_a_file(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("tryon_worker.erasure.export._IN_MEMORY_BYTES", 10)
    ask(world)
    answered(world)
