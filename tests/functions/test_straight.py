"""Messages put straight on a queue: what dies and is driven back keeps its first id and time."""

import json

import pytest

from tests.support.handlers import SENT_AT, Function
from tests.support.world import World

TRYON, ERASURE = "tryon", "erasure"


@pytest.fixture
def take(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Function]:
    return {name: Function(name, name, world, monkeypatch) for name in (TRYON, ERASURE)}


def died(world: World, function: Function, queue: str, body: object) -> object:
    """What lies in the queue once a message of this body came again: it is as dead as alive."""
    assert function(body, receives=2) == []
    assert world.rows() == [], "the first delivery was to do the work, the next ones keep it"
    (kept,) = world.messages(queue)
    return json.loads(json.dumps(kept))


def test_a_wish_that_is_driven_back_after_an_erasure_is_refused(
    world: World, take: dict[str, Function]
) -> None:
    dead = died(world, take[TRYON], TRYON, world.wish("r-1"))
    world.clock.advance(60)
    assert take[ERASURE]({"externalUserId": "shopper-7", "requestId": "forget"}) == []
    world.events()
    assert take[TRYON](dead) == []
    (refused,) = world.events()
    assert (refused["type"], refused["reason"]) == ("RequestRefused", "CUSTOMER_ERASED")
    assert world.try_on_ids() == []


def test_a_wish_that_came_again_is_accepted_once(world: World, take: dict[str, Function]) -> None:
    dead = died(world, take[TRYON], TRYON, world.wish("r-1"))
    assert take[TRYON](world.wish("r-1"), dead, dead) == []
    (try_on_id,) = world.try_on_ids()
    assert world.entry(try_on_id).wished_at == SENT_AT


def test_an_erasure_that_is_driven_back_twice_is_one_request(
    world: World, take: dict[str, Function]
) -> None:
    """Without a request's id it is the message's, which is new after each redrive."""
    dead = died(world, take[ERASURE], ERASURE, {"externalUserId": "shopper-7"})
    assert take[ERASURE](dead) == []
    world.clock.advance(60)
    world.ready_photo(taken_at=world.clock.now())
    assert take[ERASURE](dead) == []
    assert world.wiring.photos.of_shopper(world.wiring.identities.shopper_key("shopper-7"))
    assert world.events("CustomerErased") == []
