"""Rules for queues: nothing is lost, nothing is handed out twice for want of time."""

from collections.abc import Iterator

import pytest

from tests.template.stack import Properties, Stack, as_list, statements, target

FOURTEEN_DAYS = 14 * 24 * 60 * 60


def each_work_queue_has_a_dead_letter_queue(stack: Stack) -> Iterator[str]:
    """What fails for good lies where somebody sees it."""
    for name, queue in stack.work_queues.items():
        policy = queue.get("RedrivePolicy", {})
        if target(policy.get("deadLetterTargetArn")) != name.replace("Queue", "DeadLetterQueue"):
            yield f"{name} has no dead-letter queue of its own"
        if policy.get("maxReceiveCount", 0) < 3:
            yield f"{name} gives up after a hiccup"


@pytest.mark.promise("P4", "late-messages-have-no-effect")
def messages_live_for_14_days(stack: Stack) -> Iterator[str]:
    """The longest there is, for the work queues too: a dead message's age counts from the first."""
    for name, queue in stack.queues.items():
        if queue.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} does not keep messages for 14 days"


def visibility_is_six_times_the_timeout(stack: Stack) -> Iterator[str]:
    """AWS's own advice: less, and a batch that waits for a free worker is handed out twice."""
    for name, event in stack.queue_events().items():
        queue = target(event["Queue"]) or ""
        visibility = stack.queues.get(queue, {}).get("VisibilityTimeout", 30)
        if visibility < 6 * stack.functions[name]["Timeout"]:
            yield f"{queue} hands out again before {name} had its time"


def queues_are_encrypted(stack: Stack) -> Iterator[str]:
    """At rest."""
    for name, queue in stack.queues.items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"


def batches_are_answered_in_part(stack: Stack) -> Iterator[str]:
    """One bad message of ten must not bring back the other nine."""
    for name, event in stack.queue_events().items():
        if event.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} cannot fail a part of a batch"


@pytest.mark.promise("Waiting is not failing", "one-message-at-a-time")
def waiting_uses_up_no_receive(stack: Stack) -> Iterator[str]:
    """The try-on queue hands out one at a time to few workers: the others wait unreceived."""
    event = stack.queue_events().get("TryOnFunction", {})
    if event.get("BatchSize") != 1:
        yield "TryOnFunction takes more than one message at a time"
    for name, source in stack.queue_events().items():
        if not source.get("ScalingConfig", {}).get("MaximumConcurrency"):
            yield f"{name} takes as many messages as there are"


@pytest.mark.promise("Waiting is not failing", "no-loop-detection")
def who_feeds_itself_is_let(stack: Stack) -> Iterator[str]:
    """Lambda ends a chain of 16 calls of one function through a queue in its dead-letter queue."""
    for name, event in stack.queue_events().items():
        given = stack.functions[name]["Environment"]["Variables"]
        own = target(event["Queue"])
        sends = any(target(url) == own for key, url in given.items() if key != "OWN_QUEUE_URL")
        if sends and stack.functions[name].get("RecursiveLoop") != "Allow":
            yield f"{name} may not send to the queue that it reads as often as it has to"


def _policies_of(stack: Stack, queue: str) -> list[Properties]:
    """Return the queue's policies: SQS keeps one only, a second would replace the first."""
    policies = stack.of_type("AWS::SQS::QueuePolicy").values()
    return [p for p in policies if queue in map(target, p["Queues"])]


def each_queue_has_one_policy(stack: Stack) -> Iterator[str]:
    """A second one would silently replace the first."""
    for name in stack.queues:
        if len(_policies_of(stack, name)) != 1:
            yield f"{name} has not just one policy"


def _source_rules(stack: Stack, queue: str) -> set[str | None]:
    return {
        target(arn)
        for policy in _policies_of(stack, queue)
        for statement in statements(policy["PolicyDocument"])
        if statement["Effect"] == "Allow"
        for arn in as_list(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    }


def only_our_rules_send_to_a_queue(stack: Stack) -> Iterator[str]:
    """Just the rules whose target, or whose target's dead-letter queue, it is."""
    requested: dict[str, set[str | None]] = {name: set() for name in stack.queues}
    for name, rule in stack.rules.items():
        for aim in rule["Targets"]:
            for arn in (aim["Arn"], aim.get("DeadLetterConfig", {}).get("Arn")):
                requested.get(target(arn) or "", set()).add(name)
    for queue, rules in requested.items():
        if _source_rules(stack, queue) != rules:
            yield f"{queue} does not take just what its rules send"


RULES = (
    each_work_queue_has_a_dead_letter_queue,
    messages_live_for_14_days,
    visibility_is_six_times_the_timeout,
    queues_are_encrypted,
    batches_are_answered_in_part,
    waiting_uses_up_no_receive,
    who_feeds_itself_is_let,
    each_queue_has_one_policy,
    only_our_rules_send_to_a_queue,
)
