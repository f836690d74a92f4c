"""Uploads one photo to Genlook; what Genlook would surely refuse stays here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self

from tryon_worker.account.calls import UnbilledCall
from tryon_worker.account.gcra import Priority
from tryon_worker.aws.buckets import Bucket, Fetched, ObjectGone
from tryon_worker.clock import DAY, Clock
from tryon_worker.events.fields import RETENTIONS
from tryon_worker.genlook import Refused, UploadedImage
from tryon_worker.images import MAX_PHOTO_BYTES, content_type_of
from tryon_worker.photos.model import Photo, PhotoState, RejectionReason

_CROP = {"true": True, "false": False}


class InvalidMetadata(ValueError):
    """A value that is none of those allowed."""


@dataclass(frozen=True)
class PhotoOptions:
    """``crop`` is ``None`` where Genlook's default shall hold."""

    crop: bool | None
    keep_for_days: int

    @classmethod
    def of(cls, metadata: Mapping[str, str], *, default_keep: int) -> Self:
        """The options in an object's metadata; the retention is never longer than the stack's.

        Raises
        ------
        InvalidMetadata
            A value cannot be understood.
        """
        crop = metadata.get("crop")
        if crop is not None and crop not in _CROP:
            raise InvalidMetadata("crop must be true or false")
        keep = metadata.get("keep-for-days", str(default_keep))
        if keep not in {str(days) for days in RETENTIONS}:
            raise InvalidMetadata("keep-for-days must be 1, 3 or 7")
        return cls(_CROP[crop] if crop else None, min(int(keep), default_keep))


class PhotoUnusable(Exception):
    """The photo is none that Genlook takes."""

    def __init__(self, reason: RejectionReason, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = code


class Upload(Protocol):
    """How a photo is sent; ``GenlookClient.upload_image`` is one."""

    def __call__(
        self,
        data: bytes,
        *,
        filename: str,
        content_type: str,
        external_user_id: str,
        crop: bool | None,
        keep_for_days: int | None,
    ) -> UploadedImage:
        """Sends a photo."""


@dataclass(frozen=True)
class SendPhoto:
    """Reads the object, looks at it, uploads it."""

    bucket: Bucket
    unbilled_call: UnbilledCall
    upload: Upload
    clock: Clock
    keep_for_days: int

    def __call__(self, photo: Photo, external_user_id: str) -> Photo:
        """The photo as it is once Genlook has it.

        Raises
        ------
        Unusable
            It is no photo, or none any more.
        Unavailable
            Not now.
        """
        fetched = self._fetch(photo)
        options = self._options(photo, fetched)
        data, content_type = _checked(fetched)
        kept_until = photo.taken_at + options.keep_for_days * DAY
        keep = _still_to_keep(kept_until - self.clock(), options.keep_for_days)
        try:
            image = self.unbilled_call(
                Priority.UPLOAD,
                lambda: self.upload(
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
            raise PhotoUnusable(
                RejectionReason.REFUSED_BY_GENLOOK, error.message, error.code
            ) from error
        return replace(
            photo,
            state=PhotoState.READY,
            image_id=image.image_id,
            keep_for_days=options.keep_for_days,
            usable_until=min(kept_until, int(self.clock()) + keep * DAY),
        )

    def _fetch(self, photo: Photo) -> Fetched:
        try:
            return self.bucket.fetch(photo.key, max_bytes=MAX_PHOTO_BYTES)
        except ObjectGone as error:
            raise PhotoUnusable(
                RejectionReason.GONE, "the object is not in the bucket any more"
            ) from error

    def _options(self, photo: Photo, fetched: Fetched) -> PhotoOptions:
        """What the metadata asks for; the lifecycle is told before anything can go wrong."""
        try:
            options = PhotoOptions.of(fetched.metadata, default_keep=self.keep_for_days)
            self.bucket.tag(photo.key, options.keep_for_days)
        except InvalidMetadata as error:
            raise PhotoUnusable(RejectionReason.BAD_METADATA, str(error)) from error
        except ObjectGone as error:
            raise PhotoUnusable(
                RejectionReason.GONE, "the object is not in the bucket any more"
            ) from error
        return options


def _checked(fetched: Fetched) -> tuple[bytes, str]:
    if fetched.size == 0:
        raise PhotoUnusable(RejectionReason.EMPTY, "the object has no bytes")
    if fetched.data is None:
        raise PhotoUnusable(
            RejectionReason.TOO_LARGE, f"{fetched.size} bytes are more than {MAX_PHOTO_BYTES}"
        )
    content_type = content_type_of(fetched.data)
    if content_type is None:
        raise PhotoUnusable(
            RejectionReason.NOT_AN_IMAGE, "the bytes are not of a JPEG, PNG, WebP or HEIC picture"
        )
    return fetched.data, content_type


def _still_to_keep(seconds: float, longest: int) -> int:
    """For how many days Genlook is to keep it: a second upload does not begin anew."""
    if seconds <= 0:
        raise PhotoUnusable(RejectionReason.GONE, "the time for which the photo is kept is over")
    return next((days for days in RETENTIONS if days * DAY >= seconds), longest)
