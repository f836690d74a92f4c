"""What a file is, by its bytes and not by its name."""

from tryon_worker.genlook.pictures import type_of

MAX_PHOTO_BYTES = 10 * 1024 * 1024
"""Genlook takes up to 10 MB a photo."""

_TAKEN = {"image/jpeg", "image/png", "image/webp", "image/heic"}


def content_type_of(data: bytes) -> str | None:
    """The media type of a photo that Genlook takes; ``None`` for anything else."""
    found = type_of(data)
    return found if found in _TAKEN else None
