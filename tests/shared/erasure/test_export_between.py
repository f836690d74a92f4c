"""A report cut short, or overtaken by an erasure, at any of its calls: answered once, or gone."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.support.concurrent import ConcurrentWorld
from tests.support.kill_switch import Killed, leaves_something
from tests.support.remains import objects_in, rows_about
from tests.support.world import SHOPPER
from tryon_worker.erasure.store import LEASE_SECONDS
from tryon_worker.events.envelope import InboundEvent


def request(world: ConcurrentWorld, detail_type: str, shopper: str) -> InboundEvent:
    detail = {"externalUserId": shopper, "requestId": f"{detail_type} of {shopper}"}
    return world.event(detail_type, detail, source="shop.privacy", id=detail_type)


def photographed(world: ConcurrentWorld, shopper: str) -> None:
    arrival = world.photo(shopper=shopper)
    world.observer.receive_photo(arrival)
    world.clock.advance(1)
    world.messages("watch")


def calls_of_a_report(world: ConcurrentWorld) -> Iterator[int]:
    """After how many of its calls something changes with the next one, or all is done."""
    photographed(world, SHOPPER)
    process = world.new_process()
    before = len(world.kill_switch.calls)
    process.route_privacy_request(request(world, "DataRequested", SHOPPER))
    made = world.kill_switch.calls[before:]
    assert {"PutObject", "PutEvents"} <= {call.partition(".")[2] for call in made}
    for number, call in enumerate([*made, "the end"]):
        if leaves_something(call) and number:
            yield number


def wait(world: ConcurrentWorld, seconds: float) -> None:
    world.__dict__["container"] = world.new_process()
    end = world.clock.now() + seconds
    while world.clock.now() < end:
        world.clock.advance(300)
        world.housekeeping_round()


def without_reports(world: ConcurrentWorld) -> None:
    for key in objects_in(world, world.result_bucket):
        world.s3.delete_object(Bucket=world.result_bucket, Key=key)


def said(world: ConcurrentWorld) -> list[str]:
    return [body["detail-type"] for body in world.messages("watch")]


def test_killed_after_any_call_it_is_answered_all_the_same(busy: ConcurrentWorld) -> None:
    for number in calls_of_a_report(busy):
        without_reports(busy)
        shopper = f"killed after {number}"
        photographed(busy, shopper)
        data_request = request(busy, "DataRequested", shopper)
        process = busy.new_process()
        busy.kill_switch.arm(number)
        with pytest.raises(Killed):
            process.route_privacy_request(data_request)
        busy.new_process().route_privacy_request(data_request)  # its message comes again
        wait(busy, LEASE_SECONDS + 700)
        assert set(said(busy)) == {"DataReported"}, shopper
        assert len(objects_in(busy, busy.result_bucket)) == 1


def test_erased_before_any_call_nothing_of_it_stays(busy: ConcurrentWorld) -> None:
    for number in calls_of_a_report(busy):
        without_reports(busy)
        shopper = f"erased after {number}"
        photographed(busy, shopper)
        erasure = request(busy, "ErasureRequested", shopper)
        data_request = request(busy, "DataRequested", shopper)
        process = busy.new_process()
        busy.kill_switch.interrupt(number, partial(busy.observer.route_privacy_request, erasure))
        process.route_privacy_request(data_request)
        assert not busy.kill_switch.waits
        wait(busy, LEASE_SECONDS + 1500)
        kinds = said(busy)
        assert kinds.count("CustomerErased") == 1, shopper
        # Perhaps twice the same, never two different ones.
        assert len({"DataReported", "RequestRefused"} & set(kinds)) == 1, shopper
        assert objects_in(busy, busy.result_bucket) == [], shopper
        assert [row for row in rows_about(busy, shopper) if shopper in row] == []
        key = busy.observer.pseudonymizer.shopper_key(shopper)
        kept = {row["sk"].partition("#")[0] for row in busy.rows() if key in row["pk"]}
        assert kept == {"SHOPPER", "ERASURE"}, shopper
        busy.new_process().route_privacy_request(data_request)  # and it comes again
        wait(busy, 700)
        assert set(said(busy)) == {"RequestRefused"}
        assert objects_in(busy, busy.result_bucket) == [], shopper
