"""Recognises a picture's type by its first bytes."""

UNKNOWN = "application/octet-stream"
ENOUGH = 16  # bytes that ``type_of`` reads

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)
# The major brand of an ISO base media file gives its type; MP4 uses the same container.
_BRANDS = dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"
) | {b"avif": "image/avif"}


def type_of(head: bytes) -> str | None:
    """The picture's media type; ``None`` if it is unknown."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return _BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None
