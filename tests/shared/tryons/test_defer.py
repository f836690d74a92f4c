"""What a request waits for, what is said about it, and that it does not wait for ever."""

from collections.abc import Sequence

import httpx
import pytest

from tests.support.submitting import SMALL_PHOTO, at_review, ordered, quiet, raising, rewire, types
from tests.support.world import World
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.aws.table import Contention, Write
from tryon_worker.clock import DAY
from tryon_worker.events.schemas import ReviewAction, TryOnReviewed
from tryon_worker.tryons.model import State, WaitingFor

# --- busy rows


def test_rows_that_stay_busy_let_it_wait(world: World) -> None:
    try_on_id = ordered(world)

    def busy(writes: Sequence[Write]) -> None:
        raise Contention(str(len(writes)))

    world.container.table.transact = busy  # type: ignore[method-assign]  # every try in vain
    world.step(try_on_id)
    assert (world.try_on(try_on_id).waiting_for, world.paid_calls()) == (WaitingFor.RETRY, 0)


def test_a_busy_product_row_does_not_lose_the_generation(world: World) -> None:
    try_on_id = ordered(world)
    transact, calls = world.container.table.transact, []

    def busy_afterwards(writes: Sequence[Write]) -> None:
        calls.append(writes)
        if len(calls) > 1:
            raise Contention("busy")
        transact(writes)

    world.container.table.transact = busy_afterwards  # type: ignore[method-assign]  # a hot product
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    kept = world.container.products.get("tee-1")
    assert kept is not None
    assert kept.accepted_hash is None


# --- the deferral


def test_a_deferral_is_said_again_if_the_worker_died_before_it_was_said(world: World) -> None:
    try_on_id = world.accepted()
    publish, world.container.publisher.publish = world.container.publisher.publish, _not_taken  # type: ignore[method-assign]  # the bus is down
    with pytest.raises(ConnectionError):
        world.step(try_on_id)
    world.container.publisher.publish = publish  # type: ignore[method-assign]  # and up again
    for _ in range(3):
        world.step(try_on_id)
    assert types(world.events()) == ["TryOnDeferred"]


def _not_taken(*_: object, **__: object) -> None:
    raise ConnectionError


# --- not for ever


@pytest.mark.promise("P2", "every-wait-ends")
def test_a_wish_that_never_reaches_genlook_ends(world: World) -> None:
    try_on_id = ordered(world)
    wire = rewire(world, world.container, raising(httpx.ConnectError("no route")))
    for _ in range(3):
        quiet(world, rounds=1, seconds=DAY - 100)
    assert world.try_on(try_on_id).state is State.WAITING
    quiet(world, rounds=2, seconds=300)
    (failed,) = world.events("TryOnFailed")
    assert (failed["reason"], failed.get("generationId")) == ("TIMED_OUT", None)
    assert wire.submission >= 3
    submission = wire.submission
    quiet(world, rounds=2, seconds=DAY)
    assert wire.submission == submission


def test_a_wish_ends_behind_a_breaker_that_stays_shut(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.set_account(active=False)
    world.step(try_on_id)
    quiet(world, rounds=4, seconds=DAY)
    assert world.container.circuit_breaker.circuit().opened_by is OpenReason.INVALID_API_KEY
    assert world.events("TryOnFailed")[0]["reason"] == "TIMED_OUT"


def test_a_wish_that_is_over_the_cap_each_day_ends(world: World) -> None:
    world.options["max_tryons_per_day"] = 0
    try_on_id = ordered(world)
    world.step(try_on_id)
    quiet(world, rounds=4, seconds=DAY)
    assert world.try_on(try_on_id).state is State.DECIDED
    assert world.paid_calls() == 0


@pytest.mark.parametrize(("seconds", "over"), [(999, False), (1000, True)])
def test_the_time_counts_from_the_acceptance(world: World, seconds: int, over: bool) -> None:
    world.options["tryon_wait_seconds"] = 1000
    try_on_id = ordered(world)
    world.clock.advance(seconds)
    world.step(try_on_id)
    assert (world.try_on(try_on_id).state is State.DECIDED) == over


def test_the_wait_for_a_photo_is_given_on_top(world: World) -> None:
    world.options |= {"tryon_wait_seconds": 1000, "photo_wait_seconds": 5000}
    try_on_id = world.accepted()
    world.run()
    world.clock.advance(4900)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    world.run()
    assert world.try_on(try_on_id).state is State.SUBMITTED


def test_a_persons_retry_begins_anew(world: World) -> None:
    try_on_id = at_review(world)
    world.clock.advance(6 * DAY)
    world.container.review(
        TryOnReviewed(try_on_id=try_on_id, action=ReviewAction.RETRY),
        ordered_at=int(world.clock.now()),
    )
    world.ready_photo(name="new.jpg", data=SMALL_PHOTO)
    world.run()
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 2)
