"""The request rows: once erased they do not come back, by whatever write."""

import pytest

from tests.support.world import World
from tryon_worker.store import keys
from tryon_worker.store.requests import Details, Requests
from tryon_worker.store.table import ConditionFailed, delete
from tryon_worker.wishes import Wish, WishedProduct

WISH = Wish(
    external_user_id="shopper-7",
    product=WishedProduct(external_id="tee-1"),
    context={"any": ["json", 1.5, None]},
)


@pytest.fixture
def requests(world: World) -> Requests:
    requests = world.wiring.requests
    world.wiring.table.write(requests.acceptance("s", "t", WISH, wished_at=5))
    return requests


def test_a_wish_comes_back_as_it_was(requests: Requests) -> None:
    assert requests.get("s", "t") == WISH
    assert requests.get("s", "another") is None
    assert requests.get("another", "t") is None


def test_genlooks_words_are_kept_beside_it(world: World, requests: Requests) -> None:
    assert requests.details("s", "t") == Details(WISH)
    world.wiring.table.write(requests.note("s", "t", message="No person was found."))
    assert requests.details("s", "t") == Details(WISH, "No person was found.")
    assert requests.details("s", "another") is None


def test_what_waits_for_a_photo_is_found(world: World, requests: Requests) -> None:
    assert requests.waiting_for_photo("s") == []
    world.wiring.table.write(requests.deferral("s", "t"))
    assert requests.waiting_for_photo("s") == ["t"]


def test_what_is_gone_is_not_brought_back(world: World, requests: Requests) -> None:
    world.wiring.table.write(delete(keys.request("s", "t")))
    requests.retain("s", "t", until=9)
    for write in (requests.note("s", "t", message="words"), requests.deferral("s", "t")):
        with pytest.raises(ConditionFailed):
            world.wiring.table.write(write)
    assert requests.get("s", "t") is None
    assert world.wiring.table.get(keys.request("s", "t")) is None


@pytest.mark.promise("Rows that hold no names", "personal-details-have-an-end")
def test_retention_is_set_when_it_begins(world: World, requests: Requests) -> None:
    row = world.wiring.table.get(keys.request("s", "t")) or {}
    assert "ttl" not in row
    requests.retain("s", "t", until=9)
    row = world.wiring.table.get(keys.request("s", "t")) or {}
    assert row["ttl"] == 9
