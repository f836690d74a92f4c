"""When a failed message comes again."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tests.support.world import World
from tryon_worker.batch import Message, Redelivery, growing_pause, process_batch
from tryon_worker.messages import InvalidMessage


@pytest.mark.parametrize(
    ("error", "receives", "pause"),
    [
        (InvalidMessage("no JSON"), 1, 0),
        (KeyError("detail"), 4, 0),
        (ConnectionError(), 1, 5),
        (ConnectionError(), 2, 10),
        (ConnectionError(), 30, 300),
    ],
)
def test_poison_comes_at_once_and_the_rest_after_a_growing_pause(
    error: Exception, receives: int, pause: int
) -> None:
    assert growing_pause(error, receives) == pause


def receive(world: World, seconds: int = 30) -> list[dict[str, Any]]:
    """Receives as Lambda does, and returns records in Lambda's spelling."""
    answer = world.cloud.client("sqs").receive_message(
        QueueUrl=world.queues["tryon"],
        MaxNumberOfMessages=10,
        VisibilityTimeout=seconds,
        AttributeNames=["All"],
    )
    return [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
        }
        for message in answer.get("Messages", [])
    ]


def test_a_poison_message_can_be_received_again_at_once_and_the_good_one_cannot(
    world: World,
) -> None:
    sqs = world.cloud.client("sqs")
    for body in ("no json", json.dumps({"tryOnId": "good"})):
        sqs.send_message(QueueUrl=world.queues["tryon"], MessageBody=body)
    records: list[dict[str, Any]] = []
    while len(records) < 2:
        records += receive(world)
    taken: list[Message] = []
    redelivery = Redelivery(sqs, world.queues["tryon"])
    answer = process_batch({"Records": records}, taken.append, redelivery)

    (bad,) = [record["messageId"] for record in records if record["body"] == "no json"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": bad}]}
    assert [message.body for message in taken] == [{"tryOnId": "good"}]
    assert [record["messageId"] for record in receive(world)] == [bad]


def test_a_queue_that_does_not_answer_is_no_second_failure(world: World) -> None:
    redelivery = Redelivery(world.cloud.client("sqs"), world.queues["tryon"] + "-gone")
    record = {"receiptHandle": "x", "attributes": {"ApproximateReceiveCount": "1"}}
    redelivery(SQSRecord(record), KeyError())
