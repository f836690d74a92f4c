"""The buckets: photos that come in, pictures that go out, product images of the shop."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from tryon_worker.images import MAX_PHOTO_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef


KEEP_TAG = "keep-for-days"
"""The object tag by which the buckets' lifecycle shortens the retention."""

RESULT_PREFIX = "results/"

# No tryOnId, which is forty hex digits.
_REPORTS = "reports/"

_GONE = {"404", "NoSuchKey", "NotFound"}

# Another object lies under the key than the one that was to be deleted, or is just being put there.
# The code is a bare status where the answer names a key that makes it an XML nobody can read.
_CHANGED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}

# DeleteObjects takes at most so many keys a call (AWS).
_DELETE_BATCH = 1000

# XML 1.0 cannot carry these (section 2.2), and a parser makes a line feed of U+000D. One such key
# in the body of DeleteObjects is enough for S3 to refuse the whole call.
_NOT_IN_XML = re.compile("[\x00-\x1f\ufffe\uffff]")

# An InternalError of one key is gone when it is asked for again.
_DELETE_TRIES = 3


class ObjectGone(Exception):
    """The object is not there (any more)."""


class ObjectTooLarge(Exception):
    """The object has more bytes than a function can hold."""


class DeletionIncomplete(Exception):
    """S3 kept some objects, or they are others by now; ``count`` of them."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} objects were not deleted")
        self.count = count


@dataclass(frozen=True)
class Seen:
    """An object as S3 described it at one moment; ``modified_at`` is when its upload began."""

    key: str
    modified_at: int
    etag: str


@dataclass(frozen=True)
class Fetched:
    """An object with its metadata; without its bytes where they are too many."""

    size: int
    metadata: dict[str, str]
    data: bytes | None


class Bucket:
    """One bucket."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self.name = name

    def head(self, key: str) -> Seen:
        """An object as it is now.

        Raises
        ------
        ObjectGone
            It is not there.
        """
        try:
            answer = self._client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            raise _gone_or_same(error) from error
        return Seen(key, int(answer["LastModified"].timestamp()), answer["ETag"])

    def fetch(self, key: str, *, max_bytes: int) -> Fetched:
        """An object in one call, so that bytes and metadata are of the same one.

        Raises
        ------
        ObjectGone
            It is not there.
        """
        try:
            answer = self._client.get_object(Bucket=self.name, Key=key)
        except ClientError as error:
            raise _gone_or_same(error) from error
        metadata = {name.lower(): value for name, value in answer.get("Metadata", {}).items()}
        size = answer["ContentLength"]
        with closing(answer["Body"]) as body:
            data = body.read() if size <= max_bytes else None
        return Fetched(size, metadata, data)

    def tag(self, key: str, keep_for_days: int) -> None:
        """Marks an object for the lifecycle rule of so many days.

        Raises
        ------
        ObjectGone
            It is not there.
        """
        try:
            self._client.put_object_tagging(
                Bucket=self.name,
                Key=key,
                Tagging={"TagSet": [{"Key": KEEP_TAG, "Value": str(keep_for_days)}]},
            )
        except ClientError as error:
            raise _gone_or_same(error) from error

    def write(self, key: str, body: IO[bytes], *, content_type: str, keep_for_days: int) -> None:
        """Puts an object there, marked for the lifecycle."""
        self._client.put_object(
            Bucket=self.name,
            Key=key,
            Body=body,
            ContentType=content_type,
            Tagging=f"{KEEP_TAG}={keep_for_days}",
        )

    def listing(self, prefix: str) -> Iterator[Seen]:
        """The objects below a prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix
        )
        for page in pages:
            for item in page.get("Contents", []):
                yield Seen(item["Key"], int(item["LastModified"].timestamp()), item["ETag"])

    def remove(self, key: str) -> None:
        """Deletes whatever lies under a key, if anything does."""
        self._client.delete_object(Bucket=self.name, Key=key)

    def delete(self, objects: Sequence[Seen]) -> None:
        """Deletes objects as they were seen; one that is not there counts as deleted.

        Raises
        ------
        DeletionIncomplete
            S3 answered 200 and kept some (it reports errors key by key), also when asked again.
            Among them are those in whose place another object was put since: who saw them looks
            again.
        """
        left = list(objects)
        for _ in range(_DELETE_TRIES):
            left = [
                kept
                for start in range(0, len(left), _DELETE_BATCH)
                for kept in self._delete_batch(left[start : start + _DELETE_BATCH])
            ]
            if not left:
                return
        raise DeletionIncomplete(len(left))

    def abort_uploads(self, prefix: str, *, until: int) -> None:
        """Drops the parts of uploads that were begun by then and never completed."""
        begun = [upload for upload in self._uploads(prefix) if upload[2] <= until]
        for key, upload_id, _ in begun:
            with suppress(self._client.exceptions.NoSuchUpload):  # it has just ended by itself
                self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)

    def _uploads(self, prefix: str) -> Iterator[tuple[str, str, float]]:
        """Key, id and begin of each upload in parts that was not completed.

        boto3 asks for encoded keys, and decodes them, for objects only. Its pages would also hand
        an encoded key back to S3 as the place to go on from.
        """
        place: dict[str, Any] = {}
        while True:
            page = self._client.list_multipart_uploads(
                Bucket=self.name, Prefix=prefix, EncodingType="url", **place
            )
            for upload in page.get("Uploads", []):
                key = unquote_plus(upload["Key"])
                yield key, upload["UploadId"], upload["Initiated"].timestamp()
            if not page.get("IsTruncated"):
                return
            place = {
                "KeyMarker": unquote_plus(page["NextKeyMarker"]),
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _delete_batch(self, objects: list[Seen]) -> list[Seen]:
        """Deletes up to a thousand objects and returns those that S3 kept."""
        plain = {found.key: found for found in objects if not _NOT_IN_XML.search(found.key)}
        odd = [found for found in objects if found.key not in plain]
        kept = [found for found in odd if not self._deleted(found)]
        if not plain:
            return kept
        requested: list[ObjectIdentifierTypeDef] = [
            {"Key": found.key, "ETag": found.etag} for found in plain.values()
        ]
        answer = self._client.delete_objects(
            Bucket=self.name, Delete={"Objects": requested, "Quiet": True}
        )
        errors = [error for error in answer.get("Errors", []) if error["Code"] not in _GONE]
        return kept + [plain[error["Key"]] for error in errors]

    def _deleted(self, found: Seen) -> bool:
        try:
            self._client.delete_object(Bucket=self.name, Key=found.key, IfMatch=found.etag)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _GONE | _CHANGED:
                raise
            return code in _GONE
        return True


class ImageBuckets:
    """The shop's own buckets from which product images are read."""

    def __init__(self, client: "S3Client", allowed: frozenset[str]) -> None:
        self._client = client
        self._allowed = allowed

    def read(self, bucket: str, key: str) -> tuple[bytes, str]:
        """Bytes and content type of a product image.

        Raises
        ------
        ObjectGone
            It is not there, or not in an allowed bucket.
        ObjectTooLarge
            It is more than Genlook takes of a photo; of product images no limit is documented.
        """
        if bucket not in self._allowed:
            raise ObjectGone(bucket)
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise ObjectGone(bucket) from error
            raise _gone_or_same(error) from error
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_PHOTO_BYTES:
                raise ObjectTooLarge(key)
            return body.read(), answer.get("ContentType", "application/octet-stream")


def shopper_results(shopper_key: str) -> str:
    """Where the pictures of a shopper lie, so that an erasure needs no row to find them."""
    return f"{RESULT_PREFIX}{shopper_key}/"


def result_prefix(shopper_key: str, try_on_id: str) -> str:
    """Where the picture of a try-on lies: under a key of its own, shared with no other."""
    return f"{shopper_results(shopper_key)}{try_on_id}/"


def report_key(shopper_key: str, request_key: str) -> str:
    """Where a report about a shopper lies: below their pictures, so that an erasure finds it."""
    return f"{shopper_results(shopper_key)}{_REPORTS}{request_key}.json"


def is_report(key: str) -> bool:
    """Whether what lies below a shopper's results is a report and no picture."""
    return key.split("/", 2)[2].startswith(_REPORTS)


def _gone_or_same(error: ClientError) -> Exception:
    return ObjectGone() if error.response["Error"]["Code"] in _GONE else error
