"""Rules for the state machine: it always ends, repeats only what is safe, and knows nobody."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.stack import Stack, target

TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
# Step Functions keeps each input for 90 days and nothing can delete it.
MAY_BE_KNOWN = {"action", "tryOnId", "generationId", "state", "waitSeconds"}
CATCH_ALL = {"States.ALL", "States.TaskFailed"}


def _tasks(stack: Stack) -> dict[str, Any]:
    return {n: s for n, s in stack.machine["States"].items() if s["Type"] == "Task"}


def the_machine_has_an_end(stack: Stack) -> Iterator[str]:
    """A limit for all of it; without one an execution lives for a year."""
    if not 0 < stack.machine.get("TimeoutSeconds", 0) <= 24 * 60 * 60:
        yield "the machine has no limit of at most a day"


def each_task_has_an_end(stack: Stack) -> Iterator[str]:
    """A little more than its function's own, which is the one that says what happened."""
    limit = stack.functions["GenerationFunction"]["Timeout"]
    for name, task in _tasks(stack).items():
        if not limit < task.get("TimeoutSeconds", 0) <= 2 * limit:
            yield f"{name} has no timeout, or one that does not fit its function's"


def each_task_repeats_what_is_transient(stack: Stack) -> Iterator[str]:
    """Lambda's own errors, and what the function itself calls worth it, by name."""
    for name, task in _tasks(stack).items():
        errors = {error for retry in task.get("Retry", []) for error in retry["ErrorEquals"]}
        if not errors >= TRANSIENT | {"RetryLater"}:
            yield f"{name} gives up on what is transient"


def no_task_repeats_just_anything(stack: Stack) -> Iterator[str]:
    """What has no name is a fault, and repeating a fault hides it."""
    for name, task in _tasks(stack).items():
        errors = {error for retry in task.get("Retry", []) for error in retry["ErrorEquals"]}
        if errors & CATCH_ALL:
            yield f"{name} repeats whatever happened"


def a_failed_task_is_caught(stack: Stack) -> Iterator[str]:
    """And ends the execution as failed, which causes the status event that settles it."""
    states = stack.machine["States"]
    for name, task in _tasks(stack).items():
        for catch in task.get("Catch", [{"Next": "nowhere"}]):
            if states.get(catch["Next"], {}).get("Type") != "Fail":
                yield f"{name} does not end in a failure"


@pytest.mark.promise("The machine knows nobody", "machine-calls-one-function")
def the_machine_calls_one_function(stack: Stack) -> Iterator[str]:
    """No other service, so no paid call either."""
    for name, task in _tasks(stack).items():
        called = task["Resource"], task["Arguments"]["FunctionName"]
        if called != ("arn:aws:states:::lambda:invoke", "${GenerationFunctionArn}"):
            yield f"{name} calls something else"


@pytest.mark.promise("The machine knows nobody", "executions-carry-ids-only")
def the_machine_knows_nobody(stack: Stack) -> Iterator[str]:
    """Ids, seconds and states only."""
    for name, task in _tasks(stack).items():
        if not set(task["Arguments"]["Payload"]) <= MAY_BE_KNOWN:
            yield f"{name} is told more than it may know"


@pytest.mark.promise("Polls are planned, not ticked", "machine-waits-as-told")
def the_wait_takes_its_seconds_from_the_last_look(stack: Stack) -> Iterator[str]:
    """Polls are planned, not ticked."""
    waits = [s for s in stack.machine["States"].values() if s["Type"] == "Wait"]
    if [wait.get("Seconds") for wait in waits] != ["{% $states.input.waitSeconds %}"]:
        yield "the machine ticks"


def each_way_leads_somewhere(stack: Stack) -> Iterator[str]:
    """No transition into nothing, and no state that is never reached."""
    states = stack.machine["States"]
    reached = {stack.machine["StartAt"]}
    for state in states.values():
        ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
        reached |= {way["Next"] for way in ways if "Next" in way} | {state.get("Default")} - {None}
    if reached != set(states):
        yield f"some states are missing or never reached: {reached ^ set(states)}"


@pytest.mark.promise("The machine knows nobody", "log-has-no-execution-data")
def its_logs_hold_no_data(stack: Stack) -> Iterator[str]:
    """Traced and logged, without what it was told."""
    (machine,) = stack.of_type("AWS::Serverless::StateMachine").values()
    if machine.get("Logging", {}).get("IncludeExecutionData") is not False:
        yield "the machine logs its data"
    if machine.get("Tracing") != {"Enabled": True} or machine.get("Type") != "STANDARD":
        yield "the machine is not traced, or not a standard one"
    if target(machine.get("Role")) != "StateMachineRole":
        yield "the machine has no role of its own"


RULES = (
    the_machine_has_an_end,
    each_task_has_an_end,
    each_task_repeats_what_is_transient,
    no_task_repeats_just_anything,
    a_failed_task_is_caught,
    the_machine_calls_one_function,
    the_machine_knows_nobody,
    the_wait_takes_its_seconds_from_the_last_look,
    each_way_leads_somewhere,
    its_logs_hold_no_data,
)
