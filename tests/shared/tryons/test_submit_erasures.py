"""An erasure that opens while a paid call is prepared."""

import pytest

from tests.support.submitting import ordered
from tests.support.world import World
from tryon_worker.events.schemas import TryOnRequest
from tryon_worker.tryons.model import State, WaitingFor
from tryon_worker.tryons.step import CLAIM_SECONDS


@pytest.mark.promise("Erasure", "every-write-checks-the-tombstone")
@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.parametrize(
    "after", [-1, 1], ids=["of what was before", "of what came before the request"]
)
def test_an_erasure_that_opens_just_before_the_mark_stops_the_call(
    world: World, after: int
) -> None:
    try_on_id = ordered(world)
    try_on, sleep = world.try_on(try_on_id), world.container.step.paid_call.sleep

    def meanwhile(seconds: float) -> None:
        opened = world.container.shoppers.erasure_opened(
            try_on.shopper_key, "request", erased_at=try_on.requested_at - after
        )
        world.container.table.write(opened)
        sleep(seconds)

    object.__setattr__(world.container.step.paid_call, "sleep", meanwhile)
    world.step(try_on_id)
    assert world.paid_calls() == 0
    if after > 0:  # a later request is a new consent: it goes on when the erasure closes
        assert world.try_on(try_on_id).waiting_for is WaitingFor.ERASURE
    else:
        (ended,) = world.events()
        assert ended["reason"] == "CUSTOMER_ERASED"
        assert set(ended) == {"type", "schemaVersion", "occurredAt", "tryOnId", "reason"}
    assert not [row for row in world.rows() if "granted" in row]


def test_a_worker_that_is_late_does_not_end_anothers_call_as_erased(world: World) -> None:
    """The erasure has to wait for that call: it must see it."""
    try_on_id = ordered(world)
    try_on = world.try_on(try_on_id)
    late, details = world.container.step, world.container.details

    def meanwhile(shopper_key: str, try_on_id: str) -> TryOnRequest | None:
        world.clock.advance(CLAIM_SECONDS + 1)
        backoff_seconds = int(world.clock.now())
        ledger = world.container.ledger
        ledger.claim(try_on_id, "other", now=backoff_seconds, lease_until=backoff_seconds + 150)
        world.container.table.write(
            ledger.submission(
                try_on_id,
                "other",
                now=backoff_seconds,
                lease_until=backoff_seconds + 85,
                quota_day="",
                photo_id="",
            )
        )
        world.container.table.write(
            world.container.shoppers.erasure_opened(
                try_on.shopper_key, "request", erased_at=backoff_seconds
            )
        )
        del details.get  # once
        return details.get(shopper_key, try_on_id)

    details.get = meanwhile  # type: ignore[method-assign]  # a worker that is held up here
    late(try_on_id, lambda: 120)
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTING, 0)
