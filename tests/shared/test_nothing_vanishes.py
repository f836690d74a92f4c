"""Every event that is addressed to the worker is carried out or answered."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.events.catalogue import sample, samples
from tests.shared.test_metrics import counted
from tests.support.intake import refusal_publisher
from tests.support.shopify import webhook
from tests.support.world import SHOPPER, World

REFUSED = ("PrivacyRequestsRefused", 1.0)
Counted = Callable[[], list[tuple[str, float]]]


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Counted:
    return lambda: counted(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("TryonRequested", "TryOnRequested"),
        ("TryOnRequest", "TryOnRequested"),
        ("orderPlaced", "OrderPlaced"),
        ("ProductUpdated", "ProductUpserted"),
        ("ErasureRequest", "ErasureRequested"),
    ],
)
def test_a_misspelt_type_is_refused_with_what_was_meant(
    world: World, kind: str, meant: str
) -> None:
    world.container.route_event(world.event(kind, {"externalUserId": SHOPPER}))
    (said,) = world.events()
    assert (said["reason"], said["eventType"]) == ("UNKNOWN_TYPE", kind)
    assert said["message"].endswith(f": did you mean {meant}?")


def test_a_type_like_none_of_ours_is_refused_too(world: World) -> None:
    world.container.route_event(world.event("carts/update", {}))
    (said,) = world.events()
    assert said["message"] == "is not one that this stack takes"


@pytest.mark.parametrize("kind", ["ErasureRequest", "DataRequest", "erasureRequested"])
def test_a_misspelt_privacy_request_alarms(world: World, metrics: Counted, kind: str) -> None:
    world.container.route_event(world.event(kind, {}))
    assert REFUSED in metrics()


def test_another_misspelt_event_does_not(world: World, metrics: Counted) -> None:
    world.container.route_event(world.event("TryonRequested", {}))
    assert metrics() == [("RequestsRefused", 1.0)]


@pytest.mark.parametrize("kind", [None, "shop.forwarded"])
@pytest.mark.parametrize("name", samples("outgoing"))
def test_an_event_of_ours_that_somebody_passes_on_is_not_answered(
    world: World, name: str, kind: str | None
) -> None:
    """The answer would be passed on as well, without an end."""
    ours = sample(name)
    event = world.event(kind or ours["detail-type"], ours["detail"], source="shop.forwarder")
    world.container.route_event(event)
    assert world.events() == []


@pytest.mark.parametrize("kind", ["ErasureRequested", "DataRequested"])
def test_a_privacy_request_that_is_not_trusted_is_refused_and_alarms(
    world: World, metrics: Counted, kind: str
) -> None:
    event = world.event(kind, {"externalUserId": SHOPPER, "requestId": "e-1"})
    world.container.route_privacy_request(event)
    (said,) = world.events()
    assert (said["reason"], said["requestId"]) == ("SOURCE_NOT_TRUSTED", "e-1")
    assert said["problems"][0]["value"] == event.source
    assert REFUSED in metrics()
    assert world.rows() == []


def test_a_review_that_is_not_trusted_is_refused_before_it_is_read(world: World) -> None:
    world.container.route_event(world.event("TryOnReviewed", {}))
    assert refusal_publisher(world) == [("SOURCE_NOT_TRUSTED", "source")]


@pytest.mark.parametrize("customer", [None, {}, {"id": None}, {"email": "a@b.example"}, {"id": 0}])
def test_a_redaction_without_a_customers_id_is_refused_and_alarms(
    world: World, metrics: Counted, customer: Any
) -> None:
    webhook(world, "customers/redact", customer=customer)
    (said,) = world.events()
    assert said["reason"] == "INVALID"
    assert "a@b.example" not in str(said)
    assert REFUSED in metrics()
    assert world.rows() == []


def test_a_redaction_of_another_shop_alarms_nobody(make_world: Any, metrics: Counted) -> None:
    """A partner bus carries those of every shop that has the app."""
    world = make_world(shop_domain="other.myshopify.com")
    webhook(world, "customers/redact", customer={"id": 7})
    assert refusal_publisher(world) == [("SHOP_NOT_OURS", "payload.shop_domain")]
    assert REFUSED not in metrics()


@pytest.mark.parametrize("header", ["X-Shopify-Topic", "x-shopify-topic", "X-SHOPIFY-TOPIC"])
@pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
def test_intake_sends_a_privacy_webhook_on_as_it_came(
    world: World, topic: str, header: str
) -> None:
    detail = {"metadata": {header: topic}, "payload": {"customer": {"id": 7}}}
    event = world.event("shopifyWebhook", detail, source="shop.privacy")
    world.container.route_event(event)
    assert world.messages("erasure") == [event.in_envelope()]
    assert world.events() == []


@pytest.mark.parametrize("metadata", [None, {}, {"X-Shopify-Topic": 7}, {"topic": "shop/redact"}])
def test_a_webhook_without_a_topic_is_refused(world: World, metadata: Any) -> None:
    event = world.event("shopifyWebhook", {"metadata": metadata, "payload": {}})
    world.container.route_event(event)
    assert refusal_publisher(world) == [("UNKNOWN_TOPIC", "metadata.X-Shopify-Topic")]


def test_a_misspelt_topic_is_refused_and_alarms(world: World, metrics: Counted) -> None:
    detail = {"metadata": {"X-Shopify-Topic": "customer/redact"}, "payload": {}}
    world.container.route_event(world.event("shopifyWebhook", detail))
    (said,) = world.events()
    assert said["message"].endswith("did you mean customers/redact?")
    assert REFUSED in metrics()
