"""An order with many lines: one refused, cut short, erased, or as large as may be."""

from typing import Any

import pytest

from tests.support.intake import messages, order, refusal_publisher
from tests.support.world import SHOPPER, World
from tests.support.worlds import MakeWorld
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


def test_each_wrong_line_is_refused_by_itself_and_the_others_go_on(world: World) -> None:
    detail = order("tee-1", "_anon_1", "hat-1", "sock-1")
    detail["items"][2]["images"] = [{"url": "http://cdn.shop.example/hat.png"}]
    detail["items"][2]["validForDays"] = 0
    detail["items"].append("scarf-1")
    world.container.route_event(world.event("OrderPlaced", detail))
    refused = world.events("RequestRefused")
    assert [[one["field"] for one in said["problems"]] for said in refused] == [
        ["items.1.productExternalId"],
        ["items.2.images.0.url", "items.2.validForDays"],
        ["items.4"],
    ]
    assert {said["orderId"] for said in refused} == {"o-1"}
    assert len(world.try_on_ids()) == 2
    assert len(messages(world)) == 2


def test_a_line_keeps_its_try_on_when_one_before_it_is_mended(world: World) -> None:
    wrong, right = order("_anon_1", "hat-1"), order("tee-1", "hat-1")
    world.container.route_event(world.event("OrderPlaced", wrong))
    before = world.try_on_ids()
    world.container.route_event(world.event("OrderPlaced", right))
    assert set(before) < set(world.try_on_ids())
    assert len(world.try_on_ids()) == 2


def test_a_field_of_a_line_in_a_wrong_place_refuses_that_line(world: World) -> None:
    detail = order("tee-1", "hat-1")
    detail["items"][0]["externalUserId"] = "somebody-else"
    world.container.route_event(world.event("OrderPlaced", detail))
    assert refusal_publisher(world) == [("INVALID", "items.0.externalUserId")]
    assert len(world.try_on_ids()) == 1


def test_an_order_of_wrong_lines_alone_leaves_nothing(world: World) -> None:
    world.container.route_event(world.event("OrderPlaced", order("_anon_1", "_anon_2")))
    assert len(refusal_publisher(world)) == 2
    assert world.rows() == []


@pytest.mark.parametrize("change", [{"orderId": ""}, {"externalUserId": "guest"}, {"variantId": 1}])
def test_what_is_wrong_with_the_order_refuses_all_of_it(
    world: World, change: dict[str, Any]
) -> None:
    detail = {**order("tee-1", "_anon_1"), **change}
    world.container.route_event(world.event("OrderPlaced", detail))
    (said,) = world.events("RequestRefused")
    fields = {one["field"] for one in said["problems"]}
    assert fields == {*change, "items.1.productExternalId"}
    assert world.rows() == []


def test_two_hundred_wrong_lines_are_not_two_hundred_events(world: World) -> None:
    detail = order(*(f"_anon_{place}" for place in range(MAX_ITEMS)))
    world.container.route_event(world.event("OrderPlaced", detail))
    said = refusal_publisher(world)
    assert len(said) == 11
    assert said[-1] == ("MORE_REFUSED", "items")


def test_an_order_without_a_photo_waits(world: World) -> None:
    world.container.route_event(world.event("OrderPlaced", order("tee-1")))
    world.run()
    assert [said["type"] for said in world.events()] == ["TryOnDeferred"]


@pytest.mark.parametrize("rejected", [False, True])
def test_an_order_without_a_photo_can_be_ignored(make_world: MakeWorld, rejected: bool) -> None:
    world = make_world(orders_without_photo="ignore")
    if rejected:
        world.container.receive_photo(world.photo(data=b"no picture"))
        world.events()
    rows = world.rows()
    world.container.route_event(world.event("OrderPlaced", order("tee-1")))
    assert (world.rows(), world.events(), messages(world)) == (rows, [], [])


def test_with_a_photo_no_order_is_ignored(make_world: MakeWorld) -> None:
    world = make_world(orders_without_photo="ignore")
    world.ready_photo()
    world.container.route_event(world.event("OrderPlaced", order("tee-1")))
    assert len(world.try_on_ids()) == 1


def test_a_photo_on_its_way_is_one(make_world: MakeWorld) -> None:
    world = make_world(orders_without_photo="ignore")
    world.genlook.control.refuse("upload", 503)
    world.container.receive_photo(world.photo())
    world.container.route_event(world.event("OrderPlaced", order("tee-1")))
    assert len(world.try_on_ids()) == 1


def test_a_wrong_line_of_an_ignored_order_is_refused_all_the_same(make_world: MakeWorld) -> None:
    world = make_world(orders_without_photo="ignore")
    world.container.route_event(world.event("OrderPlaced", order("tee-1", "_anon_1")))
    assert refusal_publisher(world) == [("INVALID", "items.1.productExternalId")]
    assert world.rows() == []


def test_a_request_is_not_ignored(make_world: MakeWorld) -> None:
    """Whoever asks for a try-on by itself waits for it."""
    world = make_world(orders_without_photo="ignore")
    world.container.route_event(world.event("TryOnRequested", world.request()))
    assert len(world.try_on_ids()) == 1
