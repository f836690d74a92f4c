"""What is in flight when an erasure comes ends before ``CustomerErased``, however late it began."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.genlook.faults import Fate
from tests.support.concurrent import ConcurrentWorld
from tests.support.erasing import LATE, SOON, assert_nothing_is_left, closed, erase, wait
from tests.support.kill_switch import Killed
from tests.support.submitting import SMALL_PHOTO, rewire
from tests.support.tryons import refusing_bus, submitted, under_review
from tests.support.world import SHOPPER, World
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.erasure.in_flight import IN_FLIGHT_SECONDS
from tryon_worker.genlook.transport import SocketTransport
from tryon_worker.tryons.model import State
from tryon_worker.tryons.polling import StillRunning


def published(world: World) -> list[tuple[str, dict[str, Any]]]:
    return [(body["detail-type"], body["detail"]) for body in world.messages("watch")]


def assert_named_by_none_after_the_erasure(world: World) -> None:
    """A consumer that drops what it holds on ``CustomerErased`` holds nothing afterwards."""
    events = published(world)
    types = [event_type for event_type, _ in events]
    assert "CustomerErased" in types
    after = events[types.index("CustomerErased") :]
    assert [event for event in after if SHOPPER in str(event)] == []


def erase_by_another(world: ConcurrentWorld) -> None:
    detail = {"externalUserId": SHOPPER, "requestId": "forget-1"}
    event = world.event("ErasureRequested", detail, source="shop.privacy")
    world.observer.route_privacy_request(event)


def after_call(world: ConcurrentWorld, name: str, deed: Callable[[], None], times: int = 1) -> None:
    """Does ``deed`` when the worker has made the call of that name so many times."""
    after, made = world.kill_switch.after, []

    def counted(call: str) -> None:
        after(call)
        made.append(call)
        if call == name and made.count(name) == times:
            deed()

    world.kill_switch.after = counted  # type: ignore[method-assign]


def die() -> None:
    raise Killed


@pytest.mark.promise("Erasure", "unknown-ends-are-waited-for")
def test_a_generation_that_runs_on_past_its_deadline_is_waited_for(world: World) -> None:
    """An open circuit holds the deadline, so a generation may be far past it and still run."""
    try_on_id = submitted(world, Fate(seconds=3 * 3600))
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    for _ in range(8):
        world.clock.advance(900)
        polled = world.container.poll(try_on_id, world.state_machine.started[try_on_id])
        assert isinstance(polled, StillRunning)
    erase(world)
    wait(world, LATE - 600)
    assert closed(world) == []
    wait(world, 1800)
    assert len(closed(world)) == 1
    wait(world, 3 * 3600)
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "second-sweep-before-customer-erased")
def test_a_sweep_that_ends_a_try_on_is_never_the_last_one(busy: ConcurrentWorld) -> None:
    """The first one dies when it has written how long to wait, and the next begins after that."""
    try_on_id = under_review(busy)
    busy.clock.advance(LATE + 1)
    busy.housekeeping_round()
    busy.events()
    busy.container = busy.new_process()
    shopper_key = busy.observer.pseudonymizer.shopper_key(SHOPPER)
    after_call(busy, "dynamodb.UpdateItem", die, times=2)
    with pytest.raises(Killed):
        erase(busy)
    del busy.kill_switch.after
    assert busy.observer.shoppers.get(shopper_key).in_flight_until > busy.clock.now()
    busy.container = busy.new_process()
    busy.clock.advance(LATE + 1)
    busy.container.erase.resume(shopper_key, busy.container.pseudonymizer.request_key("forget-1"))
    assert busy.try_on(try_on_id).state is State.DECIDED
    assert closed(busy) == [], "a worker may still publish what the sweep has just ended"
    wait(busy, LATE + 900)
    assert len(closed(busy)) == 1


@pytest.mark.promise("Erasure", "second-sweep-before-customer-erased")
def test_a_sweep_that_a_refusing_bus_held_up_is_not_the_last_one(world: World) -> None:
    """Of two try-ons the first cannot be published for an hour; the second is ended after it."""
    world.genlook.control.decide(Fate(seconds=5))
    under_review(world)
    world.genlook.control.lose_answer("try_on")
    world.accepted("r-2")
    world.clock.advance(181)
    world.run()
    world.clock.advance(LATE + 1)
    world.housekeeping_round()
    bus = refusing_bus(world, 1000)
    detail = {"externalUserId": SHOPPER, "requestId": "forget-1"}
    request = world.event("ErasureRequested", detail, source="shop.privacy")
    for _ in range(8):
        with pytest.raises(Exception, match="InternalFailure"):
            world.container.route_privacy_request(request)
        world.clock.advance(600)
    bus.refusals = 0
    world.container.route_privacy_request(request)
    assert closed(world) == []
    ended = world.clock.now()
    wait(world, LATE + 1200)
    (said,) = closed(world)
    assert world.clock.now() - ended > IN_FLIGHT_SECONDS
    assert said["erased"]["tryOns"] == 2


@pytest.mark.promise("Erasure", "unknown-ends-are-waited-for")
def test_an_upload_whose_answer_is_lost_is_waited_for(world: World) -> None:
    """The client gives up after 30 s, and Genlook finishes the upload after the first deletion."""
    under_way: list[httpx.Request] = []

    def slow(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/images/upload") and not under_way:
            request.read()
            under_way.append(request)
            world.clock.advance(30)
            raise httpx.ReadTimeout("30 s", request=request)
        return SocketTransport().handle_request(request)

    world.container = world.new_process()
    rewire(world, world.container, slow)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    world.clock.advance(5)
    erase(world)
    assert closed(world) == []
    world.clock.advance(15)
    SocketTransport().handle_request(under_way[0]).close()
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 1
    wait(world, LATE + 900)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.parametrize("calls", [2, 3])
def test_a_publisher_whose_outcome_another_published_is_waited_for(
    busy: ConcurrentWorld, calls: int
) -> None:
    """The row says that it is published, while the first publisher has not come to it yet."""
    try_on_id = busy.accepted()
    busy.run()
    busy.clock.advance(86_400 + 5)
    busy.events()
    waiting = busy.try_on(try_on_id)
    busy.container = busy.new_process()
    busy.kill_switch.arm_at("dynamodb.TransactWriteItems")
    with pytest.raises(Killed):
        busy.container.recover(waiting)  # decided, and nobody published it
    busy.container = busy.new_process()
    busy.clock.advance(1)

    def others() -> None:
        busy.observer.outcomes.publish(try_on_id)
        busy.clock.advance(1)
        erase_by_another(busy)

    busy.kill_switch.interrupt(calls, others)
    busy.container.outcomes.publish(try_on_id)
    wait(busy, 1200)
    assert_named_by_none_after_the_erasure(busy)


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
def test_a_deferral_whose_event_another_published_is_waited_for(busy: ConcurrentWorld) -> None:
    """One worker deferred and has not said so; another defers again, says it, and is erased."""
    try_on_id = busy.accepted()
    busy.messages("tryon")
    busy.container = busy.new_process()

    def others() -> None:
        busy.observer.step(try_on_id, lambda: 120.0)
        busy.clock.advance(2)
        erase_by_another(busy)

    after_call(busy, "dynamodb.TransactWriteItems", others)
    busy.container.step(try_on_id, lambda: 120.0)
    wait(busy, 1200)
    assert_named_by_none_after_the_erasure(busy)


@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
def test_a_photo_whose_event_another_published_is_waited_for(busy: ConcurrentWorld) -> None:
    """Two workers are asked in one second to publish a photo whose uploader died."""
    arrival = busy.photo(data=SMALL_PHOTO)
    busy.container = busy.new_process()
    after_call(busy, "dynamodb.TransactWriteItems", die, times=2)
    with pytest.raises(Killed):
        busy.container.receive_photo(arrival)  # claimed, uploaded, settled
    del busy.kill_switch.after
    busy.container = busy.new_process()
    busy.clock.advance(121)
    photo_id = busy.observer.pseudonymizer.photo_id(arrival.key)
    shopper_key = busy.observer.pseudonymizer.shopper_key(SHOPPER)

    def others() -> None:
        busy.observer.receive_photo.upload_again(shopper_key, photo_id)
        busy.clock.advance(3)
        erase_by_another(busy)

    after_call(busy, "dynamodb.UpdateItem", others)
    busy.container.receive_photo.upload_again(shopper_key, photo_id)
    wait(busy, LATE + 900)
    assert_named_by_none_after_the_erasure(busy)


@pytest.mark.promise("P4", "late-messages-have-no-effect")
@pytest.mark.parametrize("what", ["photo", "try-on request"])
def test_clocks_that_differ_by_some_seconds_leave_nothing(world: World, what: str) -> None:
    """S3 or the bus dates what the shopper did, and the erasing process's clock is behind."""
    if what == "photo":
        world.ready_photo(data=SMALL_PHOTO)
    else:
        world.accepted()
    world.clock.advance(2)
    behind = world.new_process()
    behind.clock = lambda: world.clock.now() - 3
    detail = {"externalUserId": SHOPPER, "requestId": "forget-1"}
    behind.route_privacy_request(world.event("ErasureRequested", detail, source="shop.privacy"))
    wait(world, LATE + SOON)
    assert len(closed(world)) == 1
    assert_nothing_is_left(world)


@pytest.mark.promise("Erasure", "new-requests-wait-for-the-close")
def test_a_deletion_whose_answer_is_lost_takes_no_later_photo(world: World) -> None:
    """Genlook carries it out minutes later: until it surely cannot, new photos wait."""
    late: list[httpx.Request] = []

    def lost(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" and not late:
            late.append(request)
            raise httpx.ReadTimeout("30 s", request=request)
        return SocketTransport().handle_request(request)

    world.ready_photo(data=SMALL_PHOTO)
    world.clock.advance(1)
    world.container = world.new_process()
    rewire(world, world.container, lost)
    erase(world)
    world.clock.advance(SOON)
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))
    wait(world, 1200)
    assert closed(world) == []
    SocketTransport().handle_request(late[0]).close()
    wait(world, LATE + 600)
    assert len(closed(world)) == 1
    assert world.genlook.control.customer(SHOPPER)["counts"]["photos"] == 1
