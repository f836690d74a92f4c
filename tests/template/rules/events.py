"""Rules for what EventBridge does: it delivers or says so, and takes orders from few."""

from collections.abc import Iterator

import pytest

from tests.template.stack import Stack, target

FROM_ANYBODY = {"TryOnRequested", "OrderPlaced", "ProductUpserted", "ProductDeleted"}
FROM_TRUSTED = {"ErasureRequested": "ErasureQueue", "DataRequested": "ErasureQueue"} | {
    "TryOnReviewed": "IntakeQueue"
}
PRIVACY_TOPICS = ["customers/redact", "shop/redact", "customers/data_request"]


def each_target_retries_and_ends_somewhere(stack: Stack) -> Iterator[str]:
    """What cannot be delivered lies in a dead-letter queue."""
    for name, rule in stack.rules.items():
        for aim in rule["Targets"]:
            if not aim.get("RetryPolicy"):
                yield f"{name} does not say how long it tries"
            if target(aim.get("DeadLetterConfig", {}).get("Arn")) not in stack.queues:
                yield f"{name} loses what it cannot deliver"


def the_whole_event_arrives(stack: Stack) -> Iterator[str]:
    """Its id, source and time are needed: no transformer on the way to a queue."""
    for name, rule in stack.rules.items():
        for aim in rule["Targets"]:
            changed = {"Input", "InputPath", "InputTransformer"} & set(aim)
            if changed and "EventPattern" in rule:
                yield f"{name} changes the event"


def _routes(stack: Stack) -> Iterator[tuple[str, object, str | None]]:
    """Yield detail-type, accepted sources and target of each rule on the bus."""
    for rule in stack.rules.values():
        pattern = rule.get("EventPattern", {})
        for kind in pattern.get("detail-type", []):
            for aim in rule["Targets"]:
                yield kind, pattern.get("source"), target(aim["Arn"])


def wishes_come_from_anybody_else(stack: Stack) -> Iterator[str]:
    """From any source, but never from the worker itself."""
    found = {kind: (source, aim) for kind, source, aim in _routes(stack)}
    for kind in FROM_ANYBODY:
        if found.get(kind) != ([{"anything-but": ["tryon.worker"]}], "IntakeQueue"):
            yield f"{kind} does not reach intake as it should"


@pytest.mark.promise("Erasure", "only-trusted-sources-may-erase")
def what_is_dangerous_comes_from_trusted_sources(stack: Stack) -> Iterator[str]:
    """Else anybody who can put an event could erase people or spend credits."""
    for kind, queue in FROM_TRUSTED.items():
        routes = [(source, aim) for found, source, aim in _routes(stack) if found == kind]
        if routes != [({"Ref": "TrustedSources"}, queue)]:
            yield f"{kind} does not come from trusted sources alone"


def webhooks_of_shopify_come_from_whom_the_shop_names(stack: Stack) -> Iterator[str]:
    """Forwarded by a trusted source, or on the one partner bus; and of privacy alone."""
    requested = {"ForwardedWebhookRule": {"Ref": "TrustedSources"}} | {
        "ShopifyRule": [{"Ref": "ShopifyEventBusName"}]
    }
    rules = {
        name: rule
        for name, rule in stack.rules.items()
        if rule.get("EventPattern", {}).get("detail-type") == ["shopifyWebhook"]
        and target(rule["Targets"][0]["Arn"]) == "ErasureQueue"
    }
    if {name: rule["EventPattern"].get("source") for name, rule in rules.items()} != requested:
        yield "Shopify's webhooks come from somebody else"
    for name, rule in rules.items():
        topics = rule["EventPattern"].get("detail", {}).get("metadata", {})
        if topics != {"X-Shopify-Topic": PRIVACY_TOPICS}:
            yield f"{name} takes other topics"


def rules_listen_on_the_right_bus(stack: Stack) -> Iterator[str]:
    """S3, Step Functions and schedules know the default bus only; the rest is on ours."""
    bus = {"Fn::If": ["MakeEventBus", {"Ref": "EventBus"}, {"Ref": "EventBusName"}]}
    for name, rule in stack.rules.items():
        source = rule.get("EventPattern", {}).get("source", ["aws."])
        of_aws = isinstance(source, list) and str(source[0]).startswith("aws.")
        partner = {"Ref": "ShopifyEventBusName"} if name == "ShopifyRule" else None
        if rule.get("EventBusName") != (None if of_aws else partner or bus):
            yield f"{name} listens on the wrong bus"


def only_the_photos_of_shoppers_are_taken(stack: Stack) -> Iterator[str]:
    """S3 tells of our bucket alone, and below the prefix alone."""
    patterns = [rule.get("EventPattern", {}) for rule in stack.rules.values()]
    details = [p["detail"] for p in patterns if p.get("source") == ["aws.s3"]]
    ours = {
        "bucket": {"name": [{"Ref": "PhotoBucket"}]},
        "object": {"key": [{"prefix": "photos/"}]},
    }
    if details != [ours]:
        yield "not just new photos of shoppers are taken"


def lambda_lets_the_rule_in(stack: Stack) -> Iterator[str]:
    """A rule that calls a function needs the function's leave, for this rule alone."""
    leave = {
        (target(p["FunctionName"]), target(p.get("SourceArn")))
        for p in stack.of_type("AWS::Lambda::Permission").values()
    }
    calls = {
        (target(aim["Arn"]), name)
        for name, rule in stack.rules.items()
        for aim in rule["Targets"]
        if target(aim["Arn"]) in stack.functions
    }
    if leave != calls:
        yield f"the calls of rules, {calls}, are not those that are allowed, {leave}"


RULES = (
    each_target_retries_and_ends_somewhere,
    the_whole_event_arrives,
    wishes_come_from_anybody_else,
    what_is_dangerous_comes_from_trusted_sources,
    webhooks_of_shopify_come_from_whom_the_shop_names,
    rules_listen_on_the_right_bus,
    only_the_photos_of_shoppers_are_taken,
    lambda_lets_the_rule_in,
)
