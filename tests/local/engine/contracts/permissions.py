"""What we rely on of permissions where the engine alone would fail."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

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


def event_delivery(engine: Engine) -> None:
    """A rule reaches only targets that let it, and a function that fails ends in dead letters."""
    events, (silent_url, silent_arn) = engine.client("events"), make_queue(engine)
    dead_url, dead_arn = make_queue(engine)
    name = make_function(
        engine, "def handler(event, context): raise ValueError('x')", Role=_role(engine, dead_arn)
    )
    client, rule = engine.client("lambda"), unique("rule")
    client.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": dead_arn}},
    )
    function_arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    pattern = json.dumps({"source": [rule]})
    rule_arn = events.put_rule(Name=rule, EventPattern=pattern)["RuleArn"]
    targets = [{"Id": "queue", "Arn": silent_arn}, {"Id": "function", "Arn": function_arn}]
    events.put_targets(Rule=rule, Targets=targets)
    event = {"Source": rule, "DetailType": "trial", "Detail": "{}"}
    events.put_events(Entries=[event])
    time.sleep(0.5)
    assert (receive(engine, silent_url), receive(engine, dead_url)) == ([], [])
    client.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule_arn,
    )
    events.put_events(Entries=[event])
    letter = json.loads(until(lambda: receive(engine, dead_url))[0])
    assert letter["requestPayload"]["source"] == rule


def machine_role(engine: Engine) -> None:
    """A machine whose role may not call the function fails; one whose role may does not."""
    code = "def handler(event, context): return 1"
    name = make_function(engine, code, Role=_role(engine, "arn:nothing"))
    found = engine.client("lambda").get_function(FunctionName=name)["Configuration"]
    catch = [{"ErrorEquals": ["Lambda.AWSLambdaException"], "Next": "Refused"}]
    states = {
        "Call": lambda_task(name, Catch=catch),
        "Refused": {"Type": "Fail", "Error": "Refused"},
    }
    for resource, expected in ((found["FunctionArn"], "SUCCEEDED"), ("arn:nothing", "FAILED")):
        role = _role(engine, resource)
        assert run_machine(engine, make_machine(engine, states, role))["status"] == expected


def queue_permissions(engine: Engine) -> None:
    """``sqs:SendMessage`` is all that sending a batch asks for (AWS knows no SendMessageBatch)."""
    url, arn = make_queue(engine)
    iam, name = engine.client("iam"), unique("user")
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    iam.put_user_policy(UserName=name, PolicyName="send", PolicyDocument=_document(allowed))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    sender = engine.client(
        "sqs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    sender.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    assert receive(engine, url) == ["x"]
    with pytest.raises(ClientError):
        sender.purge_queue(QueueUrl=url)


def _role(engine: Engine, resource: str) -> str:
    """Make a role that may do anything with `resource` and nothing with anything else."""
    client, name = engine.client("iam"), unique("role")
    everybody = {"Effect": "Allow", "Principal": {"Service": "*"}, "Action": "sts:AssumeRole"}
    policy = {"Effect": "Allow", "Action": "*", "Resource": resource}
    made = client.create_role(RoleName=name, AssumeRolePolicyDocument=_document(everybody))
    client.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=_document(policy))
    return str(made["Role"]["Arn"])


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
