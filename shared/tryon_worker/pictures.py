"""What a file is, by its bytes and not by its name."""

MAX_PHOTO_BYTES = 10 * 1024 * 1024
"""Genlook takes up to 10 MB a photo."""

# The first bytes of each format that Genlook takes. HEIC is an ISO base media file whose major
# brand says so; AVIF and MP4 are the same container with other brands.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def content_type_of(data: bytes) -> str | None:
    """The media type of a photo that Genlook takes; ``None`` for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None
