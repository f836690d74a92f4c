"""What we rely on of state machines where the engine alone would fail."""

import json

from local.engine_process import Engine
from tests.support.functions import (
    lambda_task,
    make_function,
    make_machine,
    make_queue,
    receive,
    run_machine,
    unique,
    until,
)


def machine_timeout(engine: Engine) -> None:
    """A machine's own timeout ends its execution, says so on the bus, and stays the end."""
    url, arn = make_queue(engine)
    machine = make_machine(
        engine, {"Slow": {"Type": "Wait", "Seconds": 3, "End": True}}, TimeoutSeconds=1
    )
    events = engine.client("events")
    wanted = {"stateMachineArn": [machine], "status": ["TIMED_OUT"]}
    pattern = {"source": ["aws.states"], "detail": wanted}
    rule = unique("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    assert run_machine(engine, machine)["status"] == "TIMED_OUT"
    event = json.loads(until(lambda: receive(engine, url))[0])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["detail"]["status"] == "TIMED_OUT"


def task_retries(engine: Engine) -> None:
    """A throttled function is caught by Lambda's name for it; a longest delay is kept."""
    name = make_function(engine, "def handler(event, context): return 1")
    engine.client("lambda").put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=0
    )
    errors = ["Lambda.TooManyRequestsException"]
    retry = {"ErrorEquals": errors, "IntervalSeconds": 30, "MaxDelaySeconds": 1, "MaxAttempts": 1}
    catch = {"ErrorEquals": errors, "Next": "Caught"}
    call = lambda_task(name, Retry=[retry], Catch=[catch])
    machine = make_machine(engine, {"Call": call, "Caught": {"Type": "Pass", "End": True}})
    assert run_machine(engine, machine, seconds=20)["status"] == "SUCCEEDED"


def same_execution(engine: Engine) -> None:
    """The same start again is the same execution; another input or an ended one is refused."""
    client = engine.client("stepfunctions")
    machine = make_machine(engine, {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}})

    def start(text: str) -> str:
        try:
            made = client.start_execution(stateMachineArn=machine, name="one", input=text)
        except client.exceptions.ExecutionAlreadyExists:
            return "refused"
        return str(made["executionArn"])

    first = start('{"n": 1}')
    assert [start('{"n": 1}'), start('{"n": 2}')] == [first, "refused"]
    until(lambda: client.describe_execution(executionArn=first)["status"] == "SUCCEEDED")
    assert start('{"n": 1}') == "refused"
