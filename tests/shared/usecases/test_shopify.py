"""Shopify's privacy webhooks: the same commands, by the same use cases."""

from typing import Any

import pytest

from tests.support.scythe import Killed
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.clock import DAY
from tryon_worker.usecases import redact_shop

SHOP = "example.myshopify.com"
CUSTOMER = 191167
BUS = "aws.partner/shopify.com/1830279/example"
LATE = 600 + 3600 + 300
"""After so long nothing from before the request is under way any more."""


def webhook(
    world: World,
    topic: str,
    *,
    source: str = "shop.privacy",
    webhook_id: str | None = "hook-1",
    **payload: Any,
) -> None:
    headers = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": webhook_id}
    detail = {
        "metadata": {name: value for name, value in headers.items() if value},
        "payload": {"shop_id": 1, "shop_domain": SHOP, **payload},
    }
    world.wiring.take_erasure(world.event("shopifyWebhook", detail, source=source, id="event-1"))


def customer(world: World, topic: str, **arguments: Any) -> None:
    webhook(world, topic, **{"customer": {"id": CUSTOMER, "email": "a@b.example"}, **arguments})


def wait(world: World, seconds: float) -> None:
    end = world.clock.now() + seconds
    while world.clock.now() < end:
        world.clock.advance(min(900, end - world.clock.now()))
        world.housekeep()


def names(world: World) -> set[str]:
    """Whose rows or objects there are."""
    keys = [*world.objects(world.photo_bucket), *(str(row.get("key", "")) for row in world.rows())]
    return {key.split("/")[1] for key in keys if "/" in key}


# --- one customer


def test_a_customer_is_erased_by_their_number(world: World) -> None:
    world.ready_photo(shopper=str(CUSTOMER))
    world.ready_photo(shopper="19116")
    world.clock.advance(1)
    customer(world, "customers/redact", orders_to_redact=[1, 2])
    (said,) = world.events()
    assert (said["type"], said["requestId"]) == ("CustomerErased", "hook-1")
    assert said["erased"]["photos"] == 1
    assert names(world) == {"19116"}
    assert len(world.genlook.control.calls("customer_delete")) == 1


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


# --- everybody


def test_everybody_is_erased_whom_anything_names(world: World) -> None:
    """A photo at Genlook, one that nobody has seen yet, and a wish without a photo."""
    world.ready_photo(shopper="a")
    world.photo(shopper="b")
    world.accepted(externalUserId="c")
    world.run()
    world.events()
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.run()
    wait(world, LATE + 7200)
    said = world.events()
    kinds = [event["type"] for event in said]
    assert kinds.count("CustomerErased") == 3
    assert kinds[-1] == "ShopErased"
    assert (said[-1]["requestId"], said[-1]["shoppers"]) == ("hook-1", 3)
    assert {event["requestId"] for event in said if event["type"] == "CustomerErased"} == {"hook-1"}
    assert names(world) == set()
    assert not [row for row in world.rows() if row["sk"].startswith(("REQUEST#", "PHOTO#"))]
    wait(world, DAY)
    webhook(world, "shop/redact")
    world.run()
    assert world.events() == []


def test_the_shop_is_not_erased_before_its_last_shopper(world: World) -> None:
    """What lies here goes at once; while Genlook is down no walk finds the shopper any more."""
    world.ready_photo()
    world.clock.advance(1)
    world.genlook.control.refuse("customer_delete", 503, times=None)
    webhook(world, "shop/redact")
    world.run()
    wait(world, LATE + DAY)
    assert names(world) == set()
    assert world.events() == []
    world.genlook.control.disarm()
    wait(world, DAY)
    assert [said["type"] for said in world.events()] == ["CustomerErased", "ShopErased"]


def test_what_lay_in_a_queue_is_found_by_a_later_walk(world: World) -> None:
    late = world.event("TryOnRequested", world.wish())
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.wiring.take_in(late)
    wait(world, LATE + 7200)
    said = world.events()
    assert [event["type"] for event in said if event["type"] != "TryOnDeferred"] == [
        "TryOnFailed",
        "CustomerErased",
        "ShopErased",
    ]
    assert not [row for row in world.rows() if row["sk"].startswith("REQUEST#")]


def test_who_comes_after_it_is_left_alone(world: World) -> None:
    world.ready_photo(shopper="before")
    world.clock.advance(1)
    webhook(world, "shop/redact")
    world.clock.advance(1)
    world.ready_photo(shopper="after")
    wait(world, LATE + 7200)
    assert world.events("ShopErased")[0]["shoppers"] == 1
    assert names(world) == {"after"}


def test_pictures_without_a_row_go_too(world: World) -> None:
    key = f"results/{'a' * 40}/{'b' * 40}/picture.jpg"
    world.s3.put_object(Bucket=world.result_bucket, Key=key, Body=b"picture")
    webhook(world, "shop/redact")
    wait(world, LATE + 7200)
    assert world.objects(world.result_bucket) == []


def test_many_are_found_over_several_walks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each opens a few; batches of 100 are the least."""
    monkeypatch.setattr(redact_shop, "AT_ONCE", 100)
    for number in range(250):
        world.s3.put_object(Bucket=world.photo_bucket, Key=f"photos/s{number}/me.jpg", Body=b"x")
        world.put_at[f"photos/s{number}/me.jpg"] = int(world.clock.now())
    world.clock.advance(1)
    webhook(world, "shop/redact")
    (row,) = [row for row in world.rows() if row["sk"].startswith("REDACTION#")]
    assert row["shoppers"] == 100
    for _ in range(3):
        world.clock.advance(1)
        world.wiring.redact_shop.again(row["requestKey"])
    assert len([row for row in world.rows() if row["sk"].startswith("ERASURE#")]) == 250
    # No name is written down but where it is needed to erase.
    assert "photos/" not in str(world.rows())


@pytest.mark.parametrize("dies_after", range(1, 8))
def test_killed_at_any_call_it_loses_nobody(mortal: Any, dies_after: int) -> None:
    for shopper in ("a", "b"):
        mortal.ready_photo(shopper=shopper)
    mortal.clock.advance(1)
    process = mortal.new_process()
    process.redact_shop  # made before it is counted  # noqa: B018
    mortal.scythe.arm(dies_after)
    with pytest.raises(Killed):
        process.redact_shop("hook-1")
    mortal.__dict__["wiring"] = mortal.new_process()
    mortal.wiring.redact_shop("hook-1")  # the message comes again
    wait(mortal, LATE + 7200)
    said = [event["type"] for event in mortal.events()]
    assert said.count("CustomerErased") == 2
    assert said.count("ShopErased") == 1
    assert names(mortal) == set()


def test_what_nobody_foresaw_is_raised_and_leaves_the_request_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.wiring.bulk, "of_kinds", fail)
        with pytest.raises(OSError, match="no answer"):
            webhook(world, "shop/redact")
    world.clock.advance(LATE + 1)
    webhook(world, "shop/redact")
    assert [said["type"] for said in world.events()] == ["ShopErased"]


# --- who may, and which shop


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
