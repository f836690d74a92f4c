"""What we rely on of deployments where the engine alone would fail."""

import json
from typing import Any

from local.engine_process import Engine
from tests.support.functions import make_function, make_queue, unique, until


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
    assert until(lambda: _is_empty(engine, url))


def _is_empty(engine: Engine, url: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return not any(int(number) for number in found["Attributes"].values())


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
