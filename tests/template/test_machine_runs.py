"""The machine itself, run by the embedded engine with a function that answers as told."""

import json
from typing import Any

import pytest

from local.engine_process import Engine
from tests.support.functions import ROLE, make_function, unique, until
from tests.template.stack import MACHINE

# Answers by tryOnId; the calls are kept in the function's own process and handed out on request.
FUNCTION = """
calls = []

class RetryLater(Exception):
    pass

def handler(event, context):
    if event.get("action") is None:
        return calls
    calls.append(event)
    looks = len([call for call in calls if call["action"] == "poll"])
    kind = event["tryOnId"]
    if event["action"] == "publish":
        return {"published": True}
    if kind == "later" and looks == 1:
        raise RetryLater("Genlook cannot be reached")
    if kind == "broken":
        raise ValueError("a fault")
    state = {"odd": "PERHAPS"}.get(kind, "DECIDED" if looks >= 3 else "RUNNING")
    return {**{k: event[k] for k in ("tryOnId", "generationId")}, "state": state, "waitSeconds": 0}
"""


def _run(engine: Engine, try_on_id: str) -> tuple[Any, list[Any]]:
    """Run one execution and return how it ended, and what the function was called with."""
    function = make_function(engine, FUNCTION)
    client = engine.client("stepfunctions")
    machine = client.create_state_machine(
        name=unique("wait"),
        definition=MACHINE.read_text().replace("${GenerationFunctionArn}", function),
        roleArn=ROLE,
    )["stateMachineArn"]
    wished = {"tryOnId": try_on_id, "generationId": "cm8gen456xyz", "waitSeconds": 0}
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps(wished))["executionArn"]

    def ended() -> Any:
        found = client.describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    end = until(ended, seconds=30)
    answer = engine.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    return end, json.loads(answer["Payload"].read())


def _actions(calls: list[Any]) -> list[str]:
    return [call["action"] for call in calls]


@pytest.mark.promise("The machine knows nobody", "machine-calls-one-function")
@pytest.mark.promise("Polls are planned, not ticked", "machine-waits-as-told")
def test_it_looks_until_it_is_decided_and_then_publishes(engine: Engine) -> None:
    end, calls = _run(engine, "plain")
    assert end["status"] == "SUCCEEDED"
    assert _actions(calls) == ["poll", "poll", "poll", "publish"]
    assert calls[2] == {"action": "poll", "tryOnId": "plain", "generationId": "cm8gen456xyz"}
    assert calls[3] == {"action": "publish", "tryOnId": "plain"}
    assert json.loads(end["output"]) == {}


def test_what_the_function_calls_worth_it_is_repeated(engine: Engine) -> None:
    end, calls = _run(engine, "later")
    assert end["status"] == "SUCCEEDED"
    assert _actions(calls) == ["poll", "poll", "poll", "publish"]


@pytest.mark.parametrize("fault", ["broken", "odd"])
def test_a_fault_ends_it_without_publishing(engine: Engine, fault: str) -> None:
    end, calls = _run(engine, fault)
    assert (end["status"], end["error"]) == ("FAILED", "NotSettled")
    assert _actions(calls) == ["poll"]
