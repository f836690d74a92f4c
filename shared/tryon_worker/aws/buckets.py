"""The buckets of photos and of results, and the shop's own buckets of product images."""

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
"""The object tag by which the buckets' lifecycle rules choose the retention."""

RESULT_PREFIX = "results/"

# It cannot be a tryOnId, which is forty hex digits.
_REPORTS = "reports/"

_GONE = {"404", "NoSuchKey", "NotFound"}

# S3's codes where the key holds another object than the given one, or one is just being written.
# Where the key makes the response invalid XML, botocore gives the bare status as the code.
_CHANGED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}

# The most keys that one DeleteObjects takes (AWS).
_DELETE_BATCH = 1000

# XML 1.0 cannot carry these (section 2.2), and a parser turns U+000D into a line feed. S3 refuses a
# whole DeleteObjects if its body has one such key.
_NOT_IN_XML = re.compile("[\x00-\x1f\ufffe\uffff]")

# S3 may report an InternalError for single keys; another try deletes them.
_DELETE_TRIES = 3


class ObjectGone(Exception):
    """The object does not exist, or no longer."""


class ObjectTooLarge(Exception):
    """The object has more bytes than a function can hold."""


class DeletionIncomplete(Exception):
    """S3 kept ``count`` objects, or they have been replaced."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} objects were not deleted")
        self.count = count


@dataclass(frozen=True)
class ObjectSnapshot:
    """An object as S3 described it; ``modified_at`` is when its upload began."""

    key: str
    modified_at: int
    etag: str


@dataclass(frozen=True)
class Fetched:
    """An object with its metadata; ``data`` is ``None`` if it has too many bytes."""

    size: int
    metadata: dict[str, str]
    data: bytes | None


class Bucket:
    """One bucket."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self.name = name

    def head(self, key: str) -> ObjectSnapshot:
        """An object as it is now.

        Raises
        ------
        ObjectGone
            It does not exist.
        """
        try:
            response = self._client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            raise _translated(error) from error
        return ObjectSnapshot(key, int(response["LastModified"].timestamp()), response["ETag"])

    def fetch(self, key: str, *, max_bytes: int) -> Fetched:
        """An object in one call, so that bytes and metadata belong together.

        Raises
        ------
        ObjectGone
            It does not exist.
        """
        try:
            response = self._client.get_object(Bucket=self.name, Key=key)
        except ClientError as error:
            raise _translated(error) from error
        metadata = {name.lower(): value for name, value in response.get("Metadata", {}).items()}
        size = response["ContentLength"]
        with closing(response["Body"]) as body:
            data = body.read() if size <= max_bytes else None
        return Fetched(size, metadata, data)

    def tag(self, key: str, keep_for_days: int) -> None:
        """Tags an object for the lifecycle rule of ``keep_for_days``.

        Raises
        ------
        ObjectGone
            It does not exist.
        """
        try:
            self._client.put_object_tagging(
                Bucket=self.name,
                Key=key,
                Tagging={"TagSet": [{"Key": KEEP_TAG, "Value": str(keep_for_days)}]},
            )
        except ClientError as error:
            raise _translated(error) from error

    def write(self, key: str, body: IO[bytes], *, content_type: str, keep_for_days: int) -> None:
        """Writes an object with the tag for the lifecycle rule of ``keep_for_days``."""
        self._client.put_object(
            Bucket=self.name,
            Key=key,
            Body=body,
            ContentType=content_type,
            Tagging=f"{KEEP_TAG}={keep_for_days}",
        )

    def listing(self, prefix: str) -> Iterator[ObjectSnapshot]:
        """The objects under a prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix
        )
        for page in pages:
            for item in page.get("Contents", []):
                yield ObjectSnapshot(
                    item["Key"], int(item["LastModified"].timestamp()), item["ETag"]
                )

    def remove(self, key: str) -> None:
        """Deletes the object at a key, whichever it is; without one, does nothing."""
        self._client.delete_object(Bucket=self.name, Key=key)

    def delete(self, objects: Sequence[ObjectSnapshot]) -> None:
        """Deletes the objects unless they have been replaced; a missing one counts as deleted.

        Raises
        ------
        DeletionIncomplete
            S3 kept some at every try (it responds with 200 and reports errors key by key), or some
            have been replaced since they were listed: the caller has to list again.
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
        """Aborts incomplete multipart uploads that began by ``until``."""
        begun = [upload for upload in self._uploads(prefix) if upload[2] <= until]
        for key, upload_id, _ in begun:
            with suppress(self._client.exceptions.NoSuchUpload):  # it was just completed or aborted
                self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)

    def _uploads(self, prefix: str) -> Iterator[tuple[str, str, float]]:
        """Key, id and begin of each incomplete multipart upload.

        boto3 requests encoded keys, and decodes them, only when it lists objects. Its paginator
        would also pass an encoded key back to S3 as the marker of the next page.
        """
        marker: dict[str, Any] = {}
        while True:
            page = self._client.list_multipart_uploads(
                Bucket=self.name, Prefix=prefix, EncodingType="url", **marker
            )
            for upload in page.get("Uploads", []):
                key = unquote_plus(upload["Key"])
                yield key, upload["UploadId"], upload["Initiated"].timestamp()
            if not page.get("IsTruncated"):
                return
            marker = {
                "KeyMarker": unquote_plus(page["NextKeyMarker"]),
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _delete_batch(self, objects: list[ObjectSnapshot]) -> list[ObjectSnapshot]:
        """Deletes up to ``_DELETE_BATCH`` objects and returns those that S3 kept."""
        listable = {found.key: found for found in objects if not _NOT_IN_XML.search(found.key)}
        others = [found for found in objects if found.key not in listable]
        kept = [found for found in others if not self._deleted(found)]
        if not listable:
            return kept
        requested: list[ObjectIdentifierTypeDef] = [
            {"Key": found.key, "ETag": found.etag} for found in listable.values()
        ]
        response = self._client.delete_objects(
            Bucket=self.name, Delete={"Objects": requested, "Quiet": True}
        )
        errors = [error for error in response.get("Errors", []) if error["Code"] not in _GONE]
        return kept + [listable[error["Key"]] for error in errors]

    def _deleted(self, found: ObjectSnapshot) -> bool:
        """Deletes one object; ``False`` if it has been replaced."""
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
            It does not exist, or its bucket is not an allowed one.
        ObjectTooLarge
            It exceeds Genlook's limit for photos; Genlook documents none for product images.
        """
        if bucket not in self._allowed:
            raise ObjectGone(bucket)
        try:
            response = self._client.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise ObjectGone(bucket) from error
            raise _translated(error) from error
        with response["Body"] as body:
            if response["ContentLength"] > MAX_PHOTO_BYTES:
                raise ObjectTooLarge(key)
            return body.read(), response.get("ContentType", "application/octet-stream")


def shopper_results(shopper_key: str) -> str:
    """The prefix of a shopper's results, by which an erasure finds them without a row."""
    return f"{RESULT_PREFIX}{shopper_key}/"


def result_prefix(shopper_key: str, try_on_id: str) -> str:
    """The prefix of a try-on's result, which no other try-on shares."""
    return f"{shopper_results(shopper_key)}{try_on_id}/"


def report_key(shopper_key: str, request_key: str) -> str:
    """The key of a report about a shopper: under their results, so that an erasure finds it."""
    return f"{shopper_results(shopper_key)}{_REPORTS}{request_key}.json"


def is_report(key: str) -> bool:
    """Whether an object under a shopper's results is a report and not a result."""
    return key.split("/", 2)[2].startswith(_REPORTS)


def _translated(error: ClientError) -> Exception:
    return ObjectGone() if error.response["Error"]["Code"] in _GONE else error
