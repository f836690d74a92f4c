"""Tells an image's type by its bytes, and how large a photo may be."""

from tryon_worker.genlook.image_type import type_of

MAX_PHOTO_BYTES = 10 * 1024 * 1024
"""Genlook takes up to 10 MB a photo."""

_TAKEN = {"image/jpeg", "image/png", "image/webp", "image/heic"}


def content_type_of(data: bytes) -> str | None:
    """The media type of a photo that Genlook takes; ``None`` for anything else."""
    found = type_of(data)
    return found if found in _TAKEN else None
