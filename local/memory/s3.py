"""S3 in memory: objects with dates and sequencers, listings by page, uploads in parts."""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

from local.memory.errors import Exceptions, client_error
from local.memory.pages import Paginator

# A key with one of these makes the request's XML one that S3 cannot read (XML 1.0, section 2.2).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# Keys of a DeleteObjects call (AWS).
_DELETES = 1_000

_PAGE_KEYS = 1_000


@dataclass(frozen=True)
class Object:
    """An object; ``modified_at`` is when its upload began, as S3 dates it."""

    data: bytes
    content_type: str
    metadata: dict[str, str]
    tags: dict[str, str]
    modified_at: float
    sequencer: str

    @property
    def etag(self) -> str:
        """Return the entity tag, in its quotes."""
        return f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class Upload:
    """An upload in parts that was begun and not completed."""

    bucket: str
    key: str
    initiated_at: float


Created = Callable[[str, str, Object], None]
"""Hears of each new object: bucket, key, object."""


@dataclass
class S3:
    """The client. ``now`` is S3's own clock, which need not be that of any caller."""

    now: Callable[[], float]
    on_created: Created | None = None
    page_keys: int = _PAGE_KEYS
    buckets: dict[str, dict[str, Object]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    exceptions: Exceptions = field(default_factory=Exceptions)
    _written: int = 0

    # --- buckets

    def create_bucket(self, **given: Any) -> dict[str, Any]:
        """Make a bucket."""
        self.buckets.setdefault(given["Bucket"], {})
        return {}

    # --- objects

    def put_object(self, **given: Any) -> dict[str, Any]:
        """Write an object."""
        body = given.get("Body", b"")
        made = self.store(
            given["Bucket"],
            given["Key"],
            body if isinstance(body, bytes) else body.read(),
            content_type=given.get("ContentType", "binary/octet-stream"),
            metadata=given.get("Metadata", {}),
            tags=dict(parse_qsl(given.get("Tagging", ""))),
        )
        return {"ETag": made.etag}

    def store(
        self,
        bucket: str,
        key: str,
        data: bytes,
        *,
        content_type: str = "binary/octet-stream",
        metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        began_at: float | None = None,
    ) -> Object:
        """Write an object whose upload began at a moment; now unless it is said."""
        self._written += 1
        made = Object(
            data,
            content_type,
            {name.lower(): value for name, value in (metadata or {}).items()},
            tags or {},
            self.now() if began_at is None else began_at,
            f"{self._written:016X}",
        )
        self._bucket("PutObject", bucket)[key] = made
        if self.on_created is not None:
            self.on_created(bucket, key, made)
        return made

    def get_object(self, **given: Any) -> dict[str, Any]:
        """Read an object."""
        found = self._object("GetObject", given, "NoSuchKey")
        body = StreamingBody(io.BytesIO(found.data), len(found.data))
        return {**_head(found), "Body": body}

    def head_object(self, **given: Any) -> dict[str, Any]:
        """Read what is said of an object without its bytes."""
        return _head(self._object("HeadObject", given, "404"))

    def put_object_tagging(self, **given: Any) -> dict[str, Any]:
        """Replace an object's tags."""
        found = self._object("PutObjectTagging", given, "NoSuchKey")
        tags = {tag["Key"]: tag["Value"] for tag in given["Tagging"]["TagSet"]}
        self.buckets[given["Bucket"]][given["Key"]] = Object(
            found.data,
            found.content_type,
            found.metadata,
            tags,
            found.modified_at,
            found.sequencer,
        )
        return {}

    def get_object_tagging(self, **given: Any) -> dict[str, Any]:
        """Read an object's tags."""
        found = self._object("GetObjectTagging", given, "NoSuchKey")
        return {"TagSet": [{"Key": name, "Value": value} for name, value in found.tags.items()]}

    def delete_object(self, **given: Any) -> dict[str, Any]:
        """Remove an object; one that is not there is no error, unless ``IfMatch`` wants it."""
        objects = self._bucket("DeleteObject", given["Bucket"])
        wanted = given.get("IfMatch")
        if wanted is not None:
            found = self._object("DeleteObject", given, "NoSuchKey")
            if wanted.strip('"') != found.etag.strip('"'):
                raise client_error("PreconditionFailed", "DeleteObject", status=412)
        objects.pop(given["Key"], None)
        return {}

    def delete_objects(self, **given: Any) -> dict[str, Any]:
        """Remove up to a thousand objects; whether each went is said key by key."""
        asked = given["Delete"]["Objects"]
        if len(asked) > _DELETES or any(_NOT_XML.search(one["Key"]) for one in asked):
            raise client_error("MalformedXML", "DeleteObjects")
        errors = []
        for one in asked:
            try:
                condition = {"IfMatch": one["ETag"]} if "ETag" in one else {}
                self.delete_object(Bucket=given["Bucket"], Key=one["Key"], **condition)
            except ClientError as error:
                errors.append({"Key": one["Key"], "Code": error.response["Error"]["Code"]})
        return {"Errors": errors} if errors else {}

    # --- listings

    def list_objects_v2(self, **given: Any) -> dict[str, Any]:
        """List one page of keys in their order."""
        objects = self._bucket("ListObjectsV2", given["Bucket"])
        after = given.get("ContinuationToken") or given.get("StartAfter") or ""
        prefix, limit = given.get("Prefix", ""), given.get("MaxKeys") or self.page_keys
        keys = sorted((k for k in objects if k.startswith(prefix) and k > after), key=str.encode)
        contents = [
            {
                "Key": key,
                "LastModified": _date(objects[key].modified_at),
                "ETag": objects[key].etag,
                "Size": len(objects[key].data),
            }
            for key in keys[:limit]
        ]
        answer: dict[str, Any] = {"KeyCount": len(contents), "IsTruncated": len(keys) > limit}
        if contents:
            answer["Contents"] = contents
        if len(keys) > limit:
            answer["NextContinuationToken"] = keys[limit - 1]
        return answer

    def list_object_versions(self, **given: Any) -> dict[str, Any]:
        """List every version of every object: without versioning one of each."""
        return {"Versions": [{"Key": key} for key in self._bucket("List", given["Bucket"])]}

    def get_paginator(self, operation: str) -> Paginator:
        """Return what walks over all pages of a listing."""
        if operation == "list_objects_v2":
            token = ("NextContinuationToken", "ContinuationToken")
            return Paginator(self.list_objects_v2, *token, "MaxKeys")
        calls = {"list_multipart_uploads": self.list_multipart_uploads}
        return Paginator(calls[operation], "NextUploadIdMarker", "UploadIdMarker", "MaxUploads")

    # --- uploads in parts

    def create_multipart_upload(self, **given: Any) -> dict[str, Any]:
        """Begin an upload in parts."""
        upload_id = f"upload-{len(self.uploads) + 1}"
        self.uploads[upload_id] = Upload(given["Bucket"], given["Key"], self.now())
        return {"UploadId": upload_id}

    def upload_part(self, **given: Any) -> dict[str, Any]:
        """Take a part of an upload; nothing can be read of it before the upload is completed."""
        return {"ETag": f'"{given["UploadId"]}-{given["PartNumber"]}"'}

    def list_multipart_uploads(self, **given: Any) -> dict[str, Any]:
        """List the uploads that were begun and not completed; keys are encoded where asked for."""
        found = {
            name: upload
            for name, upload in self.uploads.items()
            if upload.bucket == given["Bucket"] and upload.key.startswith(given.get("Prefix", ""))
        }
        encode = given.get("EncodingType") == "url"
        if not encode and any(_NOT_XML.search(upload.key) for upload in found.values()):
            raise ResponseParserError("the answer is no XML that can be read")
        uploads = [
            {
                "Key": quote_plus(upload.key, safe="/") if encode else upload.key,
                "UploadId": name,
                "Initiated": _date(upload.initiated_at),
            }
            for name, upload in found.items()
        ]
        answer = {"IsTruncated": False, **({"EncodingType": "url"} if encode else {})}
        return {**answer, "Uploads": uploads} if uploads else answer

    def abort_multipart_upload(self, **given: Any) -> dict[str, Any]:
        """Drop the parts of an upload."""
        if self.uploads.pop(given["UploadId"], None) is None:
            raise client_error("NoSuchUpload", "AbortMultipartUpload", status=404)
        return {}

    def _bucket(self, operation: str, name: str) -> dict[str, Object]:
        if name not in self.buckets:
            raise client_error("NoSuchBucket", operation, status=404)
        return self.buckets[name]

    def _object(self, operation: str, given: dict[str, Any], missing: str) -> Object:
        found = self._bucket(operation, given["Bucket"]).get(given["Key"])
        if found is None:
            raise client_error(missing, operation, status=404)
        return found


def _head(found: Object) -> dict[str, Any]:
    return {
        "ContentLength": len(found.data),
        "ContentType": found.content_type,
        "ETag": found.etag,
        "LastModified": _date(found.modified_at),
        "Metadata": dict(found.metadata),
    }


def _date(moment: float) -> datetime:
    """S3 dates objects in whole seconds."""
    return datetime.fromtimestamp(int(moment), UTC)
