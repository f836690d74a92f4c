"""What is over a cap of the day waits for the next one; the cap is kept with the submit."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tests.support.concurrent import ConcurrentWorld
from tests.support.kill_switch import Killed
from tests.support.submitting import SMALL_PHOTO, ordered, quiet
from tests.support.tryons import refusing_bus
from tests.support.world import SHOPPER, World
from tryon_worker.account.quotas import Quota, Quotas, next_day
from tryon_worker.aws.table import ConditionFailed, Write
from tryon_worker.clock import DAY
from tryon_worker.events.publisher import EventNotTaken
from tryon_worker.tryons.model import State, WaitingFor
from tryon_worker.tryons.step import CLAIM_SECONDS


def at(world: World, hour: int, minute: int = 0, second: int = 0) -> None:
    """Lets time pass until this time of a day (UTC)."""
    now = datetime.fromtimestamp(world.clock.now(), UTC)
    then = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    world.clock.advance((then - now).total_seconds() % DAY)


@pytest.mark.promise("Live before bulk", "daily-quotas")
def test_what_is_over_the_stacks_cap_waits_for_the_next_day_and_is_said_once(world: World) -> None:
    world.options["max_tryons_per_day"] = 2
    at(world, 10)
    requests = [ordered(world, f"r-{number}") for number in range(5)]
    world.events()
    for try_on_id in requests:
        world.step(try_on_id)
    assert world.paid_calls() == 2
    reached = world.events("SpendCapReached")
    assert [event["cap"] for event in reached] == ["stack"]
    for try_on_id in requests[2:]:
        try_on = world.try_on(try_on_id)
        assert (try_on.waiting_for, try_on.due_at) == (
            WaitingFor.QUOTA,
            next_day(int(world.clock.now())),
        )
        assert try_on.quota_day is None
    quiet(world, rounds=3)
    assert world.paid_calls() == 2
    at(world, 0, 1)
    quiet(world, rounds=2)
    assert world.paid_calls() == 4
    assert len(world.events("SpendCapReached")) == 1, "of the new day"


@pytest.mark.promise("Live before bulk", "daily-quotas")
def test_a_shoppers_cap_stops_that_shopper_alone(world: World) -> None:
    world.options["max_tryons_per_shopper_per_day"] = 1
    mine = [ordered(world, f"r-{number}") for number in range(3)]
    world.ready_photo(shopper="somebody-else", data=SMALL_PHOTO)
    theirs = ordered(world, "r-9", externalUserId="somebody-else")
    for try_on_id in (*mine, theirs):
        world.step(try_on_id)
    assert world.try_on(theirs).state is State.SUBMITTED
    assert [world.try_on(request).waiting_for for request in mine[1:]] == [WaitingFor.QUOTA] * 2
    said = world.events("SpendCapReached")
    assert [event["cap"] for event in said] == ["shopper"]
    assert "externalUserId" not in said[0]


@pytest.mark.promise("The paid call", "checks-come-before-the-call")
def test_a_cap_of_nothing_spends_nothing(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    try_on_id = ordered(world)
    world.step(try_on_id)
    assert (world.try_on(try_on_id).waiting_for, world.paid_calls()) == (WaitingFor.QUOTA, 0)


@pytest.mark.promise("Live before bulk", "quota-is-granted-with-the-submit")
def test_the_grant_is_in_the_same_transaction_as_the_mark(world: World) -> None:
    """A try-on that may not be marked takes nothing of the day."""
    try_on_id = ordered(world)
    paid_call = world.container.step.paid_call
    reserve = paid_call.quotas.reserve
    now = int(world.clock.now())
    world.container.ledger.claim(try_on_id, "other", now=now, lease_until=now + 150)
    move = world.container.ledger.submission(
        try_on_id, "mine", now=now, lease_until=now, quota_day="2027-01-01", photo_id=""
    )
    with pytest.raises(ConditionFailed):
        world.container.table.transact([move, *reserve("s", now=now).values()])
    assert not [row for row in world.rows() if "granted" in row]


def test_what_was_granted_once_is_not_taken_again(world: World) -> None:
    world.options["max_tryons_per_day"] = 1
    try_on_id = ordered(world)
    world.genlook.control.throttle("try_on")
    world.step(try_on_id)
    quiet(world, rounds=1)
    assert world.try_on(try_on_id).state is State.SUBMITTED


def test_a_wait_that_begins_at_midnight_is_for_the_day_that_was_full(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    try_on_id = ordered(world)
    at(world, 23, 59, 59)
    transact = world.container.table.transact

    def late(writes: Sequence[Write]) -> None:
        world.clock.advance(2)
        transact(writes)

    world.container.table.transact = late  # type: ignore[method-assign]  # a slow table
    world.step(try_on_id)
    assert world.try_on(try_on_id).due_at <= world.clock.now()


@pytest.mark.promise("Live before bulk", "reached-quota-is-published")
def test_a_cap_is_told_though_the_bus_was_down_when_it_was_reached(world: World) -> None:
    """And though the message came again before anybody could know that it was not told."""
    world.options["max_tryons_per_day"] = 1
    at(world, 10)
    first, over, another = [ordered(world, f"r-{number}") for number in range(3)]
    world.step(first)
    world.events()
    refusing_bus(world, 1)
    with pytest.raises(EventNotTaken):
        world.step(over)
    world.clock.advance(5)
    world.step(over)
    world.step(another)
    quiet(world, rounds=3)
    assert [event["cap"] for event in world.events("SpendCapReached")] == ["stack"]
    assert {world.try_on(request).due_at for request in (over, another)} == {
        next_day(int(world.clock.now()))
    }
    assert world.paid_calls() == 1


def test_a_cap_is_told_of_bulk_too_though_the_bus_was_down(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    at(world, 10)
    product = {"externalId": "tee-1", "title": "Tee", "updatedAt": "2027-01-15T08:00:00Z"}
    world.ready_photo(data=SMALL_PHOTO)
    world.container.route_event(world.event("ProductUpserted", {**product, "tryOnFor": [SHOPPER]}))
    (over,) = world.try_on_ids()
    refusing_bus(world, 1)
    with pytest.raises(EventNotTaken):
        world.step(over)
    world.step(over)
    quiet(world, rounds=3)
    assert [event["cap"] for event in world.events("SpendCapReached")] == ["bulk"]
    assert world.try_on(over).waiting_for is WaitingFor.QUOTA


@pytest.mark.parametrize("call", ["events.PutEvents", "dynamodb.UpdateItem"])
def test_a_cap_is_published_today_though_a_worker_died_over_it(
    busy: ConcurrentWorld, call: str
) -> None:
    busy.options["max_tryons_per_day"] = 0
    try_on_id = ordered(busy)
    busy.container = busy.new_process()
    busy.kill_switch.interrupt_before("events.PutEvents", lambda: busy.kill_switch.arm_at(call))
    with pytest.raises(Killed):
        busy.step(try_on_id)
    busy.container = busy.new_process()
    assert busy.try_on(try_on_id).state is State.CLAIMED
    busy.clock.advance(CLAIM_SECONDS + 1)
    busy.housekeeping_round()
    said = [event["cap"] for event in busy.events("SpendCapReached")]
    assert said == ["stack"] * (2 if call == "events.PutEvents" else 1)
    assert busy.try_on(try_on_id).due_at == next_day(int(busy.clock.now()))


def test_a_cap_is_published_for_each_shopper_and_day(world: World) -> None:
    quotas, now = world.container.quotas, int(world.clock.now())
    quotas.published(Quota.SHOPPER, "s", now=now)
    assert quotas.was_published(Quota.SHOPPER, "s", now=now)
    assert not quotas.was_published(Quota.SHOPPER, "t", now=now)
    assert not quotas.was_published(Quota.STACK, "s", now=now)
    assert not quotas.was_published(Quota.SHOPPER, "s", now=now + DAY)


@pytest.mark.promise("Live before bulk", "daily-quotas")
@pytest.mark.parametrize(
    ("stack", "shopper", "granted"), [(3, 9, 3), (9, 2, 2), (1, 1, 1), (0, 9, 0)]
)
def test_no_more_than_the_caps_are_granted(
    world: World, stack: int, shopper: int, granted: int
) -> None:
    quotas, now = Quotas(world.container.table, stack, shopper), int(world.clock.now())
    done = 0
    for _ in range(5):
        try:
            world.container.table.transact([*quotas.reserve("s", now=now).values()])
        except ConditionFailed:
            continue
        done += 1
    assert done == granted
