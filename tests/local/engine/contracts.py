"""What we rely on where the engine alone would fail: one check a gap, named like its patch."""

import io
import json
import time
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.engine_process import Engine
from tests.support.functions import (
    invoke,
    make_function,
    make_machine,
    make_queue,
    receive,
    run_machine,
    unique,
    until,
)

RAISING = """
class NotReady(Exception):
    pass

calls = 0

def handler(event, context):
    global calls
    calls += 1
    if calls < 3:
        raise NotReady(f"call {calls}")
    return {"calls": calls}
"""


def _task(function: str, **settings: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {}},
        "End": True,
        **settings,
    }


def function_errors(engine: Engine) -> None:
    """An exception has its own name, a state machine can retry by it, the worker lives on."""
    name = make_function(engine, RAISING)
    error, body = invoke(engine, name)
    assert (error, body["errorType"], body["errorMessage"]) == ("Unhandled", "NotReady", "call 1")
    retry = [{"ErrorEquals": ["NotReady"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    ended = run_machine(engine, make_machine(engine, {"Call": _task(name, Retry=retry)}))
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["Payload"] == {"calls": 3}


def batch_answers(engine: Engine) -> None:
    """An answer that names an unknown message fails the batch: it ends in the dead letters."""
    dead_url, dead_arn = make_queue(engine)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, arn = make_queue(engine, VisibilityTimeout=1, RedrivePolicy=redrive)
    code = "def handler(event, context):\n"
    code += "    return {'batchItemFailures': [{'itemIdentifier': 'nobody'}]}\n"
    name = make_function(engine, code, Timeout=1)
    engine.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    assert until(lambda: receive(engine, dead_url), seconds=6) == ["kept"]


def machine_definition(engine: Engine) -> None:
    """A state machine that leads nowhere fails its deployment."""
    states = {"Go": {"Type": "Pass", "Next": "Nowhere"}}
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::000000000000:role/x",
            "DefinitionString": json.dumps({"StartAt": "Go", "States": states}),
        },
    }
    assert _deploy(engine, {"Machine": machine}) != "CREATE_COMPLETE"


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
    call = _task(name, Retry=[retry], Catch=[catch])
    machine = make_machine(engine, {"Call": call, "Caught": {"Type": "Pass", "End": True}})
    assert run_machine(engine, machine, seconds=5)["status"] == "SUCCEEDED"


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


def template_properties(engine: Engine) -> None:
    """A template's time to live and lifecycle, with its tags, are there after deployment."""
    table, bucket = unique("table"), unique("bucket")
    status = _deploy(engine, {"Table": _table(table), "Bucket": _bucket(bucket)})
    assert status == "CREATE_COMPLETE"
    described = engine.client("dynamodb").describe_time_to_live(TableName=table)
    assert described["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "ttl",
    }
    lifecycle = engine.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    found = {r["ID"]: (r["Expiration"]["Days"], r["Filter"]) for r in lifecycle["Rules"]}
    tag = {"Tag": {"Key": "keep-for-days", "Value": "1"}}
    assert found["all"][0] == 7
    assert found["tagged"] == (1, tag)


def event_sources(engine: Engine) -> None:
    """A concurrency that a template parameter gives, which is text, does not stop the polling."""
    url, arn = make_queue(engine)
    properties = {
        "FunctionName": make_function(engine, "def handler(event, context): return {}"),
        "EventSourceArn": arn,
        "BatchSize": 1,
        "ScalingConfig": {"MaximumConcurrency": "2"},
    }
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}
    assert _deploy(engine, {"Mapping": mapping}) == "CREATE_COMPLETE"
    client = engine.client("lambda")
    (made,) = client.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    assert made["ScalingConfig"] == {"MaximumConcurrency": 2}
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="read me")
    assert until(lambda: _is_empty(engine, url), seconds=5)


def redrive(engine: Engine) -> None:
    """What lies in a dead-letter queue can be sent back to where it came from."""
    dead_url, dead_arn = make_queue(engine)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, _ = make_queue(engine, RedrivePolicy=policy)
    client = engine.client("sqs")
    client.send_message(QueueUrl=dead_url, MessageBody="again")
    client.start_message_move_task(SourceArn=dead_arn)
    assert until(lambda: receive(engine, url)) == ["again"]
    moved = client.list_message_move_tasks(SourceArn=dead_arn)["Results"][0]
    assert moved["ApproximateNumberOfMessagesMoved"] == 1


def _is_empty(engine: Engine, url: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return not any(int(number) for number in found["Attributes"].values())


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
        "Call": _task(name, Catch=catch),
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


def _table(name: str) -> dict[str, Any]:
    properties = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def _bucket(name: str) -> dict[str, Any]:
    tags = [{"Key": "keep-for-days", "Value": "1"}]
    rules = [
        {"Id": "all", "Status": "Enabled", "ExpirationInDays": 7},
        {"Id": "tagged", "Status": "Enabled", "ExpirationInDays": 1, "TagFilters": tags},
    ]
    properties = {"BucketName": name, "LifecycleConfiguration": {"Rules": rules}}
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def _deploy(engine: Engine, resources: dict[str, Any]) -> str:
    client, name = engine.client("cloudformation"), unique("stack")
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))

    def ended() -> str | None:
        status = str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    return str(until(ended))


CARRIED = """
import os
import carried

def handler(event, context):
    return [carried.WORD, os.path.realpath(carried.__file__)]
"""


def _layer(engine: Engine, word: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("python/carried.py", f"WORD = {word!r}\n")
    made = engine.client("lambda").publish_layer_version(
        LayerName=unique("layer"), Content={"ZipFile": archive.getvalue()}
    )
    return str(made["LayerVersionArn"])


def layers(engine: Engine) -> None:
    """Workers of one layer read the same files, those of another its own."""
    one, other = _layer(engine, "one"), _layer(engine, "other")
    answers = [
        invoke(engine, make_function(engine, CARRIED, Layers=[layer]))[1]
        for layer in (one, one, other)
    ]
    assert [word for word, _ in answers] == ["one", "one", "other"]
    first, second, third = [file for _, file in answers]
    assert first == second != third
