"""The template's rules take the samples they are for, and no others, as EventBridge sees it."""

import json
from copy import deepcopy
from typing import Any

import pytest

from local.engine_process import Engine
from tests.events.catalogue import sample, samples, schema_name
from tests.template.stack import load

PARTNER_BUS = "aws.partner/shopify.com/1830279/example"
TO_ERASURE = ("ErasureRequested", "DataRequested")
INCOMING = [name for name in samples("incoming") if "detail-type" in sample(name)]
FROM_SHOP = [name for name in INCOMING if not sample(name)["source"].startswith("aws.")]


def pattern(rule: str, *, own_bus: bool = True) -> str:
    """A rule's pattern on the stack's own bus, or on one that it shares."""
    found = deepcopy(load().rules[rule]["EventPattern"])
    kinds = found["detail-type"]
    if isinstance(kinds, dict):
        found["detail-type"] = kinds["Fn::If"][1 if own_bus else 2]
    if rule == "ShopifyRule":
        found["source"] = [PARTNER_BUS]
    return json.dumps(found)


def takes(engine: Engine, rule: str, event: dict[str, Any], *, own_bus: bool = True) -> bool:
    answer = engine.client("events").test_event_pattern(
        EventPattern=pattern(rule, own_bus=own_bus), Event=json.dumps(event)
    )
    return bool(answer["Result"])


def taken_by(engine: Engine, event: dict[str, Any], *, own_bus: bool = True) -> list[str]:
    rules = ("ShopEventsRule", "ErasureRule")
    return [rule for rule in rules if takes(engine, rule, event, own_bus=own_bus)]


@pytest.mark.parametrize("own_bus", [True, False])
@pytest.mark.parametrize("source", ["shop.privacy", "shop.storefront"])
@pytest.mark.parametrize("name", FROM_SHOP)
def test_each_event_reaches_one_queue_from_any_source(
    engine: Engine, name: str, source: str, own_bus: bool
) -> None:
    event = {**sample(name), "source": source}
    wanted = "ErasureRule" if schema_name(name) in TO_ERASURE else "ShopEventsRule"
    assert taken_by(engine, event, own_bus=own_bus) == [wanted]


@pytest.mark.parametrize("own_bus", [True, False])
@pytest.mark.parametrize("name", samples("outgoing"))
def test_our_own_events_never_come_back_in(engine: Engine, name: str, own_bus: bool) -> None:
    assert taken_by(engine, sample(name), own_bus=own_bus) == []


@pytest.mark.parametrize("kind", ["TryonRequested", "ErasureRequest", "orders/create"])
def test_an_unknown_type_is_taken_from_the_stacks_own_bus_alone(engine: Engine, kind: str) -> None:
    event = {**sample("incoming/TryOnRequested"), "detail-type": kind}
    assert taken_by(engine, event) == ["ShopEventsRule"]
    assert taken_by(engine, event, own_bus=False) == []


@pytest.mark.parametrize("header", ["X-Shopify-Topic", "x-shopify-topic", "X-SHOPIFY-TOPIC"])
def test_a_webhook_is_taken_whatever_the_case_of_its_headers(engine: Engine, header: str) -> None:
    event = {**sample("incoming/shopifyWebhook.shop-redact"), "source": PARTNER_BUS}
    event["detail"]["metadata"] = {header: "shop/redact"}
    assert takes(engine, "ShopifyRule", event)
    assert not takes(engine, "ShopifyRule", {**event, "source": f"{PARTNER_BUS}/other"})
