"""Messages that are sent: many in few calls, and none that was refused is taken for sent."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tryon_worker.aws.queues import MessagesNotTaken, TryOnQueue

URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/try-ons"


def queue() -> tuple[TryOnQueue, Stubber]:
    client = boto3.client(
        "sqs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    return TryOnQueue(client, URL), Stubber(client)


def try_ons(names: list[str]) -> list[dict[str, Any]]:
    bodies = [
        json.dumps({"type": "step", "tryOnId": n, "requestedAt": 7}, separators=(",", ":"))
        for n in names
    ]
    return [
        {"Id": str(place), "MessageBody": body, "DelaySeconds": 0}
        for place, body in enumerate(bodies)
    ]


@pytest.mark.promise("Accepted means written", "message-names-try-on-and-time")
def test_steps_go_ten_a_call() -> None:
    names = [f"t{number}" for number in range(23)]
    tryons, stubber = queue()
    for start in (0, 10, 20):
        asked = {"QueueUrl": URL, "Entries": try_ons(names[start : start + 10])}
        stubber.add_response("send_message_batch", {"Successful": [], "Failed": []}, asked)
    with stubber:
        tryons.send_steps([(name, 7) for name in names])
        stubber.assert_no_pending_responses()


def test_no_step_is_no_call() -> None:
    tryons, stubber = queue()
    with stubber:
        tryons.send_steps([])


def test_what_the_queue_refused_is_raised_after_all_were_sent() -> None:
    tryons, stubber = queue()
    refused = {"Id": "0", "SenderFault": False, "Code": "InternalError"}
    stubber.add_response("send_message_batch", {"Successful": [], "Failed": [refused]})
    stubber.add_response("send_message_batch", {"Successful": [], "Failed": []})
    with stubber, pytest.raises(MessagesNotTaken):
        tryons.send_steps([(f"t{number}", 7) for number in range(11)])
    stubber.assert_no_pending_responses()


@pytest.mark.promise("Accepted means written", "message-names-try-on-and-time")
@pytest.mark.parametrize("delay", [0, 40])
def test_a_step_names_its_try_on_and_the_time_of_its_wish(delay: int) -> None:
    tryons, stubber = queue()
    body = json.dumps({"type": "step", "tryOnId": "t", "requestedAt": 7}, separators=(",", ":"))
    asked = {"QueueUrl": URL, "MessageBody": body, "DelaySeconds": delay}
    stubber.add_response("send_message", {"MessageId": "m"}, asked)
    with stubber:
        tryons.send_step("t", requested_at=7, delay=delay)
