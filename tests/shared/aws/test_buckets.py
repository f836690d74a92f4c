"""Buckets: what S3 says key by key, in pages and in errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from tryon_worker.aws.buckets import (
    Bucket,
    DeletionIncomplete,
    ObjectGone,
    ObjectSnapshot,
    result_prefix,
)


@contextmanager
def stubbed() -> Iterator[tuple[Bucket, Stubber]]:
    client = boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield Bucket(client, "photos"), stubber
        stubber.assert_no_pending_responses()


def seen(*keys: str) -> list[ObjectSnapshot]:
    return [ObjectSnapshot(key, 0, f'"tag of {key}"') for key in keys]


def expect_deletion(
    stubber: Stubber, keys: list[str], kept: list[str], code: str = "InternalError"
) -> None:
    errors = [{"Key": key, "Code": code} for key in kept]
    objects = [{"Key": found.key, "ETag": found.etag} for found in seen(*keys)]
    asked = {"Objects": objects, "Quiet": True}
    stubber.add_response("delete_objects", {"Errors": errors}, {"Bucket": ANY, "Delete": asked})


def test_more_than_a_thousand_objects_go_in_several_calls() -> None:
    keys = [f"photos/7/{number}" for number in range(2500)]
    with stubbed() as (bucket, stubber):
        for start in (0, 1000, 2000):
            expect_deletion(stubber, keys[start : start + 1000], [])
        bucket.delete(seen(*keys))


def test_no_object_is_no_call() -> None:
    with stubbed() as (bucket, _):
        bucket.delete([])


def test_what_s3_kept_is_asked_for_again_and_nothing_else() -> None:
    with stubbed() as (bucket, stubber):
        expect_deletion(stubber, ["a", "b", "c"], ["b", "c"])
        expect_deletion(stubber, ["b", "c"], ["c"])
        expect_deletion(stubber, ["c"], [])
        bucket.delete(seen("a", "b", "c"))


def test_what_somebody_else_deleted_is_deleted() -> None:
    with stubbed() as (bucket, stubber):
        stubber.add_client_error("delete_object", "NoSuchKey", http_status_code=404)
        expect_deletion(stubber, ["a", "b"], ["a"], "NoSuchKey")
        bucket.delete(seen("a", "b", "\x01"))


def test_what_no_xml_carries_is_deleted_as_it_was_seen() -> None:
    with stubbed() as (bucket, stubber):
        asked = {"Bucket": "photos", "Key": "\x01", "IfMatch": '"tag of \x01"'}
        stubber.add_response("delete_object", {}, asked)
        bucket.delete(seen("\x01"))


@pytest.mark.parametrize("code", ["412", "PreconditionFailed", "ConditionalRequestConflict"])
def test_what_has_become_another_object_is_no_success(code: str) -> None:
    with stubbed() as (bucket, stubber):
        for _ in range(3):
            stubber.add_client_error("delete_object", code, http_status_code=412)
        with pytest.raises(DeletionIncomplete):
            bucket.delete(seen("\x01"))


def test_an_error_that_says_nothing_of_the_object_stays_what_it_is() -> None:
    with stubbed() as (bucket, stubber):
        stubber.add_client_error("delete_object", "AccessDenied", http_status_code=403)
        with pytest.raises(ClientError):
            bucket.delete(seen("\x01"))


@pytest.mark.parametrize("code", ["InternalError", "PreconditionFailed"])
def test_what_s3_keeps_for_good_is_no_success(code: str) -> None:
    with stubbed() as (bucket, stubber):
        for _ in range(3):
            expect_deletion(stubber, ["a", "b"], ["a", "b"], code)
        with pytest.raises(DeletionIncomplete) as caught:
            bucket.delete(seen("a", "b"))
    assert caught.value.count == 2


def test_a_listing_goes_on_over_all_pages() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    page: dict[str, Any] = {
        "Contents": [{"Key": "photos/7/a", "LastModified": moment, "ETag": '"e"'}]
    }
    with stubbed() as (bucket, stubber):
        more = {**page, "IsTruncated": True, "NextContinuationToken": "t"}
        stubber.add_response("list_objects_v2", more, None)
        stubber.add_response("list_objects_v2", {**page, "IsTruncated": False}, None)
        found = list(bucket.listing("photos/7/"))
    assert found == [ObjectSnapshot("photos/7/a", int(moment.timestamp()), '"e"')] * 2


def test_uploads_in_parts_are_dropped_on_all_pages() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    asked = {"Bucket": "photos", "Prefix": "p/", "EncodingType": "url"}

    def page(key: str, **more: Any) -> dict[str, Any]:
        upload = {"Key": key, "UploadId": "u", "Initiated": moment}
        return {"Uploads": [upload], "EncodingType": "url", **more}

    goes_on = {"IsTruncated": True, "NextKeyMarker": "p/a+%01", "NextUploadIdMarker": "u"}
    with stubbed() as (bucket, stubber):
        stubber.add_response("list_multipart_uploads", page("p/a+%01", **goes_on), asked)
        place = {"KeyMarker": "p/a \x01", "UploadIdMarker": "u"}
        stubber.add_response("list_multipart_uploads", page("p/b%2B"), {**asked, **place})
        for key in ("p/a \x01", "p/b+"):
            dropped = {"Bucket": "photos", "Key": key, "UploadId": "u"}
            stubber.add_response("abort_multipart_upload", {}, dropped)
        bucket.abort_uploads("p/", until=int(moment.timestamp()))


@pytest.mark.parametrize("code", ["NoSuchKey", "404", "NotFound"])
@pytest.mark.parametrize("method", ["head_object", "get_object", "put_object_tagging"])
def test_an_object_that_is_gone_is_said_to_be_gone(method: str, code: str) -> None:
    calls = {
        "head_object": lambda bucket: bucket.head("a"),
        "get_object": lambda bucket: bucket.fetch("a", max_bytes=1),
        "put_object_tagging": lambda bucket: bucket.tag("a", 1),
    }
    with stubbed() as (bucket, stubber):
        stubber.add_client_error(method, code)
        with pytest.raises(ObjectGone):
            calls[method](bucket)


def test_any_other_error_stays_what_it_is() -> None:
    with stubbed() as (bucket, stubber):
        stubber.add_client_error("head_object", "AccessDenied", http_status_code=403)
        with pytest.raises(ClientError):
            bucket.head("a")


@pytest.mark.promise("Results are copied", "copied-under-its-own-key")
def test_each_try_on_has_a_place_of_its_own() -> None:
    """Nobody sees another's picture, and no second try-on takes the place of the first."""
    places = {result_prefix(shopper, try_on) for shopper in ("a", "b") for try_on in ("t", "u")}
    assert len(places) == 4
    assert not [1 for one in places for other in places - {one} if one.startswith(other)]
