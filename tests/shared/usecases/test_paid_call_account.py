"""What stops everybody: too many requests, a refused key, no credits, an outage."""

import os
from collections.abc import Sequence

import httpx
import pytest

from local.genlook.faults import Fate
from tests.support.paying import (
    SMALL_PHOTO,
    answer,
    created,
    ordered,
    quiet,
    raising,
    rewire,
    types,
)
from tests.support.world import World
from tryon_worker.breaker import Gate, ShutBy
from tryon_worker.budget import NoSlot
from tryon_worker.gcra import CallClass
from tryon_worker.store.entry import State, WaitingFor
from tryon_worker.store.table import Write
from tryon_worker.usecases.look import Running

MANY = int(os.environ.get("PAID_CALL_WISHES", "30"))

# Housekeeping wakes what waits for the breaker ever more rarely: after five minutes at the latest.
ROUNDS_TO_ALL = 8


@pytest.fixture
def world(swept_world: World) -> World:
    return swept_world


def many(world: World, count: int) -> list[str]:
    return [ordered(world, f"r-{number}") for number in range(count)]


def at_once(world: World, count: int = MANY) -> list[str]:
    """Many wishes of one moment, each delivered once; neither rate nor cap is in their way."""
    world.options |= {"max_tryons_per_shopper_per_day": 1000, "requests_per_minute": 10_000}
    world.genlook.control.set_account(requestsPerMinute=10_000)
    world.ready_photo(data=SMALL_PHOTO)
    for number in range(count):
        world.wiring.take_in(world.event("TryOnRequested", world.wish(f"r-{number}")))
    return world.try_on_ids()


def states(world: World, try_on_ids: list[str]) -> set[State]:
    return {world.entry(try_on_id).state for try_on_id in try_on_ids}


# --- 429


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, 5), ("20", 20), ("Fri, 15 Jan 2027 08:10:00 GMT", 300), ("86400", 300), ("0", 1)],
    ids=["no Retry-After", "seconds", "a date far off", "a day", "none"],
)
def test_a_429_pauses_everybody_for_what_it_asks_but_never_long(
    world: World, asked: str | None, seconds: int
) -> None:
    try_on_id, other = many(world, 2)
    world.genlook.control.throttle("try_on", retry_after=asked)
    world.step(try_on_id)
    slot = world.wiring.budget.take(CallClass.ERASURE)
    assert isinstance(slot, NoSlot)
    assert seconds - 1 <= slot.retry_seconds <= seconds
    world.step(other)
    assert world.paid_calls() == 1
    for waiting in (try_on_id, other):
        assert world.entry(waiting).waiting_for is WaitingFor.BUDGET
    assert world.messages("tryon") == [], "they come by themselves"
    waits = [at - world.clock.now() for at, _ in world.underway["tryon"]]
    assert len(waits) == 2
    assert all(seconds <= wait <= seconds + 2 for wait in waits)
    quiet(world, rounds=7)
    assert states(world, [try_on_id, other]) == {State.SUBMITTED}
    assert world.paid_calls() == 3


def test_twenty_waits_for_the_budget_use_up_no_receive(world: World) -> None:
    try_on_id = ordered(world)
    for _ in range(20):
        world.genlook.control.throttle("try_on")
        world.step(try_on_id)  # returns: the message is deleted
        world.clock.advance(10)
    assert world.entry(try_on_id).state is State.WAITING
    world.step(try_on_id)
    assert world.entry(try_on_id).state is State.SUBMITTED


# --- 401


def test_a_changed_key_is_read_again_and_the_wish_goes_on(world: World) -> None:
    try_on_id = ordered(world)
    assert world.wiring.api_key() == world.genlook.api_key
    control = world.genlook.control
    control.add_key("gk_new")
    control.revoke_key(world.genlook.api_key)
    world.engine.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString="gk_new"
    )
    try:
        world.step(try_on_id)
        assert world.wiring.breaker.state().gate is Gate.OPEN
        world.run()
    finally:
        control.add_key(world.genlook.api_key)
        control.revoke_key("gk_new")
    assert world.entry(try_on_id).state is State.SUBMITTED
    assert [call["status"] for call in control.calls("try_on")] == [401, 201]


def test_an_unchanged_key_costs_one_call_and_waits_until_it_is_changed(world: World) -> None:
    wishes = many(world, 6)
    world.genlook.control.set_account(active=False)
    for try_on_id in wishes:
        world.step(try_on_id)
    assert world.paid_calls() == 1
    quiet(world, rounds=3)
    assert (world.paid_calls(), states(world, wishes)) == (1, {State.WAITING})
    assert world.events() == []
    world.genlook.control.set_account(active=True)
    quiet(world, rounds=6)
    assert states(world, wishes) == {State.SUBMITTED}
    assert world.genlook.control.charges() == 6


def test_many_wishes_meet_401_until_a_new_key_is_put_into_the_secret(world: World) -> None:
    wishes = at_once(world)
    world.genlook.control.revoke_key(world.genlook.api_key)
    world.run()
    quiet(world, rounds=5)
    assert world.paid_calls() <= 5
    assert (states(world, wishes), world.events()) == ({State.WAITING}, [])
    world.genlook.control.add_key("gk_new")
    try:
        world.engine.client("secretsmanager").put_secret_value(
            SecretId=world.key_arn, SecretString="gk_new"
        )
        quiet(world, rounds=ROUNDS_TO_ALL)
    finally:
        world.genlook.control.add_key(world.genlook.api_key)
        world.genlook.control.revoke_key("gk_new")
    assert states(world, wishes) == {State.SUBMITTED}
    assert world.genlook.control.charges() == MANY
    assert types(world.events()) == ["TryOnSubmitted"] * MANY


# --- 402


def test_two_hundred_wishes_meet_402(world: World) -> None:
    """At most five calls until there are credits again, then all of them complete."""
    wishes = at_once(world, 200)
    world.genlook.control.set_account(credits=0)
    world.run()
    quiet(world, rounds=2)
    assert world.paid_calls() <= 5
    assert types(world.events()) == ["CreditsExhausted"]
    assert states(world, wishes) == {State.WAITING}
    world.genlook.control.set_account(credits=1000)
    quiet(world, rounds=ROUNDS_TO_ALL)
    assert states(world, wishes) == {State.SUBMITTED}
    assert world.genlook.control.charges() == len(wishes) == 200
    said = types(world.events())
    assert said.count("CreditsRestored") == 1
    assert said.count("TryOnSubmitted") == 200 == len(said) - 1


def test_what_was_not_told_about_the_credits_is_told_by_the_next_round(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.set_account(credits=0)
    publish, world.wiring.publisher.publish = world.wiring.publisher.publish, _not_taken  # type: ignore[method-assign]  # the bus is down
    with pytest.raises(ConnectionError):
        world.step(try_on_id)
    world.wiring.publisher.publish = publish  # type: ignore[method-assign]  # and up again
    assert world.entry(try_on_id).waiting_for is WaitingFor.BREAKER
    quiet(world, rounds=3)
    assert types(world.events()) == ["CreditsExhausted"]


def _not_taken(*_: object, **__: object) -> None:
    raise ConnectionError


def test_a_balance_that_buys_nothing_is_tried_ever_more_rarely(world: World) -> None:
    """The account says it has credits, and refuses all the same."""
    try_on_id = ordered(world)
    answer(world, 402, code="INSUFFICIENT_CREDITS", times=None)
    world.step(try_on_id)
    quiet(world, rounds=60)
    assert world.paid_calls() <= 8


# --- outages


def test_three_unknown_ends_in_a_row_shut_the_breaker_and_there_is_no_fourth(world: World) -> None:
    wishes = many(world, 8)
    answer(world, 503, times=None)
    for try_on_id in wishes:
        world.step(try_on_id)
    assert world.paid_calls() == 3
    assert world.wiring.breaker.state().shut_by is ShutBy.UNKNOWN_ENDS
    assert types(world.events()) == ["TryOnNeedsReview"] * 3
    assert {world.entry(waiting).waiting_for for waiting in wishes[3:]} == {WaitingFor.BREAKER}


def test_a_known_end_in_between_begins_the_count_anew(world: World) -> None:
    wishes = many(world, 6)
    for number, try_on_id in enumerate(wishes):
        if number != 2:
            answer(world, 503)
        world.step(try_on_id)
    assert world.paid_calls() == 6
    assert world.wiring.breaker.state().shut_by is ShutBy.UNKNOWN_ENDS


@pytest.mark.parametrize("probe", [200, 503], ids=["the probe works", "the probe fails too"])
def test_ten_minutes_of_503_cost_at_most_five_reviews(world: World, probe: int) -> None:
    wishes = at_once(world)
    answer(world, 503, times=None)
    if probe == 503:
        world.genlook.control.refuse("credits", 503, times=None)
    world.run()
    quiet(world, rounds=10, seconds=60)
    reviews = types(world.events()).count("TryOnNeedsReview")
    assert reviews == world.paid_calls() == (5 if probe == 200 else 3)
    world.genlook.control.disarm()
    quiet(world, rounds=20, seconds=60)
    assert world.genlook.control.charges() == len(wishes) - reviews
    assert State.WAITING not in states(world, wishes)


def test_five_workers_in_the_same_outage_cost_no_more(world: World) -> None:
    """Each is in the middle of its call when the first end comes."""
    wishes = many(world, 12)
    inner: list[str] = list(wishes[1:])

    def act(_: httpx.Request) -> httpx.Response:
        if len(inner) > 7:
            process = world.new_process()
            rewire(world, process, act)
            process.submit(inner.pop(0), lambda: 120)
        return httpx.Response(503)

    wire = rewire(world, world.wiring, act)
    for try_on_id in wishes:
        world.step(try_on_id)
    quiet(world, rounds=10, seconds=60)
    reviews = types(world.events()).count("TryOnNeedsReview")
    assert reviews == 5
    assert wire.paid <= 5


def test_after_a_shut_breaker_one_submit_goes_before_all_others(world: World) -> None:
    wishes = many(world, 5)
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    world.wiring.breaker.try_one()
    seen = []

    def act(_: httpx.Request) -> httpx.Response:
        seen.append(world.wiring.breaker.state().gate)
        for other in wishes[1:]:
            world.step(other)
        assert {world.entry(other).waiting_for for other in wishes[1:]} == {WaitingFor.BREAKER}
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.submit(wishes[0], lambda: 120)
    assert seen == [Gate.TRIAL]
    assert world.wiring.breaker.state().gate is Gate.OPEN
    assert world.paid_calls() == 0
    quiet(world, rounds=2)
    assert states(world, wishes) == {State.SUBMITTED}


def test_a_trial_that_is_refused_for_its_own_sake_opens_too(world: World) -> None:
    """Genlook reads wishes again, and does not refuse the account."""
    first, second = many(world, 2)
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    world.wiring.breaker.try_one()
    answer(world, 400, code="VALIDATION_FAILED")
    world.step(first)
    assert world.wiring.breaker.state().gate is Gate.OPEN
    world.step(second)
    assert world.entry(second).state is State.SUBMITTED


@pytest.mark.parametrize("end", ["not sent", "429", "no time", "capped"])
def test_a_trial_without_a_call_is_given_to_the_next(world: World, end: str) -> None:
    first, second = many(world, 2)
    world.wiring.breaker.shut(ShutBy.INVALID_API_KEY)
    world.wiring.breaker.try_one()
    process = world.new_process()
    if end == "not sent":
        rewire(world, process, raising(httpx.ConnectError("no")))
    elif end == "429":
        answer(world, 429)
    elif end == "capped":
        world.options["max_tryons_per_day"] = 0
        process = world.new_process()
    left = [120.0, 1.0]
    process.submit(first, (lambda: left.pop(0)) if end == "no time" else lambda: 120)
    assert world.entry(first).state is State.WAITING
    assert world.wiring.breaker.state().trial_by is None
    world.clock.advance(10)
    world.step(second)
    assert world.entry(second).state is State.SUBMITTED
    assert world.wiring.breaker.state().gate is Gate.OPEN


def test_the_trial_of_a_shopper_who_is_erased_meanwhile_is_given_back(world: World) -> None:
    try_on_id = ordered(world)
    world.wiring.breaker.shut(ShutBy.INVALID_API_KEY)
    world.wiring.breaker.try_one()
    entry, transact = world.entry(try_on_id), world.wiring.table.transact

    def meanwhile(writes: Sequence[Write]) -> None:
        world.wiring.table.transact = transact  # type: ignore[method-assign]  # once
        world.wiring.table.write(
            world.wiring.shoppers.erasure_opened(entry.shopper_key, "q", now=entry.wished_at)
        )
        transact(writes)

    world.wiring.table.transact = meanwhile  # type: ignore[method-assign]  # just before the mark
    world.step(try_on_id)
    assert world.events("TryOnFailed")[0]["reason"] == "CUSTOMER_ERASED"
    assert world.paid_calls() == 0
    assert world.wiring.breaker.state().trial_by is None


def test_a_shut_breaker_takes_no_slot_of_the_budget(world: World) -> None:
    wishes = many(world, 3)
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    before = world.wiring.table.get(("ACCOUNT", "BUDGET"))
    for try_on_id in wishes:
        world.step(try_on_id)
    assert before is not None
    after = world.wiring.table.get(("ACCOUNT", "BUDGET"))
    assert after is not None
    assert before.get("tat") == after.get("tat")


def test_deadlines_of_running_try_ons_stand_still_while_the_breaker_is_shut(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.decide(Fate(kind="hang"))
    world.step(try_on_id)
    generation_id = world.executions.started[try_on_id]
    world.clock.advance(500)
    world.wiring.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)
    world.clock.advance(2000)
    assert isinstance(world.wiring.look(try_on_id, generation_id), Running)
    world.wiring.breaker.try_one()  # from here on time runs again
    world.clock.advance(90)
    assert isinstance(world.wiring.look(try_on_id, generation_id), Running)
    world.clock.advance(11)
    world.wiring.look(try_on_id, generation_id)
    assert world.events("TryOnFailed")[0]["reason"] == "TIMED_OUT"
