"""Rules for functions: what each of them has of its own, and what all of them have."""

import re
from collections.abc import Iterator

import pytest

from tests.template.stack import REPOSITORY, Stack, target

NAMES = {"Upload", "Intake", "TryOn", "Generation", "Erasure", "Housekeeping"}
TICK_SECONDS = 60


def the_six_functions_are_there(stack: Stack) -> Iterator[str]:
    """Under the names that everything else uses."""
    if set(stack.functions) != {f"{name}Function" for name in NAMES}:
        yield "the functions are not the six of the design"
    for name, function in stack.functions.items():
        folder = name.removesuffix("Function").lower()
        if (function.get("CodeUri"), function["Handler"]) != (
            f"functions/{folder}/",
            "handler.handler",
        ):
            yield f"{name} is not what lies in functions/{folder}"


@pytest.mark.promise("Nothing leaks", "one-role-a-function")
def each_has_a_role_of_its_own(stack: Stack) -> Iterator[str]:
    """A role that two share gives each of them the other's rights."""
    for name, function in stack.functions.items():
        if target(function.get("Role")) != name.replace("Function", "Role"):
            yield f"{name} has no role of its own"


@pytest.mark.promise("One retention", "logs-have-their-own-retention")
def each_has_a_log_group_with_an_end(stack: Stack) -> Iterator[str]:
    """Lambda would make one that keeps its logs for ever."""
    groups = stack.of_type("AWS::Logs::LogGroup")
    for name, function in stack.functions.items():
        group = target(function.get("LoggingConfig", {}).get("LogGroup"))
        if group != name.replace("Function", "LogGroup"):
            yield f"{name} has no log group of its own"
    for name, properties in groups.items():
        if target(properties.get("RetentionInDays")) != "LogRetentionDays":
            yield f"{name} keeps its logs for ever"


def all_run_alike(stack: Stack) -> Iterator[str]:
    """Runtime, processor and layer fit what the layer is built for."""
    for name, function in stack.functions.items():
        if function["Runtime"] != "python3.13" or function.get("Architectures") != ["arm64"]:
            yield f"{name} does not run on Python 3.13 and arm64"
        if [target(layer) for layer in function.get("Layers", [])] != ["SharedLayer"]:
            yield f"{name} has not the shared layer"
        if function.get("Tracing") != "Active":
            yield f"{name} is not traced"


def each_says_its_time_and_memory(stack: Stack) -> Iterator[str]:
    """Lambda's 3 seconds and 128 MB are for nobody here."""
    for name, function in stack.functions.items():
        if not function.get("Timeout") or not function.get("MemorySize"):
            yield f"{name} does not say its timeout or memory"
    housekeeping = stack.functions.get("HousekeepingFunction", {})
    if housekeeping.get("Timeout", TICK_SECONDS) >= TICK_SECONDS:
        yield "HousekeepingFunction can still run at its next tick"


def asynchronous_calls_end_somewhere(stack: Stack) -> Iterator[str]:
    """A function that EventBridge calls has a place for what it failed."""
    aims = {target(aim["Arn"]) for rule in stack.rules.values() for aim in rule["Targets"]}
    for name in stack.functions:
        config = stack.functions[name].get("EventInvokeConfig", {})
        failed = config.get("DestinationConfig", {}).get("OnFailure", {})
        if name in aims and target(failed.get("Destination")) not in stack.queues:
            yield f"{name} loses what it fails asynchronously"


def nothing_is_reserved(stack: Stack) -> Iterator[str]:
    """A new account has ten calls at once and must keep ten unreserved: it could not deploy."""
    for name, function in stack.functions.items():
        if "ReservedConcurrentExecutions" in function:
            yield f"{name} reserves concurrency"


@pytest.mark.promise("P5", "no-docker")
def each_is_built_by_make(stack: Stack) -> Iterator[str]:
    """Without Docker and without the runtime's own Python on the machine that builds."""
    for name, folder in [*((name, "functions") for name in stack.functions), ("SharedLayer", None)]:
        metadata = stack.resources[name].get("Metadata", {})
        if metadata.get("BuildMethod") != "makefile" or metadata.get("ContextPath") != folder:
            yield f"{name} is not built by make"
        makefile = (REPOSITORY / (folder or "shared") / "Makefile").read_text()
        if not re.search(rf"\bbuild-{name}\b.*:$", makefile.replace("\\\n", ""), re.MULTILINE):
            yield f"there is no target build-{name}"


RULES = (
    the_six_functions_are_there,
    each_has_a_role_of_its_own,
    each_has_a_log_group_with_an_end,
    all_run_alike,
    each_says_its_time_and_memory,
    asynchronous_calls_end_somewhere,
    nothing_is_reserved,
    each_is_built_by_make,
)
