"""A question of a shopper is answered once, and to the end: repeated, cut short, or overdue."""

from typing import Any

import pytest

from tests.support.erasing import SOON, erase
from tests.support.reporting import answered, ask, data_requests, rows
from tests.support.shopify import webhook
from tests.support.world import SHOPPER, World
from tryon_worker.clock import DAY, from_iso
from tryon_worker.erasure.store import LEASE_SECONDS


def test_a_repeat_of_an_answered_question_does_nothing(world: World) -> None:
    detail = {"externalUserId": SHOPPER, "requestId": "ask-1"}
    event = world.event("DataRequested", detail, source="shop.privacy")
    world.container.route_privacy_request(event)
    world.events()
    completed_later = world.s3.list_objects_v2(Bucket=world.result_bucket)["Contents"]
    world.clock.advance(60)
    world.container.route_privacy_request(event)
    world.housekeeping_round()
    assert world.events() == []
    assert world.s3.list_objects_v2(Bucket=world.result_bucket)["Contents"] == completed_later
    ask(world, "ask-2")
    assert len(world.events()) == 1
    assert len(data_requests(world)) == 2


def test_an_id_that_is_used_again_after_the_answer_is_another_question(world: World) -> None:
    """It asks for what came since, and each has its report."""
    ask(world)
    first, told = answered(world)
    assert told["photos"] == []
    world.clock.advance(60)
    world.ready_photo()
    ask(world)
    second, told = answered(world)
    assert len(told["photos"]) == 1
    assert first["requestId"] == second["requestId"]
    assert len(data_requests(world)) == 2


def test_an_answered_question_keeps_no_name(world: World) -> None:
    ask(world)
    (said,) = world.events()
    assert SHOPPER not in str(rows(world)) + str(data_requests(world)) + str(said)


def test_a_worker_that_died_is_followed_by_another_after_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = world.new_process()

    class Dead(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Dead

    monkeypatch.setattr(dying.result_bucket, "write", die)
    with pytest.raises(Dead):
        ask(world, process=dying)
    ask(world)
    assert world.events() == []
    world.clock.advance(LEASE_SECONDS + 61)
    world.housekeeping_round()
    answered(world)


def test_what_nobody_foresaw_is_raised_and_leaves_the_question_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.container.result_bucket, "write", fail)
        with pytest.raises(OSError, match="no answer"):
            ask(world)
    ask(world)
    answered(world)


def test_an_announcement_that_was_cut_short_is_made_the_same_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.container.publisher, "publish", fail)
        with pytest.raises(OSError, match="no answer"):
            ask(world)
    (written,) = rows(world)
    world.clock.advance(61)
    world.housekeeping_round()
    said, _ = answered(world)
    assert from_iso(said["occurredAt"]) == written["reportedAt"]
    world.clock.advance(DAY)
    world.housekeeping_round()
    assert world.events() == []


def test_an_open_question_is_told_of_in_time(world: World, capsys: Any) -> None:
    world.ready_photo()
    world.accepted()
    world.run()
    world.clock.advance(2)
    world.genlook.control.refuse("customer_delete", 503, times=None)
    erase(world)
    world.clock.advance(SOON)
    ask(world)  # waits for the erasure
    world.clock.advance(3 * DAY - 10)
    world.housekeeping_round()
    assert "Overdue" not in capsys.readouterr().out
    world.clock.advance(DAY / 2)
    world.housekeeping_round()
    counted = capsys.readouterr().out
    assert "ErasureOverdue" in counted
    assert "ReportOverdue" in counted


def test_a_webhook_that_comes_again_hours_later_is_the_same_question(world: World) -> None:
    """The merchant's number of it is unique; a server that forwards it gives it another time."""
    for _ in range(2):
        webhook(world, "customers/data_request", customer={"id": 7}, data_request={"id": 12})
        world.clock.advance(3600)
    assert [event["type"] for event in world.events()] == ["DataReported"]
