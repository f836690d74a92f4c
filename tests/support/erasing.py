"""Erases a shopper, lets the time of an erasure pass, and says what it left."""

from typing import Any

from tests.support.world import SHOPPER, World
from tryon_worker.erasure.in_flight import IN_FLIGHT_SECONDS
from tryon_worker.erasure.store import CLOCK_SECONDS, LEASE_SECONDS

SOON = 2 * CLOCK_SECONDS
"""So long after an erasure was asked for, what is done is surely after it."""

LATE = 600 + 3600
"""A generation may leave something for so long after its submit: deadline and margin."""


def erase(world: World, request_id: str = "forget-1") -> None:
    detail = {"externalUserId": SHOPPER, "requestId": request_id}
    world.container.route_privacy_request(
        world.event("ErasureRequested", detail, source="shop.privacy")
    )


def finish(world: World) -> None:
    """Lets the time pass in which what an erasure found may still be in somebody's hands."""
    wait(world, IN_FLIGHT_SECONDS + LEASE_SECONDS)


def closed(world: World) -> list[dict[str, Any]]:
    return world.events("CustomerErased")


def deletions(world: World) -> int:
    return len(world.genlook.control.calls("customer_delete"))


def wait(world: World, seconds: float) -> None:
    """Time passes as it does: housekeeping looks once in a while."""
    end = world.clock.now() + seconds
    while world.clock.now() < end:
        world.clock.advance(min(900, end - world.clock.now()))
        world.housekeeping_round()


def assert_nothing_is_left(world: World, shopper: str = SHOPPER) -> None:
    rows = str(world.rows())
    assert shopper not in rows
    assert not [row for row in world.rows() if row["sk"].startswith(("PHOTO#", "DETAILS#"))]
    for bucket in (world.photo_bucket, world.result_bucket):
        assert [key for key in world.objects(bucket) if shopper in key or "results" in key] == []
    held = world.genlook.control.customer(shopper)
    assert set(held["counts"].values()) == {0}


def completed(world: World) -> str:
    """A try-on whose picture lies in the result bucket, long ago."""
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    assert world.objects(world.result_bucket)
    world.events()
    world.clock.advance(LATE + 1)
    return try_on_id
