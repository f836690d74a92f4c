"""An order with many lines: one refused, cut short, erased, or as large as may be."""

from typing import Any

import pytest

from tests.support.taking_in import messages, order, refusals
from tests.support.world import SHOPPER, World
from tryon_worker.clock import iso
from tryon_worker.wishes import MAX_ITEMS


@pytest.mark.parametrize(("items", "bulk"), [(10, False), (11, True)])
def test_a_large_order_is_bulk(world: World, items: int, bulk: bool) -> None:
    world.wiring.take_in(world.event("OrderPlaced", order(*(f"p{n}" for n in range(items)))))
    assert {world.entry(one).bulk for one in world.try_on_ids()} == {bulk}


def test_one_refused_line_takes_no_other_with_it(world: World) -> None:
    detail = order("tee-1", "hat-1", "sock-1")
    detail["items"][1]["images"] = [{"s3": {"bucket": "not-ours", "key": "hat.png"}}]
    world.wiring.take_in(world.event("OrderPlaced", detail))
    assert len(world.try_on_ids()) == 2
    assert len(messages(world)) == 2
    assert refusals(world) == [("BUCKET_NOT_ALLOWED", "items.1.images.0.s3.bucket")]


@pytest.mark.promise("Accepted means written", "row-before-message")
def test_an_order_that_was_cut_short_is_finished_by_its_repeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = world.new_process()
    writes = iter([dying.table.transact, dying.table.transact])

    def transact(given: Any) -> None:
        next(writes)(given)

    monkeypatch.setattr(dying.table, "transact", transact)
    event = world.event("OrderPlaced", order("tee-1", "hat-1", "sock-1"))
    with pytest.raises(StopIteration):
        dying.take_in(event)
    assert messages(world) == []
    world.wiring.take_in(event)
    assert sorted(messages(world)) == sorted(world.try_on_ids())
    assert len(world.try_on_ids()) == 3


def test_an_order_of_an_erased_shopper_is_refused_once(world: World) -> None:
    event = world.event("OrderPlaced", order("tee-1", "hat-1"))
    world.wiring.erase(SHOPPER, "forget-me")
    world.events()
    world.wiring.take_in(event)
    assert refusals(world) == [("CUSTOMER_ERASED", "externalUserId")]
    assert world.try_on_ids() == []


def test_of_many_shoppers_the_erased_one_alone_is_refused(world: World) -> None:
    detail = {
        "externalId": "tee-1",
        "updatedAt": iso(world.clock.now()),
        "tryOnFor": ["shopper-1", SHOPPER, "shopper-2"],
    }
    event = world.event("ProductUpserted", detail)
    world.wiring.erase(SHOPPER, "forget-me")
    world.events()
    world.wiring.take_in(event)
    assert refusals(world) == [("CUSTOMER_ERASED", "tryOnFor.1")]
    assert len(world.try_on_ids()) == 2


def test_the_largest_order_is_taken_whole(world: World) -> None:
    products = [f"p{number}" for number in range(MAX_ITEMS)]
    event = world.event("OrderPlaced", order(*products))
    world.wiring.take_in(event)
    assert len(world.try_on_ids()) == MAX_ITEMS
