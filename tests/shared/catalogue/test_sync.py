"""The catalogue: the newest word of the shop counts, and a deletion reaches Genlook in the end."""

from dataclasses import replace
from typing import Any

import pytest

from local.genlook.faults import CallFault
from tests.support.world import PRODUCT_URL, SHOPPER, World
from tryon_worker.clock import iso


def upsert(world: World, ago: float = 0, **fields: Any) -> None:
    detail = {"externalId": "tee-1", "updatedAt": iso(world.clock.now() - ago), **fields}
    world.container.route_event(world.event("ProductUpserted", detail))


def delete(world: World, ago: int = 0) -> None:
    event = world.event("ProductDeleted", {"externalId": "tee-1"})
    world.container.route_event(replace(event, time=event.time - ago))


def title(world: World) -> str | None:
    kept = world.container.products.get("tee-1")
    return kept.product.title if kept else None


def deletions(world: World) -> int:
    return len(world.genlook.control.calls("product_delete"))


def test_an_older_word_that_comes_later_changes_nothing(world: World) -> None:
    upsert(world, title="new")
    upsert(world, ago=1, title="old")
    assert title(world) == "new"
    upsert(world, title="same time, said again")
    assert title(world) == "same time, said again"


def test_an_older_word_still_asks_for_its_try_ons(world: World) -> None:
    """Its first delivery may have been cut short before them."""
    upsert(world, title="new")
    upsert(world, ago=1, title="old", tryOnFor=[SHOPPER])
    assert len(world.try_on_ids()) == 1


def test_an_upsert_calls_nobody(world: World) -> None:
    upsert(world, title="Tee", images=[{"url": PRODUCT_URL}])
    assert world.genlook.control.calls() == []


def test_try_ons_of_the_catalogue_are_bulk_and_once_an_update(world: World) -> None:
    moment = iso(world.clock.now())
    for told in (moment, moment.replace("Z", "+00:00"), iso(world.clock.now() - 5)):
        detail = {"externalId": "tee-1", "updatedAt": told, "tryOnFor": ["a-1", "a-2"]}
        world.container.route_event(world.event("ProductUpserted", detail))
    ids = world.try_on_ids()
    assert len(ids) == 4
    assert all(world.try_on(one).bulk for one in ids)


def test_a_deleted_product_is_deleted_at_genlook_too(world: World) -> None:
    world.ready_photo()
    world.accepted()
    world.run()
    assert world.genlook.control.store()["products"] == 1
    world.clock.advance(60)
    delete(world)
    assert world.genlook.control.store()["products"] == 0
    assert title(world) is None
    delete(world)
    assert world.events("RequestRefused") == []


def test_news_from_before_the_deletion_do_not_bring_it_back(world: World) -> None:
    delete(world)
    upsert(world, ago=1, title="old")
    assert title(world) is None
    world.clock.advance(2)
    upsert(world, title="back again")
    assert title(world) == "back again"


def test_a_deletion_from_before_the_last_word_is_ignored(world: World) -> None:
    upsert(world, title="Tee")
    delete(world, ago=2)
    assert title(world) == "Tee"
    assert deletions(world) == 0


def test_an_update_and_a_deletion_within_one_second_end_in_the_deletion(world: World) -> None:
    world.clock.advance(0.5)
    upsert(world, title="Tee")
    delete(world)
    assert title(world) is None


@pytest.mark.parametrize(("status", "code"), [(429, "RATE_LIMITED"), (503, "UNAVAILABLE")])
def test_a_deletion_that_genlook_cannot_take_now_waits_in_the_row(
    world: World, status: int, code: str
) -> None:
    upsert(world, title="Tee")
    world.genlook.control.refuse("product_delete", status, code, times=2)
    world.clock.advance(1)
    delete(world)  # nothing is raised: no message comes again
    for _ in range(6):
        world.clock.advance(61)
        world.housekeeping_round()
    assert deletions(world) == 3
    assert not [row for row in world.rows() if "dueAt" in row]


@pytest.mark.parametrize("status", [200, 404])
def test_a_page_of_something_in_between_deletes_no_product(world: World, status: int) -> None:
    upsert(world, title="Tee")
    world.genlook.control.arm(CallFault(operation="product_delete", status=status, body="html"))
    world.clock.advance(1)
    delete(world)
    assert [row for row in world.rows() if "dueAt" in row]
    world.clock.advance(61)
    world.housekeeping_round()
    assert deletions(world) == 2
    assert not [row for row in world.rows() if "dueAt" in row]


def test_a_deletion_that_genlook_refuses_for_good_is_over(world: World) -> None:
    world.genlook.control.refuse("product_delete", 400, "VALIDATION_FAILED", times=None)
    delete(world)
    world.clock.advance(7200)
    world.housekeeping_round()
    assert deletions(world) == 1


def test_what_is_back_in_the_shop_is_not_deleted_any_more(world: World) -> None:
    world.genlook.control.refuse("product_delete", 503)
    delete(world)
    world.clock.advance(2)
    upsert(world, title="back again")
    world.clock.advance(120)
    world.housekeeping_round()
    assert deletions(world) == 1
    assert title(world) == "back again"
