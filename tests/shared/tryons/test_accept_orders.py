"""An order with many lines: one refused, cut short, erased, or as large as may be."""

from typing import Any

import pytest

from tests.support.intake import messages, order, refusal_publisher
from tests.support.world import SHOPPER, World
from tryon_worker.clock import iso
from tryon_worker.events.schemas import MAX_ITEMS


@pytest.mark.parametrize(("items", "bulk"), [(10, False), (11, True)])
def test_a_large_order_is_bulk(world: World, items: int, bulk: bool) -> None:
    world.container.route_event(world.event("OrderPlaced", order(*(f"p{n}" for n in range(items)))))
    assert {world.try_on(one).bulk for one in world.try_on_ids()} == {bulk}


def test_one_refused_line_takes_no_other_with_it(world: World) -> None:
    detail = order("tee-1", "hat-1", "sock-1")
    detail["items"][1]["images"] = [{"s3": {"bucket": "not-ours", "key": "hat.png"}}]
    world.container.route_event(world.event("OrderPlaced", detail))
    assert len(world.try_on_ids()) == 2
    assert len(messages(world)) == 2
    assert refusal_publisher(world) == [("BUCKET_NOT_ALLOWED", "items.1.images.0.s3.bucket")]


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
        dying.route_event(event)
    assert messages(world) == []
    world.container.route_event(event)
    assert sorted(messages(world)) == sorted(world.try_on_ids())
    assert len(world.try_on_ids()) == 3


def test_an_order_of_an_erased_shopper_is_refused_once(world: World) -> None:
    event = world.event("OrderPlaced", order("tee-1", "hat-1"))
    world.container.erase(SHOPPER, "forget-me")
    world.events()
    world.container.route_event(event)
    assert refusal_publisher(world) == [("CUSTOMER_ERASED", "externalUserId")]
    assert world.try_on_ids() == []


def test_of_many_shoppers_the_erased_one_alone_is_refused(world: World) -> None:
    detail = {
        "externalId": "tee-1",
        "updatedAt": iso(world.clock.now()),
        "tryOnFor": ["shopper-1", SHOPPER, "shopper-2"],
    }
    event = world.event("ProductUpserted", detail)
    world.container.erase(SHOPPER, "forget-me")
    world.events()
    world.container.route_event(event)
    assert refusal_publisher(world) == [("CUSTOMER_ERASED", "tryOnFor.1")]
    assert len(world.try_on_ids()) == 2


def test_the_largest_order_is_taken_whole(world: World) -> None:
    products = [f"p{number}" for number in range(MAX_ITEMS)]
    event = world.event("OrderPlaced", order(*products))
    world.container.route_event(event)
    assert len(world.try_on_ids()) == MAX_ITEMS
