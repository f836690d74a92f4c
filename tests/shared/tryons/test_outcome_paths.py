"""Ids that name nobody, or many, are refused at each door, with an event that says so."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.erasing import finish
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.events.envelope import InboundEvent

NOBODY = ["", " ", "\t\n", " 7", "7 ", "\u00a0", "\u3000", "\u200b", "7\u200b", "\x00", "x" * 257]
MANY = ["anonymous", "Anonymous", "GUEST", "guest", "null", "undefined", "None", "0", "-1", ".."]
LOOKALIKE = ["\uff47\uff55\uff45\uff53\uff54", "\uff2e\uff35\uff2c\uff2c"]  # full-width

OutcomePublisher = Callable[[World, str], None]


def _event(detail_type: str, source: str, **fields: Any) -> OutcomePublisher:
    def enter(world: World, shopper: str) -> None:
        detail = {"externalUserId": shopper, **fields}
        event = world.event(detail_type, detail, source=source)
        privacy = detail_type in {"ErasureRequested", "DataRequested"}
        (world.container.route_privacy_request if privacy else world.container.route_event)(event)

    return enter


def _catalogue(world: World, shopper: str) -> None:
    detail = {"externalId": "tee-1", "title": "Tee", "updatedAt": "2027-01-01T00:00:00Z"}
    world.container.route_event(world.event("ProductUpserted", {**detail, "tryOnFor": [shopper]}))


def _webhook(topic: str) -> OutcomePublisher:
    def enter(world: World, shopper: str) -> None:
        payload = {"shop_domain": "example.myshopify.com", "customer": {"id": shopper}}
        detail = {"metadata": {"X-Shopify-Topic": topic}, "payload": payload}
        world.container.route_privacy_request(
            world.event("shopifyWebhook", detail, source="shop.privacy")
        )

    return enter


def _straight(detail_type: str) -> OutcomePublisher:
    def enter(world: World, shopper: str) -> None:
        body = {"externalUserId": shopper, "requestId": "r", "product": {"externalId": "tee-1"}}
        event = InboundEvent.direct(world.message(body), detail_type)
        erasure = detail_type == "ErasureRequested"
        (world.container.route_privacy_request if erasure else world.container.route_event)(event)

    return enter


DOORS: dict[str, OutcomePublisher] = {
    "bus: a request": _event("TryOnRequested", "shop", product={"externalId": "tee-1"}),
    "bus: an order": _event(
        "OrderPlaced", "shop", orderId="1", items=[{"productExternalId": "tee-1"}]
    ),
    "bus: a bulk": _catalogue,
    "bus: an erasure": _event("ErasureRequested", "shop.privacy"),
    "bus: a question": _event("DataRequested", "shop.privacy"),
    "bus: Shopify's redaction": _webhook("customers/redact"),
    "bus: Shopify's question": _webhook("customers/data_request"),
    "queue: a request": _straight("TryOnRequested"),
    "queue: an erasure": _straight("ErasureRequested"),
}


@pytest.mark.promise("Erasure", "shared-ids-are-refused")
@pytest.mark.parametrize("shopper", [*NOBODY, *MANY, *LOOKALIKE], ids=ascii)
@pytest.mark.parametrize("outcomes", DOORS)
def test_it_is_refused(world: World, outcomes: str, shopper: str) -> None:
    DOORS[outcomes](world, shopper)
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("RequestRefused", "INVALID")
    assert said["field"] in {"externalUserId", "tryOnFor.0", "payload.customer.id"}
    # The product of a bulk is one all the same.
    assert [row for row in world.rows() if not row["pk"].startswith("PRODUCT#")] == []
    assert world.genlook.control.calls() == []


@pytest.mark.promise("Erasure", "shared-ids-are-refused")
@pytest.mark.parametrize("shopper", [*NOBODY, *MANY, *LOOKALIKE], ids=ascii)
def test_a_photo_of_nobody_or_many_is_deleted_and_said_to_be(world: World, shopper: str) -> None:
    segment = quote(shopper, safe="")
    if not segment.strip(".") and segment:
        segment = shopper  # dots need no encoding
    arrival = world.photo(shopper=segment)
    world.container.receive_photo(arrival)
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("PhotoRejected", "BAD_KEY")
    assert set(said) == {"type", "schemaVersion", "occurredAt", "reason", "message"}
    assert world.objects(world.photo_bucket) == []
    assert world.rows() == []
    assert world.genlook.control.calls() == []


@pytest.mark.parametrize("shopper", ["7", "guest-7", "o'neil (7)", "名無し", "a/b"])
def test_whoever_names_one_shopper_gets_in(make_world: MakeWorld, shopper: str) -> None:
    world = make_world()
    for outcomes, enter in DOORS.items():
        enter(world, shopper)
        assert world.events("RequestRefused") == [], outcomes
        finish(world)  # what is asked while an erasure is open waits for its end
