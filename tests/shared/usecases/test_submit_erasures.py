"""An erasure that opens while a paid call is prepared."""

import pytest

from tests.support.paying import ordered
from tests.support.world import World
from tryon_worker.store.entry import State, WaitingFor
from tryon_worker.usecases.submit import CLAIM_SECONDS
from tryon_worker.wishes import Wish


@pytest.mark.promise("Erasure", "every-write-checks-the-tombstone")
@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.parametrize(
    "after", [-1, 1], ids=["of what was before", "of what came before the wish"]
)
def test_an_erasure_that_opens_just_before_the_mark_stops_the_call(
    world: World, after: int
) -> None:
    try_on_id = ordered(world)
    entry, sleep = world.entry(try_on_id), world.wiring.submit.pay.sleep

    def meanwhile(seconds: float) -> None:
        opened = world.wiring.shoppers.erasure_opened(
            entry.shopper_key, "request", erased_at=entry.wished_at - after
        )
        world.wiring.table.write(opened)
        sleep(seconds)

    object.__setattr__(world.wiring.submit.pay, "sleep", meanwhile)
    world.step(try_on_id)
    assert world.paid_calls() == 0
    if after > 0:  # a later wish is a new consent: it goes on when the erasure closes
        assert world.entry(try_on_id).waiting_for is WaitingFor.ERASURE
    else:
        (ended,) = world.events()
        assert ended["reason"] == "CUSTOMER_ERASED"
        assert set(ended) == {"type", "schemaVersion", "occurredAt", "tryOnId", "reason"}
    assert not [row for row in world.rows() if "granted" in row]


def test_a_worker_that_is_late_does_not_end_anothers_call_as_erased(world: World) -> None:
    """The erasure has to wait for that call: it must see it."""
    try_on_id = ordered(world)
    entry = world.entry(try_on_id)
    late, requests = world.wiring.submit, world.wiring.requests

    def meanwhile(shopper_key: str, try_on_id: str) -> Wish | None:
        world.clock.advance(CLAIM_SECONDS + 1)
        soon = int(world.clock.now())
        ledger = world.wiring.ledger
        ledger.claim(try_on_id, "other", now=soon, lease_until=soon + 150)
        world.wiring.table.write(
            ledger.submission(
                try_on_id, "other", now=soon, lease_until=soon + 85, capped_on="", photo_id=""
            )
        )
        world.wiring.table.write(
            world.wiring.shoppers.erasure_opened(entry.shopper_key, "request", erased_at=soon)
        )
        del requests.get  # once
        return requests.get(shopper_key, try_on_id)

    requests.get = meanwhile  # type: ignore[method-assign]  # a worker that is held up here
    late(try_on_id, lambda: 120)
    assert (world.entry(try_on_id).state, world.paid_calls()) == (State.SUBMITTING, 0)
