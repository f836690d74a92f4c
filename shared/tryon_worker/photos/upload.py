"""Uploads one photo to Genlook, and rejects here what Genlook would surely refuse."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self

from tryon_worker.account.calls import UnbilledCall
from tryon_worker.account.gcra import Priority
from tryon_worker.aws.buckets import Bucket, Fetched, ObjectGone
from tryon_worker.clock import DAY, Clock
from tryon_worker.events.fields import RETENTIONS
from tryon_worker.genlook import Refused
from tryon_worker.images import MAX_PHOTO_BYTES, content_type_of
from tryon_worker.photos.model import Photo, PhotoState, RejectionReason

_CROP = {"true": True, "false": False}


class PhotoRejected(Exception):
    """The photo cannot be used at Genlook."""

    def __init__(self, reason: RejectionReason, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = code


@dataclass(frozen=True)
class PhotoOptions:
    """What the shop asked for in the object's metadata; ``crop`` of ``None`` is Genlook's default.

    ``keep_for_days`` is never longer than the stack's retention.
    """

    crop: bool | None
    keep_for_days: int

    @classmethod
    def of(cls, metadata: Mapping[str, str], *, default_keep: int) -> Self:
        """Reads the options from an object's metadata.

        Raises
        ------
        PhotoRejected
            A value is not one of those allowed.
        """
        crop = metadata.get("crop")
        if crop is not None and crop not in _CROP:
            raise PhotoRejected(RejectionReason.BAD_METADATA, "crop must be true or false")
        keep = metadata.get("keep-for-days", str(default_keep))
        if keep not in {str(days) for days in RETENTIONS}:
            raise PhotoRejected(RejectionReason.BAD_METADATA, "keep-for-days must be 1, 3 or 7")
        return cls(_CROP[crop] if crop else None, min(int(keep), default_keep))


class UploadImage(Protocol):
    """The call to Genlook; ``GenlookClient.upload_image`` is one."""

    def __call__(
        self,
        data: bytes,
        *,
        filename: str,
        content_type: str,
        external_user_id: str,
        crop: bool | None,
        keep_for_days: int | None,
    ) -> str:
        """Uploads a photo."""


@dataclass(frozen=True)
class UploadPhoto:
    """Reads the object, checks it, uploads it."""

    bucket: Bucket
    unbilled_call: UnbilledCall
    upload_image: UploadImage
    clock: Clock
    keep_for_days: int

    def __call__(self, photo: Photo, external_user_id: str) -> Photo:
        """Returns the photo as it is once Genlook has it.

        Raises
        ------
        PhotoRejected
            It is no photo, or its object or its time is gone.
        Unavailable
            Genlook cannot take it now.
        """
        fetched, options = self._fetch(photo)
        data, content_type = _checked(fetched)
        kept_until = photo.taken_at + options.keep_for_days * DAY
        keep = _days_left(kept_until - self.clock(), options.keep_for_days)
        try:
            image_id = self.unbilled_call(
                Priority.UPLOAD,
                lambda: self.upload_image(
                    data,
                    filename=f"photo.{content_type.partition('/')[2]}",
                    content_type=content_type,
                    external_user_id=external_user_id,
                    crop=options.crop,
                    keep_for_days=keep,
                ),
                tries=photo.tries,
            )
        except Refused as error:
            raise PhotoRejected(
                RejectionReason.REFUSED_BY_GENLOOK, error.message, error.code
            ) from error
        return replace(
            photo,
            state=PhotoState.READY,
            image_id=image_id,
            keep_for_days=options.keep_for_days,
            usable_until=min(kept_until, int(self.clock()) + keep * DAY),
        )

    def _fetch(self, photo: Photo) -> tuple[Fetched, PhotoOptions]:
        """Reads the object and its options, and tags it so that S3's lifecycle deletes it in time.

        The tag comes before the checks, which may reject the photo.
        """
        try:
            fetched = self.bucket.fetch(photo.key, max_bytes=MAX_PHOTO_BYTES)
        except ObjectGone as error:
            raise _gone() from error
        options = PhotoOptions.of(fetched.metadata, default_keep=self.keep_for_days)
        tag(self.bucket, photo.key, options.keep_for_days)
        return fetched, options


def tag(bucket: Bucket, key: str, days: int) -> None:
    """Tags a photo's object, so that S3's lifecycle deletes it after ``days``.

    Raises
    ------
    PhotoRejected
        The object is gone.
    """
    try:
        bucket.tag(key, days)
    except ObjectGone as error:
        raise _gone() from error


def _gone() -> PhotoRejected:
    return PhotoRejected(RejectionReason.GONE, "the object is not in the bucket any more")


def _checked(fetched: Fetched) -> tuple[bytes, str]:
    """The bytes of a photo that Genlook takes, and their media type."""
    if fetched.size == 0:
        raise PhotoRejected(RejectionReason.EMPTY, "the object has no bytes")
    if fetched.data is None:
        raise PhotoRejected(
            RejectionReason.TOO_LARGE, f"{fetched.size} bytes are more than {MAX_PHOTO_BYTES}"
        )
    content_type = content_type_of(fetched.data)
    if content_type is None:
        raise PhotoRejected(
            RejectionReason.NOT_AN_IMAGE, "the bytes are not of a JPEG, PNG, WebP or HEIC picture"
        )
    return fetched.data, content_type


def _days_left(seconds: float, longest: int) -> int:
    """For how many days Genlook is to keep the photo: a second upload does not start anew."""
    if seconds <= 0:
        raise PhotoRejected(RejectionReason.GONE, "the time for which the photo is kept is over")
    return next((days for days in RETENTIONS if days * DAY >= seconds), longest)
