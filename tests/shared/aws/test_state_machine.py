"""Executions, on a real Step Functions interface: one a generation, and nothing personal in it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.engine_process import Engine
from tests.support.functions import make_machine
from tryon_worker.aws.state_machine import StateMachine

TRY_ON = "5f3c1d0a9b8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a"


@pytest.fixture
def machine(engine: Engine) -> Iterator[tuple[Any, str]]:
    client = engine.client("stepfunctions")
    arn = make_machine(engine, {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}})
    yield client, arn
    for execution in client.list_executions(stateMachineArn=arn)["executions"]:
        if execution["status"] == "RUNNING":
            client.stop_execution(executionArn=execution["executionArn"])


@pytest.mark.promise("Save, then start", "execution-name-is-derived")
def test_one_is_started_once_a_generation(machine: tuple[Any, str]) -> None:
    client, arn = machine
    state_machine = StateMachine(client, arn)
    assert state_machine.running(TRY_ON, "cm1") is None
    state_machine.start(TRY_ON, "cm1", 8)
    state_machine.start(TRY_ON, "cm1", 8)
    assert state_machine.running(TRY_ON, "cm1") is True
    assert state_machine.running(TRY_ON, "cm-adopted") is None
    state_machine.start(TRY_ON, "cm-adopted", 8)
    assert len(client.list_executions(stateMachineArn=arn)["executions"]) == 2


def test_one_that_ended_is_known_and_not_started_again(machine: tuple[Any, str]) -> None:
    client, arn = machine
    state_machine = StateMachine(client, arn)
    state_machine.start(TRY_ON, "cm1", 8)
    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    client.stop_execution(executionArn=execution["executionArn"])
    assert state_machine.running(TRY_ON, "cm1") is False
    assert state_machine.start(TRY_ON, "cm1", 8) is False
    assert len(client.list_executions(stateMachineArn=arn)["executions"]) == 1


@pytest.mark.promise("The machine knows nobody", "executions-carry-ids-only")
def test_its_input_knows_ids_and_seconds_alone(machine: tuple[Any, str]) -> None:
    client, arn = machine
    StateMachine(client, arn).start(TRY_ON, "cm1", 8)
    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    said = client.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(said["input"]) == {
        "tryOnId": TRY_ON,
        "generationId": "cm1",
        "waitSeconds": 8,
    }


@pytest.mark.promise("Save, then start", "execution-name-is-derived")
def test_its_name_fits_and_leads_back_to_the_try_on() -> None:
    name = StateMachine.name(TRY_ON, "g" * 500)
    assert len(name) <= 80
    assert name.partition("-")[0] == TRY_ON
    assert name != StateMachine.name(TRY_ON, "another")
