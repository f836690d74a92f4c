"""The request rows: once erased they do not come back, by whatever write."""

import pytest

from tests.support.world import World
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, delete
from tryon_worker.events.schemas import RequestedProduct, TryOnRequest
from tryon_worker.tryons.details import StoredRequest, TryOnDetails

WISH = TryOnRequest(
    external_user_id="shopper-7",
    product=RequestedProduct(external_id="tee-1"),
    context={"any": ["json", 1.5, None]},
)


@pytest.fixture
def details(world: World) -> TryOnDetails:
    details = world.container.details
    world.container.table.write(details.acceptance("s", "t", WISH, requested_at=5))
    return details


def test_a_wish_comes_back_as_it_was(details: TryOnDetails) -> None:
    assert details.get("s", "t") == WISH
    assert details.get("s", "another") is None
    assert details.get("another", "t") is None


def test_genlooks_words_are_kept_beside_it(world: World, details: TryOnDetails) -> None:
    assert details.stored("s", "t") == StoredRequest(WISH)
    world.container.table.write(details.note("s", "t", message="No person was found."))
    assert details.stored("s", "t") == StoredRequest(WISH, "No person was found.")
    assert details.stored("s", "another") is None


def test_what_waits_for_a_photo_is_found(world: World, details: TryOnDetails) -> None:
    assert details.waiting_for_photo("s") == []
    world.container.table.write(details.deferral_note("s", "t"))
    assert details.waiting_for_photo("s") == ["t"]


def test_what_is_gone_is_not_brought_back(world: World, details: TryOnDetails) -> None:
    world.container.table.write(delete(keys.request("s", "t")))
    details.retain("s", "t", until=9)
    for write in (details.note("s", "t", message="words"), details.deferral_note("s", "t")):
        with pytest.raises(ConditionFailed):
            world.container.table.write(write)
    assert details.get("s", "t") is None
    assert world.container.table.get(keys.request("s", "t")) is None


@pytest.mark.promise("Rows that hold no names", "personal-details-have-an-end")
def test_retention_is_set_when_it_begins(world: World, details: TryOnDetails) -> None:
    row = world.container.table.get(keys.request("s", "t")) or {}
    assert "ttl" not in row
    details.retain("s", "t", until=9)
    row = world.container.table.get(keys.request("s", "t")) or {}
    assert row["ttl"] == 9
