"""The deployed stack from outside: photos by S3, requests by the bus, outcomes from the bus."""

import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.genlook.control import Control
from local.system import System
from tests.events.catalogue import report_complaints
from tests.support.shop import Shop
from tests.support.stack import SHOP
from tests.template.stack import load

PHOTOS = Path(__file__).parent.parent / "photos"
JPEG = (PHOTOS / "shopper.jpg").read_bytes()
TEE = {"externalId": "tee", "title": "Tee", "images": [{"url": f"{SHOP}shirt.png"}]}


@pytest.fixture(scope="module")
def shop(stack: System) -> Shop:
    shop = Shop(stack)
    shop.send("ProductUpserted", {**TEE, "updatedAt": "2026-01-01T00:00:00Z"})
    return shop


def picture(shop: Shop, result: dict[str, Any]) -> Image.Image:
    stored = shop.system.engine.client("s3").get_object(Bucket=result["bucket"], Key=result["key"])
    return Image.open(io.BytesIO(stored["Body"].read()))


@pytest.mark.promise("P5", "whole-system-runs")
@pytest.mark.parametrize("name", ["shopper.jpg", "shopper-2.png", "shopper.webp", "shopper.heic"])
def test_a_photo_of_every_format_becomes_a_picture(shop: Shop, name: str) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, (PHOTOS / name).read_bytes(), name="no-extension")
    shop.of(shopper, "PhotoReady")
    shop.order(shopper, f"order-{shopper}", "tee")
    done = shop.of(shopper, "TryOnCompleted").detail
    assert min(picture(shop, done["result"]).size) > 200
    assert done["orderId"] == f"order-{shopper}"


@pytest.mark.promise("Waiting is not failing", "long-waits-are-deferred")
def test_an_order_of_a_shopper_without_a_photo_waits_and_goes_on_with_the_first(
    shop: Shop,
) -> None:
    shopper = shop.new_shopper()
    shop.order(shopper, "early", "tee")
    deferred = shop.of(shopper, "TryOnDeferred").detail
    shop.photo(shopper, JPEG)
    done = shop.of(shopper, "TryOnCompleted").detail
    assert done["tryOnId"] == deferred["tryOnId"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"this is no picture but a text", "NOT_AN_IMAGE"),
        (b"", "EMPTY"),
        (JPEG + b"\0" * (10 * 1024 * 1024), "TOO_LARGE"),
    ],
    ids=["text", "empty", "over 10 MB"],
)
def test_a_photo_that_is_none_is_rejected_with_a_reason(
    shop: Shop, data: bytes, reason: str
) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, data)
    assert shop.of(shopper, "PhotoRejected").detail["reason"] == reason


def test_malformed_messages_end_in_the_dead_letter_queues(shop: Shop) -> None:
    """An upload or an event of the bus without its fields is as malformed as a text."""
    odd = '{"neither": "this nor that"}'
    sent = [
        ("UploadQueueUrl", "no JSON"),
        ("UploadQueueUrl", odd),
        ("IntakeQueueUrl", "no JSON"),
        ("IntakeQueueUrl", odd),
        ("TryOnQueueUrl", odd),
        ("ErasureQueueUrl", "no JSON"),
    ]
    for queue, body in sent:
        shop.direct(queue, body)
    for queue, body in sent:
        shop.dead_letter(shop.dead_letter_queue(queue), body)


def test_the_others_of_its_queue_go_on(shop: Shop) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    shop.direct("TryOnQueueUrl", "poison")
    detail = {"externalUserId": shopper, "requestId": "straight", "product": TEE}
    shop.direct("TryOnQueueUrl", json.dumps(detail))
    assert shop.of(shopper, "TryOnCompleted")
    shop.dead_letter(shop.outputs["TryOnDeadLetterQueueUrl"], "poison")


def test_a_wish_that_cannot_be_one_is_refused_in_the_fields_words(shop: Shop) -> None:
    detail = {"externalUserId": "guest", "product": TEE}
    event_id = shop.send("TryOnRequested", detail)
    refused = shop.wait("RequestRefused", lambda e: e.detail["eventId"] == event_id).detail
    assert refused["field"] == "externalUserId"
    assert refused["message"] == "stands for many shoppers, not for one"


@pytest.mark.promise("P1", "repeated-request-is-one-try-on")
def test_the_same_request_twice_is_one_try_on_and_one_credit(shop: Shop, control: Control) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    detail = {"externalUserId": shopper, "requestId": "twice", "product": TEE}
    for _ in range(3):
        shop.send("TryOnRequested", detail)
    done = shop.of(shopper, "TryOnCompleted").detail
    # Another shopper's try-on, all the way, passes after whatever the repeats might still cause.
    test_the_others_of_its_queue_go_on(shop)
    mine = [call for call in control.calls("try_on") if call["externalUserId"] == shopper]
    outcomes = [e for e in shop.heard if e.detail.get("tryOnId") == done["tryOnId"]]
    assert len(mine) == 1
    assert [e.detail_type for e in outcomes].count("TryOnCompleted") == 1


@pytest.mark.promise("P1", "unknown-charge-goes-to-a-person")
def test_a_lost_answer_is_put_to_a_person_who_can_close_it(shop: Shop, control: Control) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    control.lose_answer("try_on")
    shop.order(shopper, "lost", "tee")
    asked = shop.of(shopper, "TryOnNeedsReview").detail
    review = {"tryOnId": asked["tryOnId"], "reviewId": asked["reviewId"], "action": "close"}
    shop.send("TryOnReviewed", review, source="tryon.operator")
    assert shop.of(shopper, "TryOnFailed").detail["reason"] == "CLOSED"
    mine = [call for call in control.calls("try_on") if call["externalUserId"] == shopper]
    assert len(mine) == 1


@pytest.mark.promise("P4", "nothing-left-here")
@pytest.mark.promise("P4", "nothing-left-at-genlook")
def test_an_erased_shopper_is_gone_here_and_at_genlook(shop: Shop, control: Control) -> None:
    shopper = shop.new_shopper()
    key = shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    request_id = uuid.uuid4().hex
    detail = {"externalUserId": shopper, "requestId": request_id}
    shop.send("ErasureRequested", detail, source="shop.privacy")
    erased = shop.erased(request_id).detail
    assert shopper not in json.dumps(erased)
    listing = shop.system.engine.client("s3").list_objects_v2(
        Bucket=shop.outputs["PhotoBucketName"], Prefix=key
    )
    assert listing["KeyCount"] == 0
    table = shop.system.engine.resource("dynamodb").Table(shop.outputs["TableName"])
    assert shopper not in json.dumps(table.scan()["Items"], default=str)
    assert not any(control.customer(shopper)["counts"].values())


def test_a_report_tells_what_is_held(shop: Shop) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    shop.order(shopper, "reported", "tee")
    done = shop.of(shopper, "TryOnCompleted").detail
    request_id = uuid.uuid4().hex
    detail = {"externalUserId": shopper, "requestId": request_id}
    shop.send("DataRequested", detail, source="shop.privacy")
    said = _about(shop, "DataReported", request_id)
    assert said["held"] == {"photos": 1, "results": 1, "tryOns": 1}
    assert shopper not in json.dumps(said)
    s3 = shop.system.engine.client("s3")
    where = {"Bucket": said["report"]["bucket"], "Key": said["report"]["key"]}
    told = json.loads(s3.get_object(**where)["Body"].read())
    assert report_complaints(told) == []
    assert told["results"][0]["key"] == done["result"]["key"]
    assert told["tryOns"][0]["request"]["orderId"] == "reported"


def test_a_forwarded_webhook_of_shopify_erases_a_customer(shop: Shop, control: Control) -> None:
    shopper = str(uuid.uuid4().int % 10**12)
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    payload = {"shop_domain": "example.myshopify.com", "customer": {"id": int(shopper)}}
    _webhook(shop, "customers/redact", payload, f"hook-{shopper}")
    assert shop.erased(f"hook-{shopper}").detail["erased"]["photos"] == 1
    assert not any(control.customer(shopper)["counts"].values())


def test_shopifys_redaction_of_a_shop_erases_everybody(shop: Shop, control: Control) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    request_id = uuid.uuid4().hex
    _webhook(shop, "shop/redact", {"shop_domain": "example.myshopify.com"}, request_id)
    table = shop.system.engine.resource("dynamodb").Table(shop.outputs["TableName"])

    def gone() -> bool:
        rows = json.dumps(table.scan()["Items"], default=str)
        return shopper not in rows and not any(control.customer(shopper)["counts"].values())

    shop.erased(request_id, lambda _: gone())


def _webhook(shop: Shop, topic: str, payload: dict[str, Any], webhook_id: str) -> None:
    metadata = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": webhook_id}
    detail = {"metadata": metadata, "payload": payload}
    shop.send("shopifyWebhook", detail, source="shop.privacy")


def _about(shop: Shop, detail_type: str, request_id: str) -> dict[str, Any]:
    return shop.wait(detail_type, lambda e: e.detail["requestId"] == request_id).detail


def test_the_engine_writes_out_the_loops_as_the_rules_of_the_template_do(stack: System) -> None:
    """The rules read loops that the tests write out: both must see the same resources."""
    cloudformation = stack.engine.client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=stack.stack.name
    )
    made = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
    template = load()
    # SAM gives the layer a name of its own, and what has a condition may be left out.
    certain = {n for n, r in template.resources.items() if "Condition" not in r} - {"SharedLayer"}
    assert certain <= set(made)
    for name, properties in template.work_queues.items():
        attributes = stack.engine.client("sqs").get_queue_attributes(
            QueueUrl=made[name], AttributeNames=["VisibilityTimeout", "RedrivePolicy"]
        )["Attributes"]
        assert int(attributes["VisibilityTimeout"]) == properties["VisibilityTimeout"]
        receives = json.loads(attributes["RedrivePolicy"])["maxReceiveCount"]
        assert int(receives) == properties["RedrivePolicy"]["maxReceiveCount"]
    described = stack.engine.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = {alarm["AlarmName"]: alarm for page in described for alarm in page["MetricAlarms"]}
    for name, properties in template.of_type("AWS::CloudWatch::Alarm").items():
        for part in ("AlarmDescription", "MetricName", "Period", "EvaluationPeriods", "Threshold"):
            assert alarms[made[name]][part] == properties[part], (name, part)
