"""What the design relies on and the engine does by itself: red here means that a bump broke it."""

import json
import time
from typing import Any

import pytest

from local.engine_process import Engine
from tests.support.functions import make_function, make_queue, receive, unique, until

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


@pytest.fixture(scope="module")
def table(engine: Engine) -> Any:
    due = [
        {"AttributeName": "dueShard", "KeyType": "HASH"},
        {"AttributeName": "dueAt", "KeyType": "RANGE"},
    ]
    kinds = {"pk": "S", "sk": "S", "dueShard": "S", "dueAt": "N"}
    return engine.resource("dynamodb").create_table(
        TableName=unique("table"),
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in kinds.items()],
        KeySchema=KEYS,
        GlobalSecondaryIndexes=[
            {"IndexName": "due", "KeySchema": due, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
    )


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": "x"}}


def _nobody_erased(table: Any, name: str) -> dict[str, Any]:
    return {
        "TableName": table.name,
        "Key": _key(name),
        "ConditionExpression": "attribute_not_exists(erasedAt)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_transaction_refused_by_a_check_says_which_and_shows_the_row(
    engine: Engine, table: Any
) -> None:
    client = engine.client("dynamodb")
    table.put_item(Item={"pk": "erased", "sk": "x", "erasedAt": 5})
    put = {"Put": {"TableName": table.name, "Item": _key("late")}}
    check = {"ConditionCheck": _nobody_erased(table, "erased")}
    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(TransactItems=[put, check])
    reasons = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["erasedAt"] == {"N": "5"}
    assert "Item" not in table.get_item(Key={"pk": "late", "sk": "x"})


def test_a_transaction_whose_checks_hold_writes_everything(engine: Engine, table: Any) -> None:
    put = {"Put": {"TableName": table.name, "Item": _key("written")}}
    check = {"ConditionCheck": _nobody_erased(table, "somebody")}
    engine.client("dynamodb").transact_write_items(TransactItems=[put, check])
    assert "Item" in table.get_item(Key={"pk": "written", "sk": "x"})


def test_a_refused_update_shows_the_row_that_refused_it(engine: Engine, table: Any) -> None:
    client = engine.client("dynamodb")
    table.put_item(Item={"pk": "claimed", "sk": "x", "attempt": "one"})
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as refused:
        client.update_item(
            TableName=table.name,
            Key=_key("claimed"),
            UpdateExpression="SET attempt = :mine",
            ConditionExpression="attribute_not_exists(attempt)",
            ExpressionAttributeValues={":mine": {"S": "two"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Item"]["attempt"] == {"S": "one"}


def test_the_index_gives_what_is_due_in_order_and_keys_only(table: Any) -> None:
    for name, due_at in (("later", 30), ("first", 10), ("second", 20)):
        row = {"pk": name, "sk": "x", "dueShard": "0", "dueAt": due_at, "secret": "s"}
        table.put_item(Item=row)
    table.put_item(Item={"pk": "never", "sk": "x"})
    found = table.query(
        IndexName="due",
        KeyConditionExpression="dueShard = :shard AND dueAt <= :now",
        ExpressionAttributeValues={":shard": "0", ":now": 20},
    )["Items"]
    assert [row["pk"] for row in found] == ["first", "second"]
    assert "secret" not in found[0]


def test_a_new_object_becomes_an_event_with_a_rising_sequencer(engine: Engine) -> None:
    s3, events = engine.client("s3"), engine.client("events")
    bucket, (url, arn) = unique("bucket"), make_queue(engine)
    place = {"LocationConstraint": engine.region}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "photos/"}]}}
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    rule = unique("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    for key in ("photos/a b/1.jpg", "elsewhere/2.jpg", "photos/a b/1.jpg"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    seen: list[dict[str, Any]] = []

    def both() -> bool:
        seen.extend(json.loads(body)["detail"]["object"] for body in receive(engine, url))
        return len(seen) >= 2

    until(both)
    assert [thing["key"] for thing in seen] == ["photos/a b/1.jpg"] * 2
    first, second = (int(thing["sequencer"], 16) for thing in seen)
    assert first < second


@pytest.mark.promise("Waiting is not failing", "one-message-at-a-time")
def test_a_source_mapping_keeps_to_its_maximum_concurrency(engine: Engine) -> None:
    done_url, _ = make_queue(engine)
    url, arn = make_queue(engine, VisibilityTimeout=30)
    code = f"""
    import json, time, boto3
    def handler(event, context):
        start = time.time()
        time.sleep(1)
        span = json.dumps([start, time.time()])
        boto3.client("sqs").send_message(QueueUrl="{done_url}", MessageBody=span)
    """
    name = make_function(engine, code)
    engine.client("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=name,
        BatchSize=1,
        ScalingConfig={"MaximumConcurrency": 2},
    )
    for number in range(6):
        engine.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    spans: list[list[float]] = []

    def all_done() -> bool:
        spans.extend(json.loads(body) for body in receive(engine, done_url))
        return len(spans) >= 6

    until(all_done)
    together = [sum(s <= start < e for s, e in spans) for start, _ in spans]
    assert max(together) == 2


def test_an_asynchronous_call_that_fails_for_good_ends_in_the_dead_letters(engine: Engine) -> None:
    url, arn = make_queue(engine)
    name = make_function(engine, "def handler(event, context): raise ValueError('broken')")
    client = engine.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    letter = json.loads(until(lambda: receive(engine, url))[0])
    assert letter["requestPayload"] == {"n": 1}
    assert letter["responsePayload"]["errorType"] == "ValueError"


def test_a_delayed_message_comes_when_it_is_due(engine: Engine) -> None:
    url, _ = make_queue(engine)
    start = time.monotonic()
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
    assert until(lambda: receive(engine, url)) == ["later"]
    assert time.monotonic() - start >= 1
