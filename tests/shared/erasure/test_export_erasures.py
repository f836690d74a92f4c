"""A question and an erasure of the same shopper: nothing of the answer outlives the erasure."""

from typing import Any

import pytest

from tests.support.erasing import SOON, erase, finish
from tests.support.reporting import ask, data_requests, rows
from tests.support.world import SHOPPER, World
from tryon_worker.clock import DAY
from tryon_worker.erasure.store import LEASE_SECONDS


def assert_nothing_is_left(world: World) -> None:
    assert rows(world) == []
    assert data_requests(world) == []


def test_a_question_from_before_the_erasure_is_refused(world: World) -> None:
    detail = {"externalUserId": SHOPPER}
    late = world.event("DataRequested", detail, source="shop.privacy")
    world.clock.advance(1)
    erase(world)
    world.events()
    world.clock.advance(DAY)
    world.container.route_privacy_request(late)
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("RequestRefused", "CUSTOMER_ERASED")
    assert_nothing_is_left(world)


def test_an_erasure_takes_report_and_question_and_counts_no_report_as_a_picture(
    world: World,
) -> None:
    ask(world)
    world.events()
    world.clock.advance(1)
    erase(world)
    finish(world)
    (said,) = world.events()
    assert said["erased"] == {"photos": 0, "results": 0, "tryOns": 0}
    assert_nothing_is_left(world)


def test_a_question_that_an_erasure_overtakes_is_refused_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure comes between the writing of the report and the word about it."""
    write = world.container.result_bucket.write

    def overtaken(key: str, body: Any, **arguments: Any) -> None:
        monkeypatch.undo()
        world.clock.advance(1)
        erase(world)
        assert world.events("CustomerErased") == []  # it waits for the lease
        write(key, body, **arguments)

    monkeypatch.setattr(world.container.result_bucket, "write", overtaken)
    ask(world)
    assert data_requests(world) == []
    world.clock.advance(LEASE_SECONDS + 61)
    world.housekeeping_round()
    assert [said["type"] for said in world.events()] == ["CustomerErased"]
    assert_nothing_is_left(world)


def test_a_report_of_a_worker_that_died_goes_with_the_last_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = world.new_process()
    write = dying.result_bucket.write

    class Dead(BaseException):
        pass

    def late(key: str, body: Any, **arguments: Any) -> None:
        world.clock.advance(1)
        erase(world)
        write(key, body, **arguments)
        raise Dead

    monkeypatch.setattr(dying.result_bucket, "write", late)
    with pytest.raises(Dead):
        ask(world, process=dying)
    assert len(data_requests(world)) == 1
    (refused,) = world.events()
    assert (refused["type"], refused["reason"]) == ("RequestRefused", "CUSTOMER_ERASED")
    assert refused["eventType"] == "DataRequested"
    world.clock.advance(LEASE_SECONDS + 61)
    world.housekeeping_round()
    assert [said["type"] for said in world.events()] == ["CustomerErased"]
    assert data_requests(world) == []


def test_what_is_asked_while_an_erasure_is_open_waits_for_its_end(world: World) -> None:
    world.ready_photo()
    world.accepted()
    world.run()
    world.events()
    world.clock.advance(2)
    erase(world)
    world.clock.advance(SOON)
    ask(world)
    world.clock.advance(3600)
    world.housekeeping_round()
    assert world.events("DataReported") == []
    for _ in range(6):
        world.clock.advance(700)
        world.housekeeping_round()
    said = [event["type"] for event in world.events()]
    assert said.index("CustomerErased") < said.index("DataReported")


def test_an_answer_that_nobody_may_have_heard_is_said_the_same_again_and_not_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = world.new_process()
    monkeypatch.setattr(dying.data_requests, "mark_published", _die)
    with pytest.raises(_Dead):
        ask(world, process=dying)
    (first,) = world.events("DataReported")
    world.clock.advance(1)
    erase(world)
    finish(world)
    again, erased = world.events()
    assert again == first
    assert erased["type"] == "CustomerErased"
    assert_nothing_is_left(world)


class _Dead(BaseException):
    pass


def _die(*_: Any) -> None:
    raise _Dead
