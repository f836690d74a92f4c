"""Shopify's privacy webhooks: who may send them, for which shop, and whom a customer's is about."""

from typing import Any

import pytest

from tests.support.erasing import finish
from tests.support.shopify import SHOP, names, webhook
from tests.support.world import World
from tests.support.worlds import MakeWorld

CUSTOMER = 191167
BUS = "aws.partner/shopify.com/1830279/example"


def customer(world: World, topic: str, **arguments: Any) -> None:
    webhook(world, topic, **{"customer": {"id": CUSTOMER, "email": "a@b.example"}, **arguments})


def test_a_customer_is_erased_by_their_number(world: World) -> None:
    world.ready_photo(shopper=str(CUSTOMER))
    world.ready_photo(shopper="19116")
    world.clock.advance(1)
    customer(world, "customers/redact", orders_to_redact=[1, 2])
    finish(world)
    (said,) = world.events()
    assert (said["type"], said["requestId"]) == ("CustomerErased", "hook-1")
    assert said["erased"]["photos"] == 1
    assert names(world) == {"19116"}
    assert {call["operation"] for call in world.genlook.control.calls("customer_delete")}


def test_a_webhook_that_comes_again_does_nothing(world: World) -> None:
    for _ in range(2):
        customer(world, "customers/redact")
    assert len(world.events()) == 1


def test_without_a_webhooks_id_the_events_own_counts(world: World) -> None:
    customer(world, "customers/redact", webhook_id=None)
    (said,) = world.events()
    assert said["requestId"] == "event-1"


def test_a_question_is_answered_under_the_merchants_number(world: World) -> None:
    world.ready_photo(shopper=str(CUSTOMER))
    customer(world, "customers/data_request", data_request={"id": 9999})
    (said,) = world.events()
    assert (said["type"], said["requestId"]) == ("DataReported", "9999")
    assert said["held"]["photos"] == 1
    assert world.genlook.control.calls("customer_delete") == []


def test_a_question_without_a_number_is_answered_too(world: World) -> None:
    customer(world, "customers/data_request")
    (said,) = world.events()
    assert (said["type"], said["requestId"]) == ("DataReported", "hook-1")


@pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
@pytest.mark.parametrize("source", ["shop", BUS])
def test_untrusted_sources_ask_in_vain(world: World, topic: str, source: str) -> None:
    customer(world, topic, source=source)
    (said,) = world.events()
    assert (said["type"], said["reason"]) == ("RequestRefused", "SOURCE_NOT_TRUSTED")
    assert world.rows() == []


@pytest.mark.parametrize(
    ("source", "domain", "topic", "reason"),
    [
        ("shop.privacy", "", "shop/redact", None),
        ("shop.privacy", "Example.MyShopify.com", "shop/redact", None),
        ("shop.privacy", "other.myshopify.com", "shop/redact", "SHOP_NOT_OURS"),
        ("shop.privacy", "other.myshopify.com", "customers/redact", "SHOP_NOT_OURS"),
        (BUS, "other.myshopify.com", "customers/data_request", "SHOP_NOT_OURS"),
        (BUS, SHOP, "shop/redact", None),
        (BUS, SHOP, "customers/redact", None),
        (BUS, "", "customers/redact", None),
        # A partner bus carries what is meant for every shop that has the app.
        (BUS, "", "shop/redact", "SHOP_UNKNOWN"),
    ],
)
def test_only_our_own_shop_is_meant(
    make_world: MakeWorld, source: str, domain: str, topic: str, reason: str | None
) -> None:
    world = make_world(shop_domain=domain, trusted_sources=f"shop.privacy,{BUS}")
    customer(world, topic, source=source)
    refused = [said["reason"] for said in world.events("RequestRefused")]
    assert refused == ([reason] if reason else [])
    assert bool(world.rows()) == (reason is None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer": {"email": "a@b.example"}}, "payload.customer.id"),
        ({"customer": None}, "payload.customer"),
        ({"customer": {"id": True}}, "payload.customer.id"),
        ({"customer": {"id": 1.5}}, "payload.customer.id"),
        ({"shop_domain": None}, "payload.shop_domain"),
    ],
)
def test_what_names_nobody_is_refused_by_its_field(
    world: World, change: dict[str, Any], field: str
) -> None:
    customer(world, "customers/redact", **change)
    (said,) = world.events()
    assert (said["type"], said["reason"], said["field"]) == ("RequestRefused", "INVALID", field)
    assert "b.example" not in str(said)


def test_another_topic_is_refused(world: World) -> None:
    customer(world, "orders/create")
    (said,) = world.events()
    assert (said["reason"], said["field"]) == ("INVALID", "metadata.X-Shopify-Topic")
