"""Tells a picture's type by its first bytes."""

UNKNOWN = "application/octet-stream"
ENOUGH = 16  # bytes that `type_of` looks at

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def type_of(head: bytes) -> str | None:
    """Name the picture's media type; None if the bytes are of no kind that is known here."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return {b"avif": "image/avif"}.get(head[8:12]) or (
            "image/heic" if head[8:12] in _HEIC_BRANDS else None
        )
    return None
