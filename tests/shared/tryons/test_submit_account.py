"""What stops everybody: too many requests, a refused key, no credits."""

import httpx
import pytest

from tests.support.submitting import answer, ordered, quiet, rewire, types
from tests.support.submitting_many import MANY, at_once, many, states
from tests.support.world import World
from tryon_worker.account.circuit_breaker import CircuitState, OpenReason
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied
from tryon_worker.aws import keys
from tryon_worker.aws.table import Row, Write
from tryon_worker.tryons.model import State, WaitingFor

# Housekeeping resumes what waits for the circuit ever more rarely, after five minutes at most.
ROUNDS_TO_ALL = 8


@pytest.mark.promise("The paid call", "429-pauses-everybody")
@pytest.mark.promise("One rate limiter", "pause-is-at-most-5-minutes")
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
    slot = world.container.rate_limiter.take(Priority.ERASURE)
    assert isinstance(slot, Denied)
    assert seconds - 1 <= slot.retry_seconds <= seconds
    world.step(other)
    assert world.paid_calls() == 1
    for waiting in (try_on_id, other):
        assert world.try_on(waiting).waiting_for is WaitingFor.RATE
    assert world.messages("tryon") == [], "they come by themselves"
    waits = [at - world.clock.now() for at, _ in world.underway["tryon"]]
    assert len(waits) == 2
    assert all(seconds <= wait <= seconds + 2 for wait in waits)
    quiet(world, rounds=7)
    assert states(world, [try_on_id, other]) == {State.SUBMITTED}
    assert world.paid_calls() == 3


@pytest.mark.promise("The paid call", "checks-come-before-the-call")
@pytest.mark.promise("Waiting is not failing", "long-waits-are-deferred")
def test_twenty_waits_for_the_budget_use_up_no_receive(world: World) -> None:
    try_on_id = ordered(world)
    for _ in range(20):
        world.genlook.control.throttle("try_on")
        world.step(try_on_id)  # returns: the message is deleted
        world.clock.advance(10)
    assert world.try_on(try_on_id).state is State.WAITING
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTED


@pytest.mark.promise("Nothing leaks", "key-is-read-at-run-time")
def test_a_changed_key_is_read_again_and_the_wish_goes_on(world: World) -> None:
    try_on_id = ordered(world)
    assert world.container.api_key() == world.genlook.api_key
    control = world.genlook.control
    control.add_key("gk_new")
    control.revoke_key(world.genlook.api_key)
    world.cloud.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString="gk_new"
    )
    try:
        world.step(try_on_id)
        assert world.container.circuit_breaker.circuit().state is CircuitState.CLOSED
        world.run()
    finally:
        control.add_key(world.genlook.api_key)
        control.revoke_key("gk_new")
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert [call["status"] for call in control.calls("try_on")] == [401, 201]


@pytest.mark.promise("One rate limiter", "three-unknowns-open-the-circuit")
def test_an_unchanged_key_costs_one_call_and_waits_until_it_is_changed(world: World) -> None:
    requests = many(world, 6)
    world.genlook.control.set_account(active=False)
    for try_on_id in requests:
        world.step(try_on_id)
    assert world.paid_calls() == 1
    quiet(world, rounds=3)
    assert (world.paid_calls(), states(world, requests)) == (1, {State.WAITING})
    assert world.events() == []
    world.genlook.control.set_account(active=True)
    quiet(world, rounds=6)
    assert states(world, requests) == {State.SUBMITTED}
    assert world.genlook.control.charges() == 6


@pytest.mark.promise("The paid call", "401-and-402-open-the-circuit")
@pytest.mark.promise("Nothing leaks", "key-is-read-at-run-time")
def test_many_wishes_meet_401_until_a_new_key_is_put_into_the_secret(world: World) -> None:
    requests = at_once(world)
    world.genlook.control.revoke_key(world.genlook.api_key)
    world.run()
    quiet(world, rounds=5)
    assert world.paid_calls() <= 5
    assert (states(world, requests), world.events()) == ({State.WAITING}, [])
    world.genlook.control.add_key("gk_new")
    try:
        world.cloud.client("secretsmanager").put_secret_value(
            SecretId=world.key_arn, SecretString="gk_new"
        )
        quiet(world, rounds=ROUNDS_TO_ALL)
    finally:
        world.genlook.control.add_key(world.genlook.api_key)
        world.genlook.control.revoke_key("gk_new")
    assert states(world, requests) == {State.SUBMITTED}
    assert world.genlook.control.charges() == MANY
    assert types(world.events()) == ["TryOnSubmitted"] * MANY


@pytest.mark.promise("The paid call", "401-and-402-open-the-circuit")
def test_two_hundred_wishes_meet_402(world: World) -> None:
    """At most five calls until there are credits again, then all of them complete."""
    requests = at_once(world, 200)
    world.genlook.control.set_account(credits=0)
    world.run()
    quiet(world, rounds=2)
    assert world.paid_calls() <= 5
    assert types(world.events()) == ["CreditsExhausted"]
    assert states(world, requests) == {State.WAITING}
    world.genlook.control.set_account(credits=1000)
    quiet(world, rounds=ROUNDS_TO_ALL)
    assert states(world, requests) == {State.SUBMITTED}
    assert world.genlook.control.charges() == len(requests) == 200
    said = types(world.events())
    assert said.count("CreditsRestored") == 1
    assert said.count("TryOnSubmitted") == 200 == len(said) - 1


@pytest.mark.promise("The paid call", "not-charged-is-saved-first")
@pytest.mark.parametrize("status", [400, 401, 402, 429, None])
def test_what_was_surely_not_charged_is_no_review_whatever_fails_after_it(
    world: World, status: int | None
) -> None:
    """The account's row and the secret cannot be had just when the refusal was heard."""
    try_on_id = ordered(world)
    container = world.new_process()
    really_write = container.table.write

    def act(_: httpx.Request) -> httpx.Response:
        container.table.write = down  # type: ignore[method-assign]  # from here on
        container.api_key.reread = gone  # type: ignore[method-assign]  # likewise
        if status is None:
            raise httpx.ConnectError("no route")
        return httpx.Response(status, json={"code": "VALIDATION_FAILED", "message": ""})

    def down(write: Write) -> Row:
        if write.key == keys.RATE_LIMITER:
            raise ConnectionError
        return really_write(write)

    def gone() -> bool:
        raise ConnectionError

    rewire(world, container, act)
    world.container.circuit_breaker.open(OpenReason.INVALID_API_KEY)
    world.container.circuit_breaker.half_open()  # so that each end has something to write there
    with pytest.raises(ConnectionError):
        container.step(try_on_id, lambda: 120)
    world.step(try_on_id)  # its message comes again
    quiet(world, rounds=5)
    assert types(world.events()) == ["TryOnFailed" if status == 400 else "TryOnSubmitted"]


def test_what_was_not_told_about_the_credits_is_told_by_the_next_round(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.set_account(credits=0)
    publish, world.container.publisher.publish = world.container.publisher.publish, _not_taken  # type: ignore[method-assign]  # the bus is down
    with pytest.raises(ConnectionError):
        world.step(try_on_id)
    world.container.publisher.publish = publish  # type: ignore[method-assign]  # and up again
    assert world.try_on(try_on_id).waiting_for is WaitingFor.CIRCUIT
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
    # At once, each minute until the third trial failed, 1 and 4 minutes later, then every 10.
    assert world.paid_calls() <= 1 + 3 + 2 + 5
