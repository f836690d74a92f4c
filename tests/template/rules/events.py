"""Rules for what EventBridge does: it delivers or says so, and takes orders from few."""

from collections.abc import Iterator
from typing import Any

from tests.template.stack import Stack, target

INTAKE = {"TryOnRequested", "OrderPlaced", "ProductUpserted", "ProductDeleted"} | {
    "TryOnReviewed",
    "shopifyWebhook",
}
ERASURE = {"ErasureRequested", "DataRequested"}


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


def _kinds(rule: dict[str, Any], *, own_bus: bool) -> list[Any]:
    """Return what a rule takes of the stack's own bus, or of one that it shares."""
    kinds = rule.get("EventPattern", {}).get("detail-type", [])
    if isinstance(kinds, dict):
        _, own, shared = kinds["Fn::If"]
        return list(own if own_bus else shared)
    return list(kinds)


def _on_the_bus(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the rules of the bus of the shop's events."""
    bus = {"Fn::If": ["MakeEventBus", {"Ref": "EventBus"}, {"Ref": "EventBusName"}]}
    return {name: rule for name, rule in stack.rules.items() if rule.get("EventBusName") == bus}


def every_event_but_our_own_is_taken(stack: Stack) -> Iterator[str]:
    """From any source, for a refusal answers who may not ask; never from the worker itself."""
    for name, rule in _on_the_bus(stack).items():
        if rule["EventPattern"].get("source") != [{"anything-but": ["tryon.worker"]}]:
            yield f"{name} takes our own events, or not those of every source"
        if set(rule["EventPattern"]) != {"source", "detail-type"}:
            yield f"{name} overlooks events"


def each_event_reaches_one_queue(stack: Stack) -> Iterator[str]:
    """Of a shared bus our own types; of the stack's own bus also what is misspelt."""
    shared: dict[str | None, list[Any]] = {}
    own: dict[str | None, list[Any]] = {}
    for rule in _on_the_bus(stack).values():
        for aim in rule["Targets"]:
            shared.setdefault(target(aim["Arn"]), []).extend(_kinds(rule, own_bus=False))
            own.setdefault(target(aim["Arn"]), []).extend(_kinds(rule, own_bus=True))
    if {name: sorted(kinds) for name, kinds in shared.items()} != {
        "IntakeQueue": sorted(INTAKE),
        "ErasureQueue": sorted(ERASURE),
    }:
        yield f"of a shared bus {shared} is taken"
    others = own.pop("IntakeQueue", None)
    if own != {"ErasureQueue": shared["ErasureQueue"]} or others != [
        {"anything-but": shared["ErasureQueue"]}
    ]:
        yield "of the stack's own bus something is lost, or taken twice"


def webhooks_of_a_partner_bus_are_all_taken(stack: Stack) -> Iterator[str]:
    """The names of headers come in any case: no pattern can tell one topic from another."""
    rule = stack.rules.get("ShopifyRule", {})
    if rule.get("EventPattern") != {
        "source": [{"Ref": "ShopifyEventBusName"}],
        "detail-type": ["shopifyWebhook"],
    }:
        yield "Shopify's webhooks come from somebody else, or some are lost"
    if [target(aim["Arn"]) for aim in rule.get("Targets", [])] != ["IntakeQueue"]:
        yield "Shopify's webhooks do not reach intake"


def rules_listen_on_the_right_bus(stack: Stack) -> Iterator[str]:
    """S3, Step Functions and schedules know the default bus only; the rest is on ours."""
    bus = {"Fn::If": ["MakeEventBus", {"Ref": "EventBus"}, {"Ref": "EventBusName"}]}
    for name, rule in stack.rules.items():
        source = rule.get("EventPattern", {}).get("source", ["aws."])
        of_aws = isinstance(source, list) and str(source[0]).startswith("aws.")
        partner = {"Ref": "ShopifyEventBusName"} if name == "ShopifyRule" else None
        if rule.get("EventBusName") != (None if of_aws else partner or bus):
            yield f"{name} listens on the wrong bus"


def every_object_of_the_photo_bucket_is_seen(stack: Stack) -> Iterator[str]:
    """S3 tells of our bucket alone, and of each key: one beside photos/ is refused."""
    patterns = [rule.get("EventPattern", {}) for rule in stack.rules.values()]
    details = [p["detail"] for p in patterns if p.get("source") == ["aws.s3"]]
    if details != [{"bucket": {"name": [{"Ref": "PhotoBucket"}]}}]:
        yield "not just new objects of the photo bucket are taken, or not all"


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
    every_event_but_our_own_is_taken,
    each_event_reaches_one_queue,
    webhooks_of_a_partner_bus_are_all_taken,
    rules_listen_on_the_right_bus,
    every_object_of_the_photo_bucket_is_seen,
    lambda_lets_the_rule_in,
)
