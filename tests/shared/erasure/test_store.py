"""Each clause of each write of an erasure's row."""

from dataclasses import replace

import pytest

from tests.support.tables import Stores
from tryon_worker.erasure.store import CLOCK_SECONDS, Erasure

NOW = 1_000_000


def opened(stores: Stores, request: str = "r", now: int = NOW) -> Erasure:
    return stores.erasures.open(
        "shopper", request, request_id=f"request {request}", external_user_id="7", now=now
    )


def kept(stores: Stores, request: str = "r") -> Erasure:
    erasure = stores.erasures.get("shopper", request)
    assert erasure is not None
    return erasure


@pytest.mark.promise("Erasure", "tombstone-is-set-once")
def test_a_repeat_finds_what_is_there_and_sets_no_second_tombstone(stores: Stores) -> None:
    first = opened(stores)
    assert opened(stores, now=NOW + 50) == first
    assert stores.shoppers.get("shopper").erased_at == NOW + CLOCK_SECONDS


def test_another_request_moves_the_tombstone_on(stores: Stores) -> None:
    opened(stores)
    opened(stores, "s", NOW + 50)
    shopper = stores.shoppers.get("shopper")
    assert shopper.erased_at == NOW + 50 + CLOCK_SECONDS
    assert shopper.erasing == {"r", "s"}


def test_a_clock_that_is_behind_does_not_move_it_back(stores: Stores) -> None:
    opened(stores)
    assert opened(stores, "s", NOW - 50).erased_at == NOW + CLOCK_SECONDS
    assert stores.shoppers.get("shopper").erased_at == NOW + CLOCK_SECONDS


def test_one_worker_at_a_time_has_it(stores: Stores) -> None:
    erasure = opened(stores)
    assert stores.erasures.claim(erasure, now=NOW, lease_until=NOW + 360)
    assert stores.erasures.claim(erasure, now=NOW + 360, lease_until=NOW + 700) is None
    assert stores.erasures.claim(erasure, now=NOW + 361, lease_until=NOW + 721)


def test_it_is_free_again_when_it_was_left(stores: Stores) -> None:
    erasure = opened(stores)
    stores.erasures.claim(erasure, now=NOW, lease_until=NOW + 360)
    stores.erasures.release(erasure, due_at=NOW + 30, tries=2)
    row = stores.table.get(erasure.key) or {}
    assert (row["dueAt"], kept(stores).tries) == (NOW + 30, 2)
    assert stores.erasures.claim(erasure, now=NOW, lease_until=NOW + 360)


def test_what_is_in_flight_only_ever_lasts_longer_and_is_the_shoppers(stores: Stores) -> None:
    """It serves every open request: a sweep of one takes the traces away that another would see."""
    stores.shoppers.extend_in_flight("shopper", NOW + 50)
    stores.shoppers.extend_in_flight("shopper", NOW + 10)
    assert stores.shoppers.get("shopper").in_flight_until == NOW + 50


def test_closing_forgets_the_id_and_lets_the_shopper_go_on(stores: Stores) -> None:
    erasure = opened(stores)
    other = opened(stores, "s")
    closed = stores.erasures.close(erasure, now=NOW + 5)
    assert (closed.closed_at, closed.external_user_id) == (NOW + 5, None)
    assert stores.shoppers.get("shopper").erasing == {"s"}
    stores.erasures.close(other, now=NOW + 6)
    assert stores.shoppers.get("shopper").erasing == frozenset()
    assert stores.shoppers.get("shopper").erased_at == NOW + CLOCK_SECONDS


def test_what_is_closed_stays_as_it_was_announced(stores: Stores) -> None:
    erasure = opened(stores)
    stores.erasures.count(erasure, photos=2, results=1, try_ons=1)
    closed = stores.erasures.close(erasure, now=NOW + 5)
    assert (closed.photos, closed.results, closed.try_ons) == (2, 1, 1)
    assert stores.erasures.close(erasure, now=NOW + 9) == closed
    stores.erasures.count(erasure, photos=1, results=1, try_ons=1)
    stores.erasures.release(erasure, due_at=NOW + 900, tries=1)
    assert stores.erasures.claim(erasure, now=NOW + 900, lease_until=NOW + 999) is None
    assert kept(stores) == closed


@pytest.mark.promise("Erasure", "second-sweep-before-customer-erased")
def test_it_is_announced_only_when_it_is_closed_and_then_waits_for_nothing(stores: Stores) -> None:
    erasure = opened(stores)
    stores.erasures.mark_published(erasure)
    assert not kept(stores).published
    stores.erasures.close(erasure, now=NOW + 5)
    stores.erasures.mark_published(erasure)
    assert kept(stores) == replace(
        erasure, request_id="", external_user_id=None, closed_at=NOW + 5, published=True
    )
    row = stores.table.get(erasure.key) or {}
    assert {"dueAt", "dueShard", "leaseUntil", "externalUserId"}.isdisjoint(row)


def test_a_repeat_of_a_closed_request_finds_it_closed(stores: Stores) -> None:
    stores.erasures.close(opened(stores), now=NOW + 5)
    assert opened(stores, now=NOW + 50).closed_at == NOW + 5
    assert stores.shoppers.get("shopper").erased_at == NOW + CLOCK_SECONDS
    assert stores.shoppers.get("shopper").erasing == frozenset()
