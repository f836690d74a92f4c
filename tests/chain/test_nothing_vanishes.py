"""The deployed stack answers every event that is addressed to it, whoever sends it."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from local.system import System
from tests.support.shop import Shop

JPEG = (Path(__file__).parent.parent / "photos" / "shopper.jpg").read_bytes()


@pytest.fixture(scope="module")
def shop(stack: System) -> Shop:
    return Shop(stack)


def refused(shop: Shop, event_id: str) -> dict[str, Any]:
    return shop.wait("RequestRefused", lambda e: e.detail["eventId"] == event_id).detail


@pytest.mark.promise("Erasure", "only-trusted-sources-may-erase")
@pytest.mark.parametrize("kind", ["ErasureRequested", "DataRequested", "TryOnReviewed"])
def test_a_source_that_is_not_trusted_is_answered(shop: Shop, kind: str) -> None:
    event_id = shop.send(kind, {"externalUserId": shop.new_shopper(), "requestId": "r"})
    said = refused(shop, event_id)
    assert (said["reason"], said["requestId"]) == ("SOURCE_NOT_TRUSTED", "r")


def test_a_misspelt_type_is_answered(shop: Shop) -> None:
    said = refused(shop, shop.send("TryonRequested", {"requestId": 2**53 + 1}))
    assert said["reason"] == "UNKNOWN_TYPE"
    assert said["requestId"] == str(2**53 + 1)
    assert said["message"].endswith("did you mean TryOnRequested?")


def test_all_that_is_wrong_is_answered_at_once(shop: Shop) -> None:
    detail = {"externalUserId": "guest", "product": {}, "keepForDays": 1}
    said = refused(shop, shop.send("TryOnRequested", detail))
    assert {one["field"] for one in said["problems"]} == {
        "externalUserId",
        "product",
        "keepForDays",
    }


@pytest.mark.parametrize("header", ["X-Shopify-Topic", "x-shopify-topic"])
def test_a_privacy_webhook_of_anybody_is_answered(shop: Shop, header: str) -> None:
    detail = {"metadata": {header: "customers/redact"}, "payload": {"customer": {"id": 7}}}
    said = refused(shop, shop.send("shopifyWebhook", detail))
    assert said["reason"] == "SOURCE_NOT_TRUSTED"


def test_a_photo_beside_the_prefix_is_rejected_and_a_folder_is_not(shop: Shop) -> None:
    s3, bucket = shop.system.engine.client("s3"), shop.outputs["PhotoBucketName"]
    key, folder = f"photo/{uuid.uuid4().hex}/me.jpg", f"photos/{shop.new_shopper()}/"
    s3.put_object(Bucket=bucket, Key=folder, Body=b"")
    s3.put_object(Bucket=bucket, Key=key, Body=JPEG)
    shop.wait("PhotoRejected", lambda e: e.detail["reason"] == "BAD_KEY")
    shop.emptied("UploadQueueUrl")
    shop.listen()
    rejected = [event for event in shop.heard if event.detail_type == "PhotoRejected"]
    assert len(rejected) == 1
    left = {found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert folder in left
    assert key not in left
