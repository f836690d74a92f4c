"""The template's rules take the samples they are for, and no others, as EventBridge sees it."""

import json
from typing import Any

import pytest

from local.engine_process import Engine
from tests.events.catalogue import sample, samples, schema_name
from tests.template.stack import load

PARTNER_BUS = "aws.partner/shopify.com/1830279/example"
PARAMETERS = {
    "TrustedSources": ["tryon.operator", "shop.privacy"],
    "ShopifyEventBusName": PARTNER_BUS,
}
PRIVACY = ("ErasureRequested", "DataRequested", "shopifyWebhook")


def pattern(rule: str) -> str:
    """A rule's pattern with the parameters filled in."""
    found = load().rules[rule]["EventPattern"]

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return PARAMETERS[value["Ref"]] if "Ref" in value else _each(value)
        return [fill(one) for one in value] if isinstance(value, list) else value

    def _each(value: dict[str, Any]) -> dict[str, Any]:
        return {name: fill(inner) for name, inner in value.items()}

    return json.dumps(fill(found))


def reserve(engine: Engine, rule: str, event: dict[str, Any]) -> bool:
    answer = engine.client("events").test_event_pattern(
        EventPattern=pattern(rule), Event=json.dumps(event)
    )
    return bool(answer["Result"])


@pytest.mark.parametrize("name", samples("incoming"))
@pytest.mark.parametrize("source", ["shop.privacy", "shop.storefront", PARTNER_BUS])
def test_what_reaches_the_erasure_queue(engine: Engine, name: str, source: str) -> None:
    event = {**sample(name), "source": source}
    taken = {
        rule
        for rule in ("ErasureRule", "ForwardedWebhookRule", "ShopifyRule")
        if reserve(engine, rule, event)
    }
    kind = event.get("detail-type")
    requested = {
        ("shop.privacy", "ErasureRequested"): {"ErasureRule"},
        ("shop.privacy", "DataRequested"): {"ErasureRule"},
        ("shop.privacy", "shopifyWebhook"): {"ForwardedWebhookRule"},
        (PARTNER_BUS, "shopifyWebhook"): {"ShopifyRule"},
    }
    assert taken == requested.get((source, str(kind)), set())


@pytest.mark.parametrize("source", ["shop.privacy", PARTNER_BUS])
def test_other_topics_of_shopify_do_not(engine: Engine, source: str) -> None:
    event = {**sample("incoming/shopifyWebhook.shop-redact"), "source": source}
    event["detail"]["metadata"]["X-Shopify-Topic"] = "orders/create"
    assert not reserve(engine, "ForwardedWebhookRule", event)
    assert not reserve(engine, "ShopifyRule", event)


@pytest.mark.parametrize("name", [n for n in samples("incoming") if schema_name(n) in PRIVACY])
def test_intake_gets_none_of_it(engine: Engine, name: str) -> None:
    event = {**sample(name), "source": "shop.privacy"}
    assert not reserve(engine, "ShopEventsRule", event)
    assert not reserve(engine, "OperatorRule", event)
