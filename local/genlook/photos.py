"""Person images: taken in, framed, kept for their days, found again by their token."""

import secrets
from functools import lru_cache

from local.genlook.clock import iso
from local.genlook.errors import ApiError, forbidden
from local.genlook.images import decode, jpeg
from local.genlook.person import crop_to_person
from local.genlook.store import Photo, State


@lru_cache(maxsize=16)
def prepare(data: bytes, *, crop: bool) -> bytes:
    """Return the photo as the service keeps it: upright, sRGB, framed 4:5 if asked, JPEG.

    Tests and demos upload the same few photos many times, and each takes 60 ms of work.
    """
    image = decode(data)
    return jpeg(crop_to_person(image) if crop else image)


def keep(
    state: State, account: str, data: bytes, *, external_user_id: str | None, days: int | None
) -> Photo:
    """Store a prepared photo under a new `imageId`."""
    now = state.clock.now()
    keep_days = days or state.settings.keep_for_days
    photo = Photo(_image_id(keep_days, iso(now)), account, external_user_id, data, keep_days, now)
    state.photos[photo.image_id] = photo
    return photo


def find(state: State, account: str, image_id: str) -> Photo | None:
    """Return the photo while it lives; None if it is unknown, expired or erased."""
    photo = state.photos.get(image_id)
    if photo is None or photo.expires_at <= state.clock.now():
        return None
    if photo.account != account:
        raise forbidden()
    return photo


def refusal(state: State) -> ApiError | str:
    """Return how a dead token is refused, or the errorCode it FAILS with after acceptance."""
    how, _, code = state.quirks.unknown_image.partition(":")
    if how == "fail":
        return code
    return ApiError(int(how), code, "The person image is unknown or has expired.")


def _image_id(days: int, written: str) -> str:
    """Make a token like the real ones: it looks like a path, and is none."""
    stem = written.replace(":", "-").replace(".", "-")
    return (
        f"ephemeral/customer/ttl-{days}d/{secrets.token_hex(8)}/{stem}-{secrets.token_hex(4)}.jpeg"
    )
