"""A whole shop is redacted: everybody is erased whom anything names, and then it is said."""

from typing import Any

import pytest

from tests.support.erasing import SOON, erase, finish, wait
from tests.support.kill_switch import Killed, MortalWorld
from tests.support.reporting import ask
from tests.support.shopify import names, webhook
from tests.support.world import SHOPPER, World
from tryon_worker.aws import table
from tryon_worker.clock import DAY
from tryon_worker.erasure import shop

LATE = 600 + 3600 + 300
"""After so long nothing from before the request is under way any more."""


def test_everybody_is_erased_whom_anything_names(world: World) -> None:
    """A photo at Genlook, one that nobody has seen yet, and a request without a photo."""
    world.ready_photo(shopper="a")
    world.photo(shopper="b")
    world.accepted(externalUserId="c")
    world.run()
    world.events()
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.run()
    wait(world, LATE + 7200)
    said = world.events()
    kinds = [event["type"] for event in said]
    assert kinds.count("CustomerErased") == 3
    assert kinds[-1] == "ShopErased"
    assert (said[-1]["requestId"], said[-1]["shoppers"]) == ("hook-1", 3)
    assert {event["requestId"] for event in said if event["type"] == "CustomerErased"} == {"hook-1"}
    assert names(world) == set()
    assert not [row for row in world.rows() if row["sk"].startswith(("DETAILS#", "PHOTO#"))]
    wait(world, DAY)
    webhook(world, "shop/redact")
    world.run()
    assert world.events() == []


def test_the_shop_is_not_erased_before_its_last_shopper(world: World) -> None:
    """What lies here goes at once; while Genlook is down no walk finds the shopper any more."""
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.refuse("customer_delete", 503, times=None)
    webhook(world, "shop/redact")
    world.run()
    wait(world, LATE + DAY)
    assert names(world) == set()
    assert world.events() == []
    world.genlook.control.disarm()
    wait(world, DAY)
    assert [said["type"] for said in world.events()] == ["CustomerErased", "ShopErased"]


def test_the_shop_is_not_erased_while_another_request_erases_one_of_it(world: World) -> None:
    """Its sweep took away what a walk would find the shopper by; Genlook still has the photo."""
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.refuse("customer_delete", 503, times=None)
    erase(world)
    webhook(world, "shop/redact")
    wait(world, LATE + DAY)
    assert world.events() == []
    world.genlook.control.disarm()
    wait(world, DAY)
    said = world.events()
    assert [event["type"] for event in said] == ["CustomerErased", "ShopErased"]
    assert said[1]["shoppers"] == 0


def test_who_has_left_nothing_but_a_question_is_erased_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is open its row has the shopper's id."""
    with monkeypatch.context() as patch:
        patch.setattr(world.container.data_requests, "claim", lambda *_, **__: False)
        ask(world)
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.run()
    finish(world)
    (refused, erased) = world.events()
    assert (refused["type"], refused["reason"]) == ("RequestRefused", "CUSTOMER_ERASED")
    assert erased["type"] == "CustomerErased"
    assert SHOPPER not in str(world.rows())


def test_what_lay_in_a_queue_is_found_by_a_later_walk(world: World) -> None:
    late = world.event("TryOnRequested", world.request())
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.container.route_event(late)
    wait(world, LATE + 7200)
    said = world.events()
    assert [event["type"] for event in said if event["type"] != "TryOnDeferred"] == [
        "TryOnFailed",
        "CustomerErased",
        "ShopErased",
    ]
    assert not [row for row in world.rows() if row["sk"].startswith("DETAILS#")]


@pytest.mark.promise("Erasure", "redaction-finds-replaced-photos")
def test_a_photo_that_is_replaced_before_a_walk_comes_to_it_is_found(world: World) -> None:
    """Row and object have the later photo's dates; the earlier one is still at Genlook."""
    world.ready_photo()
    world.clock.advance(1)
    key = world.container.pseudonymizer.request_key("hook-1")
    now = int(world.clock.now())
    world.container.redact_shop.redactions.open(key, request_id="hook-1", now=now, asked_at=now)
    world.clock.advance(1)
    world.ready_photo()
    world.container.redact_shop.resume(key)
    wait(world, LATE + 7200)
    assert [said["type"] for said in world.events()] == ["CustomerErased", "ShopErased"]
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 0


def test_a_walk_passes_over_those_whose_erasure_is_opened(world: World) -> None:
    """It asks for no second sweep while the first is on its way."""
    for shopper in ("a", "b"):
        world.photo(shopper=shopper)
    world.clock.advance(1)
    webhook(world, "shop/redact")
    assert len(world.messages("erasure")) == 2
    (row,) = [row for row in world.rows() if row["sk"].startswith("REDACTION#")]
    world.clock.advance(1)
    world.container.redact_shop.resume(row["requestKey"])
    assert world.messages("erasure") == []
    (row,) = [row for row in world.rows() if row["sk"].startswith("REDACTION#")]
    assert row["rounds"] == 1


def test_who_comes_after_it_is_left_alone(world: World) -> None:
    world.ready_photo(shopper="before")
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.clock.advance(SOON)
    world.ready_photo(shopper="after")
    wait(world, LATE + 7200)
    assert world.events("ShopErased")[0]["shoppers"] == 1
    assert names(world) == {"after"}


def test_pictures_without_a_row_go_too(world: World) -> None:
    key = f"results/{'a' * 40}/{'b' * 40}/picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")
    webhook(world, "shop/redact")
    wait(world, LATE + 7200)
    assert world.objects(world.result_bucket) == []


CALLS = 60
"""A process lives for so many calls; when a third of them is left it has 90 s left."""


def erase_what_is_due(mortal: MortalWorld) -> None:
    """What housekeeping has erased, each with time enough."""
    for row in mortal.rows():
        if row["sk"].startswith("ERASURE#") and row.get("dueAt", 1e12) <= mortal.clock.now():
            shopper_key = row["pk"].removeprefix("SHOPPER#")
            mortal.container.erase.resume(shopper_key, row["requestKey"])


def short_life(mortal: MortalWorld, request_key: str) -> bool:
    """One run of a walk, in a process that dies unless it stops in time; whether it stopped."""
    process = mortal.new_process()
    process.redact_shop  # noqa: B018  made now, before its calls are counted
    before = len(mortal.kill_switch.calls)

    def time_left() -> float:
        left = CALLS - (len(mortal.kill_switch.calls) - before)
        return left * shop.STEP_SECONDS / (CALLS / 3)

    mortal.kill_switch.arm(CALLS)
    try:
        process.redact_shop.resume(request_key, time_left)
    except Killed:
        return False
    finally:
        mortal.container = mortal.new_process()
    return True


@pytest.mark.promise("Erasure", "redaction-outlives-its-processes")
def test_a_shop_that_no_process_lives_long_enough_for_is_redacted_all_the_same(
    mortal: MortalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes on where the one before it stopped, and none is cut off in the middle."""
    monkeypatch.setattr(table, "SCANNED_AT_ONCE", 4)
    monkeypatch.setattr(shop, "_OBJECTS", 4)
    for number in range(30):
        mortal.accepted(externalUserId=f"asked-{number}")
        mortal.photo(shopper=f"photographed-{number}")
        key = f"results/{number:040x}/{number:040x}/picture.jpg"
        mortal.s3.put_object(Bucket=mortal.result_bucket, Key=key, Body=b"picture")
    for role in ("tryon", "upload", "watch"):
        mortal.messages(role)  # never to be delivered
    mortal.clock.advance(1)
    request_key = mortal.container.pseudonymizer.request_key("hook-1")
    now = int(mortal.clock.now())
    mortal.container.redact_shop.redactions.open(
        request_key, request_id="hook-1", now=now, asked_at=now
    )
    runs, stages = [], set()
    for _ in range(200):
        runs.append(short_life(mortal, request_key))
        (row,) = [row for row in mortal.rows() if row["sk"].startswith("REDACTION#")]
        stages.add((row.get("walk") or {}).get("stage"))
        assert "asked-" not in str(row), "the request's row names a shopper"
        assert "photographed-" not in str(row), "the request's row names a shopper"
        if "published" in row:
            break
        mortal.run()
        erase_what_is_due(mortal)
        mortal.clock.advance(max(1, row["dueAt"] + 1 - mortal.clock.now()))
    said = mortal.events()
    assert [event["shoppers"] for event in said if event["type"] == "ShopErased"] == [60]
    assert all(runs)
    assert stages == {None, "ROWS", "PHOTOS", "ERASURES", "RESULTS"}, "none was cut short there"
    assert names(mortal) == set()
    assert mortal.objects(mortal.result_bucket) == []
    assert "walk" not in row


def test_a_walk_that_began_before_its_time_is_not_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came from a queue while it lasted may lie behind it."""
    webhook(world, "shop/redact")
    world.clock.advance(LATE - 5)
    (row,) = [row for row in world.rows() if row["sk"].startswith("REDACTION#")]
    walked = world.container.table.scan

    def slow(*kinds: str, **given: Any) -> Any:
        page = walked(*kinds, **given)
        if "DETAILS" in kinds:
            world.accepted(externalUserId="late")  # of before, as its event says
            world.clock.advance(10)
        return page

    late = world.event("TryOnRequested", world.request())
    old = type(late)(late.id, late.source, late.detail_type, row["askedAt"] - 1, late.detail)
    monkeypatch.setattr(world, "event", lambda *_, **__: old)
    with monkeypatch.context() as patch:
        patch.setattr(world.container.table, "scan", slow)
        world.container.redact_shop.resume(row["requestKey"])
    assert "ShopErased" not in [said["type"] for said in world.events()]
    wait(world, 7200)
    assert [said["type"] for said in world.events()][-2:] == ["CustomerErased", "ShopErased"]


@pytest.mark.parametrize("dies_after", range(1, 8))
def test_killed_at_any_call_it_loses_nobody(mortal: Any, dies_after: int) -> None:
    for shopper in ("a", "b"):
        mortal.ready_photo(shopper=shopper)
    mortal.clock.advance(1)
    process = mortal.new_process()
    process.redact_shop  # noqa: B018  made now, before its calls are counted
    mortal.kill_switch.arm(dies_after)
    with pytest.raises(Killed):
        process.redact_shop("hook-1")
    mortal.__dict__["container"] = mortal.new_process()
    mortal.container.redact_shop("hook-1")  # the message comes again
    wait(mortal, LATE + 7200)
    said = mortal.events()
    assert [event["type"] for event in said].count("CustomerErased") == 2
    assert [event["shoppers"] for event in said if event["type"] == "ShopErased"] == [2]
    assert names(mortal) == set()


def test_what_nobody_foresaw_is_raised_and_leaves_the_request_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.container.table, "scan", fail)
        with pytest.raises(OSError, match="no answer"):
            webhook(world, "shop/redact")
    webhook(world, "shop/redact")
    wait(world, LATE + 7200)
    assert [said["type"] for said in world.events()] == ["ShopErased"]
