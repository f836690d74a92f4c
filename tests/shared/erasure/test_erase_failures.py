"""An erasure that Genlook or S3 holds up, or that is cut short: it goes on and is done once."""

import io
import itertools
from typing import Any

import pytest

from local.genlook.faults import CallFault
from tests.support.erasing import LATE, assert_nothing_is_left, closed, deletions, erase, wait
from tests.support.world import SHOPPER, World
from tryon_worker.erasure.store import LEASE_SECONDS


def test_a_sweep_that_was_cut_short_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        world.accepted(f"r-{number}")
    world.messages("tryon")
    world.clock.advance(1)
    ended: list[str] = []
    end_erased = world.container.outcomes.end_erased

    def dies_at_the_third(try_on: Any, **arguments: Any) -> bool:
        if len(ended) == 2:
            ended.append("died")
            raise KeyboardInterrupt
        ended.append(try_on.try_on_id)
        return end_erased(try_on, **arguments)

    monkeypatch.setitem(world.container.outcomes.__dict__, "end_erased", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        erase(world)
    world.clock.advance(LEASE_SECONDS + 1)
    wait(world, LATE + 1800)  # it may have died within its call to Genlook, too
    ended.remove("died")
    assert sorted(ended) == sorted(world.try_on_ids())
    said = world.events()
    assert [event["type"] for event in said].count("TryOnFailed") == 4
    assert said[-1]["erased"]["tryOns"] == 4
    assert_nothing_is_left(world)


@pytest.mark.promise("P4", "nothing-left-at-genlook")
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
    wait(world, LATE + 3600)
    (said,) = closed(world)
    assert said["erased"]["photos"] == 1
    # After an end that is unknown, once more when the deletion can surely not come later.
    assert deletions(world) == 5 if status == 503 else 4
    assert_nothing_is_left(world)


@pytest.mark.promise("P4", "nothing-left-at-genlook")
@pytest.mark.parametrize("body", ["html", "empty"])
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_of_something_in_between_closes_nothing(
    world: World,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: Any,
) -> None:
    world.ready_photo()
    world.clock.advance(1)
    proxy = CallFault(operation="customer_delete", status=status, body=body, times=None)
    world.genlook.control.arm(proxy)
    erase(world)
    wait(world, 86_400)
    assert closed(world) == []
    assert deletions(world) > 4
    lines = "".join(itertools.chain(capsys.readouterr(), caplog.text))
    assert "erasure not done yet" in lines
    assert world.genlook.control.customer(SHOPPER)["photos"]
    world.genlook.control.disarm()
    wait(world, 86_400)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


def test_while_genlook_is_down_for_days_it_asks_ever_more_rarely(world: World) -> None:
    world.genlook.control.refuse("customer_delete", 503, times=None)
    erase(world)
    for _ in range(24):
        world.clock.advance(3 * 3600)
        world.housekeeping_round()
    assert closed(world) == []
    assert 10 <= deletions(world) <= 24
    world.genlook.control.disarm()
    world.clock.advance(7 * 3600)
    world.housekeeping_round()
    assert len(closed(world)) == 1


def test_a_changed_key_is_read_again(world: World) -> None:
    world.container.api_key()
    world.genlook.control.add_key("gk_new")
    world.genlook.control.revoke_key(world.genlook.api_key)
    world.cloud.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString="gk_new"
    )
    erase(world)
    world.clock.advance(5)
    world.housekeeping_round()
    assert len(closed(world)) == 1


def test_an_erasure_tries_also_a_key_that_was_refused(world: World) -> None:
    """Calls are few and far between, and the probe alone would tell of a new key."""
    world.genlook.control.set_account(active=False)
    erase(world)
    world.container.erase("shopper-8", "forget-2")
    assert deletions(world) == 2


def test_objects_that_s3_keeps_are_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.ready_photo(name=f"{number}.jpg")
    world.clock.advance(1)
    client = world.container.photo_bucket._client
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
    monkeypatch.setattr(world.container.photo_bucket, "listing", lambda _: io.BytesIO().fileno())
    with pytest.raises(OSError, match="fileno"):
        erase(world)
    monkeypatch.undo()
    erase(world)  # the same message again, at once
    assert deletions(world) == 1
    # The error might have come while the deletion was under way, so Genlook might still make it.
    assert closed(world) == []
    wait(world, LATE + 900)
    assert len(closed(world)) == 1


@pytest.mark.promise("P4", "nothing-left-at-genlook")
def test_a_deletion_whose_unknown_end_cannot_be_written_down_keeps_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.lose_answer("customer_delete")

    def fail(*_: Any) -> None:
        raise OSError("the table does not answer")

    monkeypatch.setattr(world.container.shoppers, "extend_in_flight", fail)
    with pytest.raises(OSError, match="does not answer"):
        erase(world)
    monkeypatch.undo()
    erase(world)  # the same message again, at once
    assert deletions(world) == 1
    wait(world, LEASE_SECONDS + 120)
    assert (deletions(world), closed(world)) == (2, [])
    wait(world, LATE + 900)
    assert len(closed(world)) == 1


def test_a_worker_that_died_is_followed_by_another_after_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_photo()
    world.clock.advance(1)

    def die(_seconds: float) -> None:
        raise KeyboardInterrupt

    dying = world.new_process()
    object.__setattr__(dying.unbilled_call, "sleep", die)
    monkeypatch.setattr(dying.erase.erasures, "release", die)
    with pytest.raises(KeyboardInterrupt):
        dying.erase(SHOPPER, "forget-1")
    erase(world)
    assert closed(world) == []
    wait(world, LATE + 1800)
    assert len(closed(world)) == 1


@pytest.mark.promise("P4", "nothing-left-at-genlook")
def test_a_deletion_that_a_dead_worker_may_have_sent_keeps_the_erasure_open(world: World) -> None:
    """Genlook may still carry it out, and it would take photos that came after the erasure."""
    delete_customer = world.container.erase.delete_customer

    def sent_and_dead(external_user_id: str) -> None:
        delete_customer(external_user_id)
        raise KeyboardInterrupt

    dying = world.new_process()
    object.__setattr__(dying.erase, "delete_customer", sent_and_dead)
    with pytest.raises(KeyboardInterrupt):
        dying.erase(SHOPPER, "forget-1")
    wait(world, LEASE_SECONDS + 61)
    assert (deletions(world), closed(world)) == (2, [])
    wait(world, LATE - LEASE_SECONDS - 600)
    assert closed(world) == []
    wait(world, LEASE_SECONDS + 900)
    assert len(closed(world)) == 1


def test_an_announcement_that_was_cut_short_is_made_the_same_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.container.erase.erasures, "mark_published", die)
    with pytest.raises(KeyboardInterrupt):
        erase(world)
    monkeypatch.undo()
    world.clock.advance(61)
    world.housekeeping_round()
    first, second = closed(world)
    assert first == second
    assert not [row for row in world.rows() if "dueAt" in row]
