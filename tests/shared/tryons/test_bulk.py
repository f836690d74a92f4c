"""Live before bulk: a live request's way is the same however many wait that came in bulk."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.kill_switch import Killed, MortalWorld
from tests.support.submitting import SMALL_PHOTO, ordered
from tests.support.world import PRODUCT_URL, SHOPPER, World
from tests.support.worlds import MakeWorld
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.quotas import Quota, Quotas, next_day
from tryon_worker.aws import keys
from tryon_worker.aws.queues import SEND_BATCH
from tryon_worker.clock import DAY
from tryon_worker.tryons.accept import FIRST_OF_BULK
from tryon_worker.tryons.bulk import LOST_SECONDS, MOST_A_ROUND, PART_SECONDS, ROUND_SECONDS
from tryon_worker.tryons.model import State, TryOn, WaitingFor

A_ROUND = 50
"""What 100 requests a minute can take until the next round."""


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(max_tryons_per_shopper_per_day=1000)


def order(world: World, items: int, order_id: str = "o-1") -> list[str]:
    """The try-ons of an order whose shopper's photo is there; intake's messages are underway."""
    if not any(row["sk"].startswith("PHOTO#") for row in world.rows()):
        world.ready_photo(data=SMALL_PHOTO)
    before = set(world.try_on_ids())
    line = {"title": "Tee", "images": [{"url": PRODUCT_URL}]}
    lines = [{"productExternalId": f"p-{number}", **line} for number in range(items)]
    detail = {"orderId": order_id, "externalUserId": SHOPPER, "items": lines}
    world.container.route_event(world.event("OrderPlaced", detail))
    return sorted(set(world.try_on_ids()) - before)


def in_bulk_queue(world: World, count: int, *, ago: int = 0) -> list[str]:
    """Requests that came in bulk, one a second, the last of them so many seconds ago."""
    began = int(world.clock.now()) - ago - count + 1
    known = [f"bulk-{number}" for number in range(count)]
    for at, try_on_id in enumerate(known, began):
        try_on = TryOn(try_on_id, "s", State.ACCEPTED, "hash", at, at, bulk=True, due_at=at)
        world.container.table.write(world.container.ledger.acceptance(try_on))
    return known


def let_go(world: World) -> list[str]:
    """What one round lets go, in the order in which it arrives."""
    world.container.housekeeping_round(lambda: 50.0)
    arrivals = sorted(world.arrivals("tryon"), key=lambda arrival: arrival[0])
    return [body["tryOnId"] for _, body in arrivals]


def shard(world: World, try_on_id: str) -> str:
    row = world.container.table.get(keys.ledger(try_on_id)) or {}
    return str(row["dueShard"]).partition("#")[0]


def minute(world: World) -> None:
    """A round of housekeeping, and a minute in which each message is delivered in its second."""
    world.container.housekeeping_round(lambda: 50.0)
    for _ in range(ROUND_SECONDS):
        world.clock.advance(1)
        world.run()


# --- the queue


@pytest.mark.promise("Live before bulk", "bulk-uses-what-live-leaves")
@pytest.mark.parametrize("items", [11, 120])
def test_a_live_wish_stands_behind_the_same_few_however_large_the_order(
    world: World, items: int
) -> None:
    order(world, items)
    live = world.accepted("live")
    arrivals = sorted(world.arrivals("tryon"), key=lambda arrival: arrival[0])
    assert [at - world.clock.now() for at, _ in arrivals] == [0, 0, *range(1, FIRST_OF_BULK)]
    assert live in [body["tryOnId"] for _, body in arrivals[:2]]


def test_of_the_catalogue_nothing_goes_before_its_turn(world: World) -> None:
    detail = {"externalId": "tee-1", "updatedAt": "2027-01-01T00:00:00Z", "tryOnFor": ["a-1"]}
    world.container.route_event(world.event("ProductUpserted", detail))
    assert world.arrivals("tryon") == []
    (try_on_id,) = world.try_on_ids()
    assert let_go(world) == [try_on_id]


def test_a_round_lets_go_what_the_rate_can_take_those_first_who_waited_longest(
    world: World,
) -> None:
    known = in_bulk_queue(world, 3 * A_ROUND)
    world.container.housekeeping_round(lambda: 50.0)
    arrivals = sorted(world.arrivals("tryon"), key=lambda arrival: arrival[0])
    gone = [body["tryOnId"] for _, body in arrivals]
    assert len(gone) == A_ROUND
    # In turn from four partitions: nearly the first fifty, and never the last.
    assert set(gone[:4]) <= set(known[:20])
    assert not set(gone) & set(known[2 * A_ROUND :])
    waits = [at - world.clock.now() for at, _ in arrivals]
    assert waits == [int(place * ROUND_SECONDS / A_ROUND) for place in range(A_ROUND)]


def test_what_was_let_go_is_not_let_go_again_unless_its_message_was_lost(world: World) -> None:
    known = in_bulk_queue(world, 2)
    assert sorted(let_go(world)) == known
    world.clock.advance(LOST_SECONDS - 1)
    assert let_go(world) == []
    world.clock.advance(1)
    assert sorted(let_go(world)) == known


def test_rows_in_line_are_not_in_the_way_of_what_housekeeping_has_to_do(world: World) -> None:
    in_bulk_queue(world, 2 * A_ROUND)
    now = int(world.clock.now())
    forgotten = TryOn("forgotten", "s", State.ACCEPTED, "hash", now, now, due_at=now)
    world.container.table.write(world.container.ledger.acceptance(forgotten))
    world.container.housekeeping_round.__dict__["dispatch_bulk"] = lambda _time_left: None
    rounds = iter([50.0, 0.0])
    world.container.housekeeping_round(lambda: next(rounds))
    assert "forgotten" in [body["tryOnId"] for _, body in world.arrivals("tryon")]


# --- the budget


def test_bulk_takes_no_slot_that_a_live_one_could_have(world: World) -> None:
    bulk, *_ = order(world, 11)
    live = ordered(world, "live")
    for _ in range(5):
        world.container.rate_limiter.take(Priority.POLL)
    world.step(bulk)
    assert world.try_on(bulk).waiting_for is WaitingFor.RATE
    world.step(live)
    assert world.try_on(live).state is State.SUBMITTED


def test_one_that_finds_the_account_busy_goes_back_to_its_place(world: World) -> None:
    bulk, *_ = order(world, 11)
    requested_at = int(world.clock.now())
    world.messages("tryon")
    world.clock.advance(300)
    world.container.rate_limiter.pause(30)
    world.step(bulk)
    assert world.try_on(bulk).due_at == requested_at
    assert shard(world, bulk) == "BULK"
    younger = in_bulk_queue(world, 2 * A_ROUND)
    assert bulk in let_go(world)
    assert world.try_on(younger[0]).due_at > world.clock.now()


def test_with_nothing_live_bulk_goes_on_until_it_is_done(world: World) -> None:
    requests = order(world, 120)
    for _ in range(4):
        minute(world)
    assert {world.try_on(one).state for one in requests} == {State.SUBMITTED}
    assert world.paid_calls() == len(requests)
    assert [call["status"] for call in world.genlook.control.calls("try_on")].count(429) == 0


def test_a_live_wish_goes_at_once_while_bulk_is_under_way(world: World) -> None:
    requests = order(world, 120)
    minute(world)
    minute(world)
    live = world.accepted("live")
    world.run()
    assert world.try_on(live).state is State.SUBMITTED
    assert State.ACCEPTED in {world.try_on(one).state for one in requests}


# --- what else it waits for


def test_behind_a_shut_breaker_none_is_let_go(world: World) -> None:
    known = in_bulk_queue(world, 3)
    world.genlook.control.set_account(credits=0)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    assert let_go(world) == []
    world.genlook.control.set_account(credits=10)
    world.clock.advance(61)
    assert sorted(let_go(world)) == known


def test_one_that_meets_a_shut_breaker_goes_back_to_its_place(world: World) -> None:
    bulk, *_ = order(world, 11)
    requested_at = int(world.clock.now())
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.step(bulk)
    assert (world.try_on(bulk).due_at, shard(world, bulk)) == (requested_at, "BULK")


def test_who_has_waited_too_long_ends_whatever_stands_in_the_way(world: World) -> None:
    requests = order(world, 11)
    world.messages("tryon")
    world.genlook.control.set_account(credits=0)
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    world.clock.advance(3 * DAY)
    minute(world)
    assert {world.try_on(one).state for one in requests} == {State.DECIDED}
    assert {said["reason"] for said in world.events("TryOnFailed")} == {"TIMED_OUT"}
    assert world.paid_calls() == 0


def test_a_fifth_of_the_day_is_kept_for_live_wishes(world: World) -> None:
    world.options["max_tryons_per_day"] = 10
    requests = order(world, 12)
    world.events()
    for _ in range(3):
        minute(world)
    assert world.paid_calls() == 8
    live = [ordered(world, f"live-{number}") for number in range(3)]
    for try_on_id in live:
        world.clock.advance(1)
        world.step(try_on_id)
    assert [world.try_on(one).state for one in live] == [State.SUBMITTED] * 2 + [State.WAITING]
    assert [said["cap"] for said in world.events("SpendCapReached")] == ["bulk", "stack"]
    assert let_go(world) == []
    world.clock.advance(next_day(int(world.clock.now())) - world.clock.now())
    waiting = {one for one in requests if world.try_on(one).called_at is None}
    assert len(waiting) == 4
    assert set(let_go(world)) >= waiting


@pytest.mark.parametrize(("per_day", "bulk"), [(0, 0), (1, 1), (4, 4), (5, 4), (2000, 1600)])
def test_how_much_of_a_day_bulk_may_use(world: World, per_day: int, bulk: int) -> None:
    quotas = Quotas(world.container.table, per_day, 50)
    assert quotas.left_for_bulk(int(world.clock.now())) == bulk


def test_a_shopper_over_the_cap_does_not_stand_before_all_others(world: World) -> None:
    world.options["max_tryons_per_shopper_per_day"] = 1
    first, second, *_ = order(world, 11)
    for one in (first, second):
        world.clock.advance(2)
        world.step(one)
    try_on = world.try_on(second)
    assert try_on.waiting_for is WaitingFor.QUOTA
    assert try_on.due_at == next_day(int(world.clock.now()))
    assert [said["cap"] for said in world.events("SpendCapReached")] == [Quota.SHOPPER]


def test_a_round_lets_go_no_more_than_it_has_time_for(world: World) -> None:
    world.options["requests_per_minute"] = 10_000
    world.options["max_tryons_per_day"] = 100_000
    room: Any = world.container.housekeeping_round.dispatch_bulk
    assert room._room(int(world.clock.now())) == MOST_A_ROUND


def waiting_too_long(world: World, count: int) -> list[str]:
    known = in_bulk_queue(world, count, ago=world.container.settings.tryon_wait_seconds + 1)
    assert len(known) == count
    return known


@pytest.mark.parametrize(
    ("crowd", "parts"), [(in_bulk_queue, 1), (waiting_too_long, 2)], ids=["may go", "wait too long"]
)
def test_bulk_takes_up_no_more_of_a_round_than_its_part(
    world: World, crowd: Callable[[World, int], list[str]], parts: int
) -> None:
    """A slow table: a few rows a second, and a row of another kind is due behind the bulk."""
    world.options |= {"requests_per_minute": 1000, "max_tryons_per_day": 100_000}
    known = crowd(world, 300)
    now = int(world.clock.now())
    forgotten = TryOn("forgotten", "s", State.ACCEPTED, "hash", now, now, due_at=now)
    world.container.table.write(world.container.ledger.acceptance(forgotten))
    take, began = world.container.table.take, world.clock.now()

    def slow(*key: Any, **options: Any) -> Any:
        world.clock.advance(0.1)
        return take(*key, **options)

    world.container.table.__dict__["take"] = slow
    world.container.housekeeping_round(lambda: 58 - (world.clock.now() - began))
    gone = {body["tryOnId"] for _, body in world.arrivals("tryon")}
    assert "forgotten" in gone
    a_part = parts * int(PART_SECONDS / 0.1)
    assert a_part <= len(gone & set(known)) <= a_part + 10 * parts
    for _ in range(300 // a_part):  # the next rounds take the rest
        began = world.clock.advance(ROUND_SECONDS)
        world.container.housekeeping_round(lambda: 58 - (world.clock.now() - began))  # noqa: B023  now
        gone |= {body["tryOnId"] for _, body in world.arrivals("tryon")}
    assert gone >= set(known)


# --- nothing is lost


def test_a_round_that_dies_has_taken_no_more_than_it_has_sent(mortal: MortalWorld) -> None:
    """What is taken and not sent waits for ten minutes."""
    known = in_bulk_queue(mortal, 40)
    mortal.container = mortal.new_process()
    mortal.kill_switch.arm_at("sqs.SendMessageBatch")
    with pytest.raises(Killed):
        mortal.container.housekeeping_round(lambda: 50.0)
    gone = {body["tryOnId"] for _, body in mortal.arrivals("tryon")}
    assert len(gone) == SEND_BATCH
    mortal.container = mortal.new_process()
    mortal.clock.advance(ROUND_SECONDS)
    assert gone | set(let_go(mortal)) == set(known)


def test_whoever_is_claimed_is_no_longer_in_line(world: World) -> None:
    """Its worker may die: then housekeeping must see it as any other's."""
    bulk, *_ = order(world, 11)
    now = int(world.clock.now())
    world.container.ledger.claim(bulk, "a", now=now, lease_until=now + 150)
    assert shard(world, bulk) == "DUE"
    world.messages("tryon")
    world.clock.advance(151)
    assert bulk in let_go(world)


def test_an_erased_shoppers_wishes_do_not_go(world: World) -> None:
    requests = order(world, 30)
    world.messages("tryon")
    world.container.erase(SHOPPER, "forget-me")
    assert {world.try_on(one).state for one in requests} == {State.DECIDED}
    assert let_go(world) == []
