"""What a wish waits for, what is said about it, and that it does not wait for ever."""

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from tests.support.paying import SMALL_PHOTO, at_review, ordered, quiet, raising, rewire, types
from tests.support.world import World
from tryon_worker.breaker import ShutBy
from tryon_worker.clock import DAY
from tryon_worker.store.caps import Cap, Caps, next_day
from tryon_worker.store.conflicts import Contention
from tryon_worker.store.entry import State, WaitingFor
from tryon_worker.store.table import ConditionFailed, Write
from tryon_worker.wishes import ReviewAction, TryOnReviewed


@pytest.fixture
def world(swept_world: World) -> World:
    return swept_world


def at(world: World, hour: int, minute: int = 0, second: int = 0) -> None:
    """Lets time pass until this time of a day (UTC)."""
    now = datetime.fromtimestamp(world.clock.now(), UTC)
    then = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    world.clock.advance((then - now).total_seconds() % DAY)


# --- caps


def test_what_is_over_the_stacks_cap_waits_for_the_next_day_and_is_said_once(world: World) -> None:
    world.options["max_tryons_per_day"] = 2
    at(world, 10)
    wishes = [ordered(world, f"r-{number}") for number in range(5)]
    world.events()
    for try_on_id in wishes:
        world.step(try_on_id)
    assert world.paid_calls() == 2
    reached = world.events("SpendCapReached")
    assert [event["cap"] for event in reached] == ["stack"]
    for try_on_id in wishes[2:]:
        entry = world.entry(try_on_id)
        assert (entry.waiting_for, entry.due_at) == (
            WaitingFor.CAP,
            next_day(int(world.clock.now())),
        )
        assert entry.capped_on is None
    quiet(world, rounds=3)
    assert world.paid_calls() == 2
    at(world, 0, 1)
    quiet(world, rounds=2)
    assert world.paid_calls() == 4
    assert len(world.events("SpendCapReached")) == 1, "of the new day"


def test_a_shoppers_cap_stops_that_shopper_alone(world: World) -> None:
    world.options["max_tryons_per_shopper_per_day"] = 1
    mine = [ordered(world, f"r-{number}") for number in range(3)]
    world.ready_photo(shopper="somebody-else", data=SMALL_PHOTO)
    theirs = ordered(world, "r-9", externalUserId="somebody-else")
    for try_on_id in (*mine, theirs):
        world.step(try_on_id)
    assert world.entry(theirs).state is State.SUBMITTED
    assert [world.entry(wish).waiting_for for wish in mine[1:]] == [WaitingFor.CAP] * 2
    said = world.events("SpendCapReached")
    assert [event["cap"] for event in said] == ["shopper"]
    assert "externalUserId" not in said[0]


def test_a_cap_of_nothing_spends_nothing(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    try_on_id = ordered(world)
    world.step(try_on_id)
    assert (world.entry(try_on_id).waiting_for, world.paid_calls()) == (WaitingFor.CAP, 0)


def test_the_grant_is_in_the_same_transaction_as_the_mark(world: World) -> None:
    """A try-on that may not be marked takes nothing of the day."""
    try_on_id = ordered(world)
    pay = world.wiring.submit.pay
    grants = pay.caps.grants
    now = int(world.clock.now())
    world.wiring.ledger.claim(try_on_id, "other", now=now, lease_until=now + 150)
    move = world.wiring.ledger.submission(
        try_on_id, "mine", now=now, lease_until=now, capped_on="2027-01-01", photo_id=""
    )
    with pytest.raises(ConditionFailed):
        world.wiring.table.transact([move, *grants("s", now=now).values()])
    assert not [row for row in world.rows() if "granted" in row]


def test_what_was_granted_once_is_not_taken_again(world: World) -> None:
    world.options["max_tryons_per_day"] = 1
    try_on_id = ordered(world)
    world.genlook.control.throttle("try_on")
    world.step(try_on_id)
    quiet(world, rounds=1)
    assert world.entry(try_on_id).state is State.SUBMITTED


def test_a_wait_that_begins_at_midnight_is_for_the_day_that_was_full(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    try_on_id = ordered(world)
    at(world, 23, 59, 59)
    transact = world.wiring.table.transact

    def late(writes: Sequence[Write]) -> None:
        world.clock.advance(2)
        transact(writes)

    world.wiring.table.transact = late  # type: ignore[method-assign]  # a slow table
    world.step(try_on_id)
    assert world.entry(try_on_id).due_at <= world.clock.now()


def test_who_died_telling_of_a_cap_leaves_it_to_the_next(world: World) -> None:
    caps, now = world.wiring.caps, int(world.clock.now())
    assert caps.tell_once(Cap.STACK, "s", now=now)
    assert not caps.tell_once(Cap.STACK, "s", now=now + 60)
    assert caps.tell_once(Cap.STACK, "s", now=now + 61)
    caps.told(Cap.STACK, "s", now=now)
    assert not caps.tell_once(Cap.STACK, "s", now=now + 600)
    assert caps.tell_once(Cap.SHOPPER, "s", now=now)
    assert caps.tell_once(Cap.SHOPPER, "t", now=now)
    assert caps.tell_once(Cap.STACK, "s", now=now + DAY)


@pytest.mark.parametrize(
    ("stack", "shopper", "granted"), [(3, 9, 3), (9, 2, 2), (1, 1, 1), (0, 9, 0)]
)
def test_no_more_than_the_caps_are_granted(
    world: World, stack: int, shopper: int, granted: int
) -> None:
    caps, now = Caps(world.wiring.table, stack, shopper), int(world.clock.now())
    done = 0
    for _ in range(5):
        try:
            world.wiring.table.transact([*caps.grants("s", now=now).values()])
        except ConditionFailed:
            continue
        done += 1
    assert done == granted


# --- busy rows


def test_rows_that_stay_busy_let_it_wait(world: World) -> None:
    try_on_id = ordered(world)

    def busy(writes: Sequence[Write]) -> None:
        raise Contention(str(len(writes)))

    world.wiring.table.transact = busy  # type: ignore[method-assign]  # every try in vain
    world.step(try_on_id)
    assert (world.entry(try_on_id).waiting_for, world.paid_calls()) == (WaitingFor.RETRY, 0)


def test_a_busy_product_row_does_not_lose_the_generation(world: World) -> None:
    try_on_id = ordered(world)
    transact, calls = world.wiring.table.transact, []

    def busy_afterwards(writes: Sequence[Write]) -> None:
        calls.append(writes)
        if len(calls) > 1:
            raise Contention("busy")
        transact(writes)

    world.wiring.table.transact = busy_afterwards  # type: ignore[method-assign]  # a hot product
    world.step(try_on_id)
    assert world.entry(try_on_id).state is State.SUBMITTED
    kept = world.wiring.products.get("tee-1")
    assert kept is not None
    assert kept.accepted_hash is None


# --- the deferral


def test_a_deferral_is_said_again_if_the_worker_died_before_it_was_said(world: World) -> None:
    try_on_id = world.accepted()
    publish, world.wiring.publisher.publish = world.wiring.publisher.publish, _not_taken  # type: ignore[method-assign]  # the bus is down
    with pytest.raises(ConnectionError):
        world.step(try_on_id)
    world.wiring.publisher.publish = publish  # type: ignore[method-assign]  # and up again
    for _ in range(3):
        world.step(try_on_id)
    assert types(world.events()) == ["TryOnDeferred"]


def _not_taken(*_: object, **__: object) -> None:
    raise ConnectionError


# --- not for ever


def test_a_wish_that_never_reaches_genlook_ends(world: World) -> None:
    try_on_id = ordered(world)
    wire = rewire(world, world.wiring, raising(httpx.ConnectError("no route")))
    for _ in range(3):
        quiet(world, rounds=1, seconds=DAY - 100)
    assert world.entry(try_on_id).state is State.WAITING
    quiet(world, rounds=2, seconds=300)
    (failed,) = world.events("TryOnFailed")
    assert (failed["reason"], failed.get("generationId")) == ("TIMED_OUT", None)
    assert wire.paid >= 3
    paid = wire.paid
    quiet(world, rounds=2, seconds=DAY)
    assert wire.paid == paid


def test_a_wish_ends_behind_a_breaker_that_stays_shut(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.set_account(active=False)
    world.step(try_on_id)
    quiet(world, rounds=4, seconds=DAY)
    assert world.wiring.breaker.state().shut_by is ShutBy.INVALID_API_KEY
    assert world.events("TryOnFailed")[0]["reason"] == "TIMED_OUT"


def test_a_wish_that_is_over_the_cap_each_day_ends(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    try_on_id = ordered(world)
    world.step(try_on_id)
    quiet(world, rounds=4, seconds=DAY)
    assert world.entry(try_on_id).state is State.DECIDED
    assert world.paid_calls() == 0


@pytest.mark.parametrize(("seconds", "over"), [(999, False), (1000, True)])
def test_the_time_counts_from_the_acceptance(world: World, seconds: int, over: bool) -> None:
    world.options["tryon_wait_seconds"] = 1000
    try_on_id = ordered(world)
    world.clock.advance(seconds)
    world.step(try_on_id)
    assert (world.entry(try_on_id).state is State.DECIDED) == over


def test_the_wait_for_a_photo_is_given_on_top(world: World) -> None:
    world.options |= {"tryon_wait_seconds": 1000, "photo_wait_seconds": 5000}
    try_on_id = world.accepted()
    world.run()
    world.clock.advance(4900)
    world.wiring.receive_photo(world.photo(data=SMALL_PHOTO))
    world.run()
    assert world.entry(try_on_id).state is State.SUBMITTED


def test_a_persons_retry_begins_anew(world: World) -> None:
    try_on_id = at_review(world)
    world.clock.advance(6 * DAY)
    world.wiring.review(
        TryOnReviewed(try_on_id=try_on_id, action=ReviewAction.RETRY), "review-event"
    )
    world.ready_photo(name="new.jpg", data=SMALL_PHOTO)
    world.run()
    assert (world.entry(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 2)
