"""Rules for the names and numbers that others build on."""

import re
from collections.abc import Iterator

import pytest

from tests.template.stack import Stack, target

OUTPUTS = {
    "PhotoBucketName": "PhotoBucket",
    "ResultBucketName": "ResultBucket",
    "EventBusName": None,
    "UploadQueueUrl": "UploadQueue",
    "IntakeQueueUrl": "IntakeQueue",
    "TryOnQueueUrl": "TryOnQueue",
    "TryOnDeadLetterQueueUrl": "TryOnDeadLetterQueue",
    "ErasureQueueUrl": "ErasureQueue",
    "StateMachineArn": "TryOnStateMachine",
    "TableName": "Table",
    "GenlookSecretArn": "GenlookSecret",
}
DEFAULTS = {
    "GenlookBaseUrl": "https://api.genlook.app/tryon/v1",
    "KeepForDays": 7,
    "RequestsPerMinute": 100,
    "TryOnDeadlineSeconds": 600,
    "LateMarginSeconds": 3600,
    "PhotoWaitSeconds": 86400,
    "MaxTryOnsPerDay": 2000,
    "MaxTryOnsPerShopperPerDay": 50,
    "ProductImageBuckets": "",
    "TrustedSources": "tryon.operator,shop.privacy",
    "EventBusName": "",
    "ShopifyEventBusName": "",
    "ShopDomain": "",
    "AlarmEmail": "",
    "LogRetentionDays": 30,
}
NUMBERS = re.compile(
    r"^\s+(Timeout|MemorySize|VisibilityTimeout|maxReceiveCount|MessageRetentionPeriod|BatchSize"
    r"|MaximumEventAgeInSeconds|MaximumRetryAttempts|PasswordLength|MaxReceiveCount"
    r"|MaximumAge|Threshold|Default): [1-9]",
)
EVENTS_OF_A_LOOK = 9
LONGEST_HISTORY = 25_000


def the_outputs_are_the_agreed_ones(stack: Stack) -> Iterator[str]:
    """Neither more nor fewer, and each says what its name says."""
    outputs = stack.template["Outputs"]
    if set(outputs) != set(OUTPUTS):
        yield f"other outputs: {set(outputs) ^ set(OUTPUTS)}"
    for name, resource in OUTPUTS.items():
        if resource and target(outputs.get(name, {}).get("Value")) != resource:
            yield f"{name} is not of {resource}"


@pytest.mark.promise("One retention", "logs-have-their-own-retention")
def the_parameters_are_the_agreed_ones(stack: Stack) -> Iterator[str]:
    """With the agreed defaults: a deployment needs to say nothing."""
    parameters = stack.template["Parameters"]
    for name, default in DEFAULTS.items():
        if parameters.get(name, {}).get("Default") != default:
            yield f"{name} has not its default {default!r}"
    for name, parameter in parameters.items():
        if "Default" not in parameter or not parameter.get("Description"):
            yield f"{name} has no default or no description"


def each_number_has_its_reason(stack: Stack) -> Iterator[str]:
    """In a comment beside it."""
    for number, line in enumerate(stack.text.splitlines(), start=1):
        if NUMBERS.match(line) and "#" not in line:
            yield f"line {number} gives no reason for its number: {line.strip()}"


def a_deadline_fits_into_the_history(stack: Stack) -> Iterator[str]:
    """At a look every two seconds, the fastest there is, an execution's history has an end."""
    longest = stack.template["Parameters"]["TryOnDeadlineSeconds"].get("MaxValue", 10**9)
    if longest / 2 * EVENTS_OF_A_LOOK > LONGEST_HISTORY:
        yield "TryOnDeadlineSeconds can be longer than an execution's history"


@pytest.mark.promise("Nothing leaks", "key-is-read-at-run-time")
def no_output_or_environment_holds_a_secret(stack: Stack) -> Iterator[str]:
    """Functions are told where a secret lies, never what it is."""
    template = stack.template
    shown = f"{template['Outputs']} {template['Globals']} {stack.functions}"
    if "resolve:secretsmanager" in stack.text or "SecretString" in shown:
        yield "a secret's value is handed around"


RULES = (
    the_outputs_are_the_agreed_ones,
    the_parameters_are_the_agreed_ones,
    each_number_has_its_reason,
    a_deadline_fits_into_the_history,
    no_output_or_environment_holds_a_secret,
)
