"""Many requests that are about to be paid for, and where they are."""

import os

from tests.support.submitting import (
    SMALL_PHOTO,
    ordered,
)
from tests.support.world import World
from tryon_worker.tryons.model import State

MANY = int(os.environ.get("PAID_CALL_WISHES", "30"))


def many(world: World, count: int) -> list[str]:
    return [ordered(world, f"r-{number}") for number in range(count)]


def at_once(world: World, count: int = MANY) -> list[str]:
    """Many requests of one moment, each delivered once; neither rate nor cap is in their way."""
    world.options |= {"max_tryons_per_shopper_per_day": 1000, "requests_per_minute": 10_000}
    world.genlook.control.set_account(requestsPerMinute=10_000)
    world.ready_photo(data=SMALL_PHOTO)
    for number in range(count):
        world.container.route_event(world.event("TryOnRequested", world.request(f"r-{number}")))
    return world.try_on_ids()


def states(world: World, try_on_ids: list[str]) -> set[State]:
    return {world.try_on(try_on_id).state for try_on_id in try_on_ids}
