"""What the worker relies on of S3, SQS, Step Functions and the secrets, alike on both sides."""

import io
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.local.memory.conftest import Account
from tryon_worker.aws.buckets import Bucket, DeletionIncomplete, ObjectGone
from tryon_worker.aws.queues import Queue
from tryon_worker.aws.secrets import Secret
from tryon_worker.aws.state_machine import StateMachine


@pytest.fixture
def bucket(account: Account) -> Bucket:
    return Bucket(account.client("s3"), account.name)


def keys_of(bucket: Bucket, prefix: str = "") -> list[str]:
    return [found.key for found in bucket.listing(prefix)]


def test_an_object_comes_back_with_its_metadata_in_lower_case(
    account: Account, bucket: Bucket
) -> None:
    account.client("s3").put_object(
        Bucket=account.name, Key="photos/a/1", Body=b"photo", Metadata={"Crop": "false"}
    )
    fetched = bucket.fetch("photos/a/1", max_bytes=10)
    assert (fetched.data, fetched.size, fetched.metadata) == (b"photo", 5, {"crop": "false"})
    assert bucket.fetch("photos/a/1", max_bytes=4).data is None
    assert [bucket.head("photos/a/1")] == list(bucket.listing("photos/"))


@pytest.mark.parametrize("call", ["head", "fetch", "tag"])
def test_what_is_not_there_is_gone(bucket: Bucket, call: str) -> None:
    calls: dict[str, Any] = {
        "head": lambda: bucket.head("none"),
        "fetch": lambda: bucket.fetch("none", max_bytes=1),
        "tag": lambda: bucket.tag("none", 1),
    }
    with pytest.raises(ObjectGone):
        calls[call]()


def test_tags_are_those_of_the_last_write(account: Account, bucket: Bucket) -> None:
    def tags() -> list[dict[str, str]]:
        answer = account.client("s3").get_object_tagging(Bucket=account.name, Key="r")
        return list(answer["TagSet"])

    bucket.write("r", io.BytesIO(b"x"), content_type="image/png", keep_for_days=3)
    assert tags() == [{"Key": "keep-for-days", "Value": "3"}]
    bucket.tag("r", 1)
    assert tags() == [{"Key": "keep-for-days", "Value": "1"}]
    bucket.write("r", io.BytesIO(b"y"), content_type="image/png", keep_for_days=7)
    assert tags() == [{"Key": "keep-for-days", "Value": "7"}]


def test_a_listing_has_the_keys_below_a_prefix_in_their_order(
    account: Account, bucket: Bucket
) -> None:
    keys = ["p/b", "p/a", "p/é", "q/a", "p/a/b", "p/A"]
    for key in keys:
        account.client("s3").put_object(Bucket=account.name, Key=key, Body=b"")
    assert keys_of(bucket, "p/") == ["p/A", "p/a", "p/a/b", "p/b", "p/é"]


def test_a_listing_goes_on_after_what_was_removed_meanwhile(account: Account) -> None:
    s3 = account.client("s3")
    for number in range(6):
        s3.put_object(Bucket=account.name, Key=f"p/{number}", Body=b"")
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=account.name, Prefix="p/", PaginationConfig={"PageSize": 2}
    ):
        keys = [item["Key"] for item in page["Contents"]]
        found += keys
        for key in keys:
            s3.delete_object(Bucket=account.name, Key=key)
    assert found == [f"p/{number}" for number in range(6)]


def test_deletion_takes_what_is_there_and_does_not_mind_the_rest(
    account: Account, bucket: Bucket
) -> None:
    account.client("s3").put_object(Bucket=account.name, Key="a", Body=b"")
    found = bucket.head("a")
    bucket.delete([found, replace(found, key="none"), replace(found, key="none\x01")])
    assert keys_of(bucket) == []
    bucket.remove("none")


@pytest.mark.parametrize("key", ["a", "a\x01"])
def test_deletion_leaves_what_was_put_since_it_looked(
    account: Account, bucket: Bucket, key: str
) -> None:
    s3 = account.client("s3")
    for other in (key, "other"):
        s3.put_object(Bucket=account.name, Key=other, Body=b"old")
    found = list(bucket.listing(""))
    s3.put_object(Bucket=account.name, Key=key, Body=b"new")
    with pytest.raises(DeletionIncomplete):
        bucket.delete(found)
    assert keys_of(bucket) == [key]
    bucket.remove(key)
    assert keys_of(bucket) == []


def test_an_upload_in_parts_is_listed_until_it_is_dropped(account: Account) -> None:
    s3 = account.client("s3")
    begun = s3.create_multipart_upload(Bucket=account.name, Key="p/half")
    asked = {"Bucket": account.name, "Key": "p/half", "UploadId": begun["UploadId"]}
    s3.upload_part(**asked, PartNumber=1, Body=b"half")
    with pytest.raises(ClientError):
        s3.get_object(Bucket=account.name, Key="p/half")
    (listed,) = s3.list_multipart_uploads(Bucket=account.name, Prefix="p/")["Uploads"]
    assert (listed["Key"], listed["UploadId"]) == ("p/half", begun["UploadId"])
    s3.abort_multipart_upload(**asked)
    assert not s3.list_multipart_uploads(Bucket=account.name, Prefix="p/").get("Uploads")
    with pytest.raises(s3.exceptions.NoSuchUpload):
        s3.abort_multipart_upload(**asked)


HARD_KEYS = [
    f"p/{name}{character}.jpg"
    for name, character in [
        ("null", "\0"),
        ("control", "\x01"),
        ("tab", "\t"),
        ("line", "\n"),
        ("return", "\r"),
        ("both", "\r\n"),
        ("last-control", "\x1f"),
        ("delete", "\x7f"),
        ("c1", "\x85"),
        ("separator", "\u2028"),
        ("no-character", "\ufffe"),
        ("none-either", "\uffff"),
        ("beyond", "\U0001f600"),
        ("markup", "<&>\"'"),
        ("encoded", "%0A+ %25"),
    ]
]


@pytest.mark.promise("P4", "nothing-left-here")
def test_any_key_can_be_listed_and_deleted(account: Account, bucket: Bucket) -> None:
    for key in [*HARD_KEYS, "p/plain.jpg"]:
        account.client("s3").put_object(Bucket=account.name, Key=key, Body=b"photo")
    listed = list(bucket.listing("p/"))
    assert sorted(one.key for one in listed) == sorted([*HARD_KEYS, "p/plain.jpg"])
    bucket.delete(listed)
    assert keys_of(bucket) == []


@pytest.mark.promise("P4", "nothing-left-here")
def test_uploads_in_parts_to_any_key_are_dropped(account: Account, bucket: Bucket) -> None:
    s3 = account.client("s3")
    for key in HARD_KEYS:
        # It begins, though its answer names the key in an XML that nobody can read.
        with suppress(ClientError, ResponseParserError):
            s3.create_multipart_upload(Bucket=account.name, Key=key)
    asked = {"Bucket": account.name, "Prefix": "p/", "EncodingType": "url"}
    begun = s3.list_multipart_uploads(**asked)["Uploads"]
    assert {unquote_plus(upload["Key"]) for upload in begun} == set(HARD_KEYS)
    bucket.abort_uploads("p/", until=4_000_000_000)
    assert not s3.list_multipart_uploads(**asked).get("Uploads")


def receive(account: Account, **given: Any) -> list[Any]:
    answer = account.client("sqs").receive_message(
        QueueUrl=account.queue_url, AttributeNames=["All"], MaxNumberOfMessages=10, **given
    )
    return list(answer.get("Messages", []))


def test_a_message_is_hidden_once_received_until_it_is_deleted(account: Account) -> None:
    sqs = account.client("sqs")
    Queue(sqs, account.queue_url).send({"a": 1})
    (message,) = receive(account, VisibilityTimeout=60)
    assert json.loads(message["Body"]) == {"a": 1}
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert int(message["Attributes"]["SentTimestamp"]) > 10**12
    assert receive(account) == []
    sqs.change_message_visibility(
        QueueUrl=account.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    (again,) = receive(account, VisibilityTimeout=60)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=account.queue_url, ReceiptHandle=again["ReceiptHandle"])
    assert receive(account) == []


def test_a_delayed_message_is_not_there_yet(account: Account) -> None:
    queue = Queue(account.client("sqs"), account.queue_url)
    queue.send_all([{"n": number} for number in range(12)])
    queue.send({"n": "later"}, delay=900)
    found = [json.loads(message["Body"])["n"] for _ in range(4) for message in receive(account)]
    assert sorted(found) == list(range(12))
    if account.in_memory:
        account.clock[0] += 900
        again = [json.loads(message["Body"])["n"] for _ in range(2) for message in receive(account)]
        assert "later" in again


def test_more_than_ten_messages_a_call_are_refused(account: Account) -> None:
    entries = [{"Id": str(number), "MessageBody": "{}"} for number in range(11)]
    with pytest.raises(ClientError, match="TooManyEntriesInBatchRequest"):
        account.client("sqs").send_message_batch(QueueUrl=account.queue_url, Entries=entries)


def test_an_execution_is_started_once_by_its_name(account: Account) -> None:
    client = account.client("stepfunctions")
    state_machine = StateMachine(client, account.machine_arn)
    assert state_machine.running("t", "g") is None
    assert state_machine.start("t", "g", 8) is True
    assert state_machine.running("t", "g") is True
    assert state_machine.start("t", "g", 8) is True  # the same one, while it runs
    assert state_machine.start("t", "g", 9) is False  # the same name with another input


def test_a_secret_is_read_again_when_it_was_changed(account: Account) -> None:
    client = account.client("secretsmanager")
    secret = Secret(client, account.secret_arn)
    assert secret() == "first"
    assert secret.reread() is False
    client.put_secret_value(SecretId=account.secret_arn, SecretString="second")
    assert secret() == "first"
    assert secret.reread() is True
    assert secret() == "second"
