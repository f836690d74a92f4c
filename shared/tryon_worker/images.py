"""Recognises a photo's type by its bytes, and limits its size."""

from tryon_worker.genlook.image_type import type_of

MAX_PHOTO_BYTES = 10 * 1024 * 1024
"""Genlook takes photos of up to 10 MB."""

_TAKEN = {"image/jpeg", "image/png", "image/webp", "image/heic"}


def content_type_of(data: bytes) -> str | None:
    """The media type of ``data``, or ``None`` if Genlook takes no photos of that type."""
    found = type_of(data)
    return found if found in _TAKEN else None
