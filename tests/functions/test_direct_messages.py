"""The time of an event is at most its message's, and stays so when the message is driven back."""

import json
from typing import Any

import pytest

from tests.support.handlers import SENT_AT, Function
from tests.support.world import PHOTOS, SHOPPER, World
from tryon_worker.clock import iso

TRYON, ERASURE, INTAKE, UPLOAD = "tryon", "erasure", "intake", "upload"


@pytest.fixture
def take(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Function]:
    names = (TRYON, ERASURE, INTAKE, UPLOAD)
    return {name: Function(name, name, world, monkeypatch) for name in names}


def ahead(world: World, detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
    """An event of a producer whose clock is two hours ahead."""
    event = world.event(detail_type, detail, source="shop")
    return {**event.in_envelope(), "time": iso(event.time + 7200)}


def erase(world: World, take: dict[str, Function]) -> None:
    """Erases the shopper a minute later, and lets another minute pass."""
    world.clock.advance(60)
    take[ERASURE].sent_at = int(world.clock.now())
    assert take[ERASURE]({"externalUserId": SHOPPER, "requestId": "forget"}) == []
    world.clock.advance(60)
    assert [event["type"] for event in world.events()] == ["CustomerErased"]


REQUESTS: dict[str, dict[str, Any]] = {
    "TryOnRequested": {"externalUserId": SHOPPER, "product": {"externalId": "tee-1"}},
    "OrderPlaced": {
        "externalUserId": SHOPPER,
        "orderId": "o-1",
        "items": [{"productExternalId": "tee-1"}],
    },
    "ProductUpserted": {
        "externalId": "tee-1",
        "title": "Tee",
        "updatedAt": "2027-01-15T07:00:00Z",
        "tryOnFor": [SHOPPER],
    },
}


@pytest.mark.parametrize("detail_type", REQUESTS)
def test_a_clock_that_is_ahead_carries_no_request_past_an_erasure(
    world: World, take: dict[str, Function], detail_type: str
) -> None:
    """Its message waited in the queue while its shopper was erased."""
    event = ahead(world, detail_type, REQUESTS[detail_type])
    erase(world, take)
    assert take[INTAKE](event) == []
    assert [said["reason"] for said in world.events("RequestRefused")] == ["CUSTOMER_ERASED"]
    assert not [row for row in world.rows() if row["sk"].startswith("DETAILS#")]


@pytest.mark.parametrize("detail_type", REQUESTS)
def test_nor_when_its_message_is_driven_back(
    world: World, take: dict[str, Function], detail_type: str
) -> None:
    event = ahead(world, detail_type, REQUESTS[detail_type])
    assert take[INTAKE](event, receives=2) == []
    (kept,) = world.messages(INTAKE)
    assert kept == {**event, "time": iso(SENT_AT)}
    erase(world, take)
    take[INTAKE].sent_at = int(world.clock.now())  # the redrive's own
    assert take[INTAKE](kept, receives=2) == []
    assert [said["reason"] for said in world.events("RequestRefused")] == ["CUSTOMER_ERASED"]
    assert world.messages(INTAKE) == []


def test_the_parts_of_an_event_keep_the_time_that_was_cut(
    world: World, take: dict[str, Function]
) -> None:
    shoppers = [f"s-{number}" for number in range(60)]
    detail = {**REQUESTS["ProductUpserted"], "tryOnFor": shoppers}
    assert take[INTAKE](ahead(world, "ProductUpserted", detail)) == []
    world.clock.advance(60)
    take[INTAKE].sent_at = int(world.clock.now())
    parts = world.messages(INTAKE)
    assert [part["time"] for part in parts] == [iso(SENT_AT)] * 2
    assert take[INTAKE](*parts, receives=2) == []
    assert {row["requestedAt"] for row in world.rows() if row["sk"] == "LEDGER"} == {SENT_AT}
    assert len(world.try_on_ids()) == 60


def test_a_part_whose_time_is_cut_stays_that_part(world: World, take: dict[str, Function]) -> None:
    detail = {**REQUESTS["ProductUpserted"], "tryOnFor": ["guest"]}
    part = {**ahead(world, "ProductUpserted", detail), "part": 50}
    assert take[INTAKE](part, receives=2) == []
    (kept,) = world.messages(INTAKE)
    assert take[INTAKE](kept, receives=2) == []
    (refused,) = world.events("RequestRefused")
    assert refused["field"] == "tryOnFor.50"


def test_a_photo_is_no_younger_than_the_message_about_it(
    world: World, take: dict[str, Function]
) -> None:
    key = f"photos/{SHOPPER}/me.jpg"
    world.s3.put_object(
        Bucket=world.photo_bucket, Key=key, Body=(PHOTOS / "shopper.jpg").read_bytes()
    )
    event = {
        "time": iso(SENT_AT + 7200),
        "detail": {"object": {"key": key, "sequencer": "01", "size": 9}},
    }
    assert take[UPLOAD](event) == []
    (photo,) = world.container.photos.of_shopper(world.container.pseudonymizer.shopper_key(SHOPPER))
    assert photo.taken_at == SENT_AT


def died(world: World, function: Function, queue: str, body: object) -> object:
    """What lies in the queue once a message of this body came again: it is as dead as alive."""
    assert function(body, receives=2) == []
    assert world.rows() == [], "the first delivery was to do the work, the next ones keep it"
    (kept,) = world.messages(queue)
    return json.loads(json.dumps(kept))


@pytest.mark.promise("P4", "late-messages-have-no-effect")
def test_a_wish_that_is_driven_back_after_an_erasure_is_refused(
    world: World, take: dict[str, Function]
) -> None:
    dead = died(world, take[TRYON], TRYON, world.request("r-1"))
    world.clock.advance(60)
    assert take[ERASURE]({"externalUserId": "shopper-7", "requestId": "forget"}) == []
    world.events()
    assert take[TRYON](dead) == []
    (refused,) = world.events()
    assert (refused["type"], refused["reason"]) == ("RequestRefused", "CUSTOMER_ERASED")
    assert world.try_on_ids() == []


def test_a_wish_that_came_again_is_accepted_once(world: World, take: dict[str, Function]) -> None:
    dead = died(world, take[TRYON], TRYON, world.request("r-1"))
    assert take[TRYON](world.request("r-1"), dead, dead) == []
    (try_on_id,) = world.try_on_ids()
    assert world.try_on(try_on_id).requested_at == SENT_AT


def test_an_erasure_that_is_driven_back_twice_is_one_request(
    world: World, take: dict[str, Function]
) -> None:
    """Without a request's id it is the message's, which is new after each redrive."""
    dead = died(world, take[ERASURE], ERASURE, {"externalUserId": "shopper-7"})
    assert take[ERASURE](dead) == []
    world.clock.advance(60)
    world.ready_photo(taken_at=world.clock.now())
    assert take[ERASURE](dead) == []
    assert world.container.photos.of_shopper(world.container.pseudonymizer.shopper_key("shopper-7"))
    assert world.events("CustomerErased") == []
