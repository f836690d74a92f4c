"""Erased is erased: what is left after ``CustomerErased``, and what an open erasure waits for."""

import io
import itertools
from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.support.world import SHOPPER, World
from tryon_worker.objects import result_prefix
from tryon_worker.store.entry import Reason, State
from tryon_worker.usecases.erase import LEASE_SECONDS

LATE = 600 + 3600
"""A generation may leave something for so long after its submit: deadline and margin."""


def erase(world: World, request_id: str = "forget-1") -> None:
    detail = {"externalUserId": SHOPPER, "requestId": request_id}
    world.wiring.take_erasure(world.event("ErasureRequested", detail, source="shop.privacy"))


def closed(world: World) -> list[dict[str, Any]]:
    return world.events("CustomerErased")


def deletions(world: World) -> int:
    return len(world.genlook.control.calls("customer_delete"))


def wait(world: World, seconds: float) -> None:
    """Time passes as it does: housekeeping looks once in a while."""
    end = world.clock.now() + seconds
    while world.clock.now() < end:
        world.clock.advance(min(900, end - world.clock.now()))
        world.housekeep()


def assert_nothing_is_left(world: World, shopper: str = SHOPPER) -> None:
    rows = str(world.rows())
    assert shopper not in rows
    assert not [row for row in world.rows() if row["sk"].startswith(("PHOTO#", "REQUEST#"))]
    for bucket in (world.photo_bucket, world.result_bucket):
        assert [key for key in world.objects(bucket) if shopper in key or "results" in key] == []
    held = world.genlook.control.customer(shopper)
    assert set(held["counts"].values()) == {0}


def completed(world: World) -> str:
    """A try-on whose picture lies in the result bucket, long ago."""
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    assert world.objects(world.result_bucket)
    world.events()
    world.clock.advance(LATE + 1)
    return try_on_id


# --- what is there


def test_an_erasure_of_one_who_left_nothing_is_done_at_once(world: World) -> None:
    erase(world)
    (said,) = world.events()
    assert said["type"] == "CustomerErased"
    assert said["requestId"] == "forget-1"
    assert said["erased"] == {"photos": 0, "results": 0, "tryOns": 0}
    assert said["shopperHash"] == world.wiring.identities.shopper_key(SHOPPER)
    assert deletions(world) == 1
    assert_nothing_is_left(world)


def test_photos_results_wishes_and_rows_go_and_are_counted(world: World) -> None:
    world.ready_photo(name="one.jpg")
    world.ready_photo(name="two.jpg")
    world.ready_photo(name="theirs.jpg", shopper="shopper-70")
    completed(world)
    world.clock.advance(1)
    erase(world)
    (said,) = closed(world)
    assert said["erased"] == {"photos": 2, "results": 1, "tryOns": 1}
    rows = [row for row in world.rows() if row["sk"].startswith("PHOTO#")]
    assert [row["key"] for row in rows] == ["photos/shopper-70/theirs.jpg"]
    assert world.objects(world.photo_bucket) == ["photos/shopper-70/theirs.jpg"]
    assert world.objects(world.result_bucket) == []
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 0
    assert world.genlook.control.customer("shopper-70")["counts"]["photos"] == 1


def test_a_picture_is_found_also_when_its_rows_are_gone(world: World) -> None:
    """S3's lifecycle comes a day or so late, DynamoDB's may come at once."""
    world.ready_photo()
    try_on_id = completed(world)
    table = world.engine.resource("dynamodb").Table(world.name)
    key = world.entry(try_on_id).shopper_key
    table.delete_item(Key={"pk": f"SHOPPER#{key}", "sk": f"REQUEST#{try_on_id}"})
    erase(world)
    (said,) = closed(world)
    assert said["erased"]["results"] == 1
    assert_nothing_is_left(world)


def test_both_spellings_of_a_key_are_swept(world: World) -> None:
    shopper = "o'neil (7)"
    for segment in ("o%27neil%20%287%29", "o'neil%20(7)"):
        world.s3.put_object(
            Bucket=world.photo_bucket, Key=f"photos/{segment}/me.jpg", Body=b"\xff\xd8\xff"
        )
    world.clock.advance(1)
    world.wiring.erase(shopper, "forget-1")
    assert world.objects(world.photo_bucket) == []


def test_what_waits_is_ended_quietly(world: World) -> None:
    try_on_id = world.accepted()
    world.run()
    world.events()
    erase(world)
    ended, erased = world.events()
    assert {**ended, "occurredAt": ""} == {
        "type": "TryOnFailed",
        "schemaVersion": 1,
        "occurredAt": "",
        "tryOnId": try_on_id,
        "reason": "CUSTOMER_ERASED",
    }
    assert erased["type"] == "CustomerErased"
    assert_nothing_is_left(world)


def test_a_message_from_before_the_erasure_does_nothing_after_it(world: World) -> None:
    arrival = world.photo()
    try_on_id = world.accepted()
    event = world.event("TryOnRequested", world.wish("r-2"))
    world.clock.advance(1)
    erase(world)
    world.events()
    world.clock.advance(3600)
    world.wiring.receive_photo(arrival)
    world.step(try_on_id)
    world.wiring.take_in(event)
    world.run()
    said = world.events()
    assert [(event["type"], event.get("reason")) for event in said] == [
        ("RequestRefused", "CUSTOMER_ERASED")
    ]
    assert world.genlook.control.calls("upload") == []
    assert world.paid_calls() == 0
    assert_nothing_is_left(world)


def test_a_late_event_deletes_an_object_of_before_and_none_of_after(world: World) -> None:
    """Under one key: the event is of the photo before the erasure, the object of the one after."""
    late = world.photo()
    world.clock.advance(1)
    erase(world)
    world.s3.put_object(Bucket=world.photo_bucket, Key=late.key, Body=b"came back from a copy")
    world.wiring.receive_photo(late)
    assert world.objects(world.photo_bucket) == []
    world.clock.advance(1)
    world.photo()
    world.wiring.receive_photo(late)
    assert world.objects(world.photo_bucket) == [late.key]
    assert world.genlook.control.calls("upload") == []


# --- what is under way


def test_a_running_try_on_ends_quietly_and_keeps_the_erasure_open(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.run()
    world.events()
    world.clock.advance(2)
    erase(world)
    (ended,) = world.events()
    assert (ended["type"], ended["reason"]) == ("TryOnFailed", "CUSTOMER_ERASED")
    assert set(ended) == {"type", "schemaVersion", "occurredAt", "tryOnId", "reason"}
    world.clock.advance(60)
    world.watch(try_on_id)  # the wait loop finds it decided
    assert world.genlook.control.customer(SHOPPER)["counts"]["results"] == 1
    wait(world, LATE - 400)
    assert closed(world) == []
    wait(world, 700)
    (said,) = closed(world)
    assert said["erased"]["tryOns"] == 1
    assert deletions(world) == 2
    assert world.entry(try_on_id).state is State.DECIDED
    assert_nothing_is_left(world)


def test_a_picture_that_is_copied_after_the_first_sweep_goes_with_the_second(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.run()
    world.clock.advance(2)
    erase(world)
    late = result_prefix(world.entry(try_on_id).shopper_key, try_on_id) + "late.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=late, Body=b"picture")
    wait(world, LATE + 600)
    (said,) = closed(world)
    assert said["erased"]["results"] == 1
    assert_nothing_is_left(world)


def test_a_copy_that_was_under_way_when_it_was_decided_is_waited_for(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    world.clock.advance(2)
    erase(world)
    assert closed(world) == []
    again = result_prefix(world.entry(try_on_id).shopper_key, try_on_id) + "again.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=again, Body=b"the slower of two looks")
    wait(world, 700)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.parametrize("end", ["unknown", "closed", "timed out"])
def test_a_generation_that_nobody_saw_end_is_waited_for(world: World, end: str) -> None:
    world.ready_photo()
    if end == "timed out":
        world.genlook.control.decide(Fate(seconds=650))
    else:
        world.genlook.control.lose_answer("try_on")
    try_on_id = world.accepted()
    world.run()
    if end == "timed out":
        world.watch(try_on_id, rounds=2000)
        verdict = world.entry(try_on_id).verdict
        assert verdict
        assert verdict.reason is Reason.TIMED_OUT
    if end == "closed":
        review = {"tryOnId": try_on_id, "action": "close"}
        world.wiring.take_in(world.event("TryOnReviewed", review, source="tryon.operator"))
    world.clock.advance(2)
    erase(world)
    assert closed(world) == []
    world.clock.advance(60)  # Genlook makes a picture of it meanwhile
    wait(world, LATE + 600)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_an_upload_under_way_is_waited_for(world: World) -> None:
    arrival = world.photo()
    slow = world.new_process()

    def erased_meanwhile(_seconds: float) -> None:
        world.clock.advance(1)
        erase(world)
        assert closed(world) == []

    object.__setattr__(slow.free_call, "sleep", erased_meanwhile)
    slow.receive_photo(arrival)
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 1
    assert world.events("PhotoReady") == []
    wait(world, 400)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_a_paid_call_under_way_is_waited_for(world: World) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.messages("tryon")
    slow = world.new_process()

    def erased_meanwhile(*arguments: Any) -> Any:
        answer = world.wiring.genlook.create_try_on(*arguments)
        world.clock.advance(1)
        erase(world)
        assert closed(world) == []
        return answer

    object.__setattr__(_payer(slow), "call", erased_meanwhile)
    slow.submit(try_on_id, lambda: 120.0)
    assert world.paid_calls() == 1
    assert world.genlook.control.customer(SHOPPER)["counts"]["generations"] == 1
    world.clock.advance(120)
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def _payer(wiring: Any) -> Any:
    return getattr(wiring.submit, "pay", wiring.submit)


def test_when_the_first_sweep_dies_after_its_traces_are_gone_the_wait_is_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_photo()
    try_on_id = world.accepted()
    world.messages("tryon")
    slow = world.new_process()

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def erasure_dies_meanwhile(*arguments: Any) -> Any:
        answer = world.wiring.genlook.create_try_on(*arguments)
        world.clock.advance(1)
        monkeypatch.setattr(world.wiring.erase.erasures, "count", die)
        with pytest.raises(KeyboardInterrupt):
            erase(world)
        monkeypatch.undo()
        return answer

    object.__setattr__(_payer(slow), "call", erasure_dies_meanwhile)
    slow.submit(try_on_id, lambda: 120.0)
    # Nothing here says any more that there was a call.
    assert world.entry(try_on_id).submitted_at is None
    world.events()
    wait(world, LATE - 400)
    assert closed(world) == []
    wait(world, 1500)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_after_a_retry_two_generations_may_run_and_both_are_waited_for(world: World) -> None:
    world.ready_photo()
    world.genlook.control.lose_answer("try_on")
    try_on_id = world.accepted()
    world.run()
    review = {"tryOnId": try_on_id, "action": "retry"}
    world.wiring.take_in(world.event("TryOnReviewed", review, source="tryon.operator"))
    world.run()
    world.watch(try_on_id)
    world.clock.advance(600)
    erase(world)
    world.clock.advance(600)
    world.housekeep()
    assert closed(world) == []
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_a_sweep_that_was_cut_short_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        world.accepted(f"r-{number}")
    world.messages("tryon")
    world.clock.advance(1)
    ended: list[str] = []
    end_erased = world.wiring.door.end_erased

    def dies_at_the_third(entry: Any, **arguments: Any) -> bool:
        if len(ended) == 2:
            ended.append("died")
            raise KeyboardInterrupt
        ended.append(entry.try_on_id)
        return end_erased(entry, **arguments)

    monkeypatch.setitem(world.wiring.door.__dict__, "end_erased", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        erase(world)
    world.clock.advance(LEASE_SECONDS + 1)
    world.housekeep()
    ended.remove("died")
    assert sorted(ended) == sorted(world.try_on_ids())
    said = world.events()
    assert [event["type"] for event in said].count("TryOnFailed") == 4
    assert said[-1]["erased"]["tryOns"] == 4
    assert_nothing_is_left(world)


# --- Genlook or S3 cannot


@pytest.mark.parametrize(
    ("status", "code"), [(503, "UNAVAILABLE"), (429, "RATE_LIMITED"), (400, "VALIDATION_FAILED")]
)
def test_without_genlooks_word_it_stays_open_raises_nothing_and_is_taken_up_again(
    world: World, status: int, code: str
) -> None:
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.refuse("customer_delete", status, code, times=3)
    erase(world)
    assert closed(world) == []
    # What lies here is gone at once: it need not wait for Genlook.
    assert world.objects(world.photo_bucket) == []
    wait(world, 3600)
    (said,) = closed(world)
    assert said["erased"]["photos"] == 1
    assert deletions(world) == 4
    assert_nothing_is_left(world)


def test_while_genlook_is_down_for_days_it_asks_ever_more_rarely(world: World) -> None:
    world.genlook.control.refuse("customer_delete", 503, times=None)
    erase(world)
    for _ in range(24):
        world.clock.advance(3 * 3600)
        world.housekeep()
    assert closed(world) == []
    assert 10 <= deletions(world) <= 24
    world.genlook.control.disarm()
    world.clock.advance(7 * 3600)
    world.housekeep()
    assert len(closed(world)) == 1


def test_a_changed_key_is_read_again(world: World) -> None:
    world.wiring.api_key()
    world.genlook.control.add_key("gk_new")
    world.genlook.control.revoke_key(world.genlook.api_key)
    world.engine.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString="gk_new"
    )
    erase(world)
    world.clock.advance(5)
    world.housekeep()
    assert len(closed(world)) == 1


def test_an_erasure_tries_also_a_key_that_was_refused(world: World) -> None:
    """Calls are few and far between, and the probe alone would tell of a new key."""
    world.genlook.control.set_account(active=False)
    erase(world)
    world.wiring.erase("shopper-8", "forget-2")
    assert deletions(world) == 2


def test_objects_that_s3_keeps_are_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.ready_photo(name=f"{number}.jpg")
    world.clock.advance(1)
    client = world.wiring.photo_bucket._client
    delete_objects = client.delete_objects
    asked: list[int] = []

    def keeps_one(**call: Any) -> Any:
        keys = [item["Key"] for item in call["Delete"]["Objects"]]
        asked.append(len(keys))
        if len(asked) > 4:
            return delete_objects(**call)
        if keys[1:]:
            call["Delete"]["Objects"] = call["Delete"]["Objects"][1:]
            delete_objects(**call)
        return {"Errors": [{"Key": keys[0], "Code": "InternalError"}]}

    monkeypatch.setattr(client, "delete_objects", keeps_one)
    erase(world)
    assert asked == [3, 1, 1]
    assert closed(world) == []
    assert len(world.objects(world.photo_bucket)) == 1
    wait(world, 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_what_nobody_foresaw_is_raised_and_leaves_the_erasure_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.wiring.photo_bucket, "listing", lambda _: io.BytesIO().fileno())
    with pytest.raises(OSError, match="fileno"):
        erase(world)
    monkeypatch.undo()
    erase(world)  # the same message again, at once
    assert len(closed(world)) == 1


# --- more than once


def test_a_repeat_of_a_closed_request_does_nothing(world: World) -> None:
    erase(world)
    world.events()
    world.clock.advance(10)
    world.ready_photo()
    before = world.rows()
    erase(world)
    assert world.events() == []
    assert world.rows() == before
    assert deletions(world) == 1
    assert world.objects(world.photo_bucket)


def test_twice_at_once_is_one_sweep_and_one_word(world: World) -> None:
    world.ready_photo()
    world.clock.advance(1)
    other = world.new_process()
    detail = {"externalUserId": SHOPPER, "requestId": "forget-1"}
    event = world.event("ErasureRequested", detail, source="shop.privacy")
    twice = iter([lambda: other.take_erasure(event)])

    def meanwhile(_seconds: float) -> None:
        next(twice, lambda: None)()

    object.__setattr__(world.wiring.free_call, "sleep", meanwhile)
    world.wiring.take_erasure(event)
    assert len(closed(world)) == 1
    assert deletions(world) == 1


def test_a_worker_that_died_is_followed_by_another_after_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_photo()
    world.clock.advance(1)

    def die(_seconds: float) -> None:
        raise KeyboardInterrupt

    dying = world.new_process()
    object.__setattr__(dying.free_call, "sleep", die)
    monkeypatch.setattr(dying.erase.erasures, "leave", die)
    with pytest.raises(KeyboardInterrupt):
        dying.erase(SHOPPER, "forget-1")
    erase(world)
    assert closed(world) == []
    world.clock.advance(LEASE_SECONDS + 1)
    world.housekeep()
    assert len(closed(world)) == 1


def test_an_announcement_that_was_cut_short_is_made_the_same_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.wiring.erase.erasures, "announced", die)
    with pytest.raises(KeyboardInterrupt):
        erase(world)
    monkeypatch.undo()
    world.clock.advance(61)
    world.housekeep()
    first, second = closed(world)
    assert first == second
    assert not [row for row in world.rows() if "dueAt" in row]


def test_another_request_is_another_erasure(world: World) -> None:
    erase(world)
    world.clock.advance(10)
    world.wiring.receive_photo(world.photo())
    world.clock.advance(1)
    erase(world, "forget-2")
    world.housekeep()
    said = closed(world)
    assert [event["requestId"] for event in said] == ["forget-1", "forget-2"]
    assert said[1]["erased"]["photos"] == 1


def test_the_tombstone_never_moves_back(world: World) -> None:
    erase(world)
    behind = world.new_process()
    before = world.clock.now()
    behind.erase.__dict__["clock"] = lambda: before - 30
    behind.erase(SHOPPER, "forget-2")
    key = world.wiring.identities.shopper_key(SHOPPER)
    assert world.wiring.shoppers.get(key).erased_at == int(before)


# --- what comes after it


def test_photos_and_wishes_of_after_wait_while_it_is_open_and_go_on_when_it_closes(
    world: World,
) -> None:
    world.ready_photo(name="before.jpg")
    world.accepted("before")
    world.run()
    world.clock.advance(2)
    erase(world)
    world.events()
    world.clock.advance(10)
    uploads = len(world.genlook.control.calls("upload"))
    world.wiring.receive_photo(world.photo("after.jpg"))
    after = world.accepted("after")
    world.run()
    wait(world, 900)
    assert len(world.genlook.control.calls("upload")) == uploads
    assert world.paid_calls() == 1
    assert world.entry(after).state is State.WAITING
    wait(world, LATE + 600)
    said = [event["type"] for event in world.events()]
    assert said.index("CustomerErased") < said.index("PhotoReady")
    assert after in world.executions.started
    assert f"photos/{SHOPPER}/after.jpg" in world.objects(world.photo_bucket)


def test_no_picture_of_a_wish_of_after_is_swept(world: World) -> None:
    world.ready_photo()
    world.accepted("before")
    world.run()
    world.clock.advance(2)
    erase(world)
    world.clock.advance(10)
    after = world.entry(world.accepted("after"))
    key = result_prefix(after.shopper_key, after.try_on_id) + "picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")
    wait(world, LATE + 600)
    assert closed(world)
    assert world.objects(world.result_bucket) == [key]


def test_a_shopper_can_come_back_after_it(world: World) -> None:
    world.ready_photo()
    world.clock.advance(1)
    erase(world)
    world.clock.advance(10)
    world.wiring.receive_photo(world.photo())
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    assert world.events("PhotoReady")
    assert world.entry(try_on_id).verdict


# --- who may, and whom


@pytest.mark.parametrize(
    ("source", "detail", "refused"),
    [
        ("shop", {"externalUserId": SHOPPER}, ("SOURCE_NOT_TRUSTED", "source")),
        ("shop.privacy", {}, ("INVALID", "externalUserId")),
        ("shop.privacy", {"externalUserId": "guest"}, ("INVALID", "externalUserId")),
        ("shop.privacy", {"externalUserId": "  "}, ("INVALID", "externalUserId")),
        ("queue", {"externalUserId": "Anonymous"}, ("INVALID", "externalUserId")),
        ("queue", {"externalUserId": ".."}, ("INVALID", "externalUserId")),
    ],
)
def test_what_is_no_request_erases_nobody(
    world: World, source: str, detail: dict[str, Any], refused: tuple[str, str]
) -> None:
    world.wiring.take_erasure(world.event("ErasureRequested", detail, source=source))
    (said,) = world.events()
    assert (said["reason"], said["field"]) == refused
    assert world.rows() == []
    assert deletions(world) == 0


def test_a_question_about_a_shopper_erases_nobody(world: World) -> None:
    detail = {"externalUserId": SHOPPER}
    world.wiring.take_erasure(world.event("DataRequested", detail, source="shop.privacy"))
    assert [said["type"] for said in world.events()] == ["DataReported"]
    assert deletions(world) == 0


def test_without_a_request_id_the_events_own_counts(world: World) -> None:
    event = world.event("ErasureRequested", {"externalUserId": SHOPPER}, source="tryon.operator")
    for _ in range(2):
        world.wiring.take_erasure(event)
    (said,) = closed(world)
    assert said["requestId"] == event.id


def test_no_log_line_names_the_shopper(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.genlook.control.refuse("customer_delete", 503)
    arrival = world.ready_photo()
    world.accepted()
    world.run()
    world.clock.advance(2)
    erase(world)
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    lines = "".join(itertools.chain(capsys.readouterr(), caplog.text))
    assert "erasure not done yet" in lines
    for secret in (SHOPPER, arrival.key, "forget-1", "photos/"):
        assert secret not in lines
