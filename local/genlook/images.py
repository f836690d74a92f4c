"""Turns foreign bytes into an upright sRGB picture, or says why they are none."""

import io
import struct
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps
from pillow_heif import register_heif_opener

from local.genlook.errors import invalid_image

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
MIN_BYTES = 100
MIN_SIDE = 64
MAX_SIDE = 16_384
MAX_PIXELS = 50_000_000
"""A 48-megapixel phone photo passes; what is larger is refused by its header alone."""
EASY_PIXELS = 4_000_000
LEAST_BYTES_PER_PIXEL = 0.005
"""Ten times less than a smooth photo needs, twice what zlib makes of a black area."""
KEPT_SIDE = 2_048
JPEG_QUALITY = 90

BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)
"""What decoders raise on foreign bytes: Pillow's plugins have no one class for it."""

register_heif_opener()


@dataclass(frozen=True)
class Limits:
    """How small a picture may be."""

    min_bytes: int = MIN_BYTES
    min_side: int = MIN_SIDE


PHOTO = Limits()
PRODUCT = Limits(min_bytes=60, min_side=8)


def decode(data: bytes, limits: Limits = PHOTO) -> Image.Image:
    """Return the picture upright, in sRGB, at most `KEPT_SIDE` long; RGBA if it has alpha."""
    if len(data) < limits.min_bytes:
        raise invalid_image("The file is too small to be an image.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_header(image, limits, len(data))
            return _normalise(image)
    except BROKEN as error:
        raise invalid_image("The file is not a readable JPEG, PNG, WebP or HEIC image.") from error


def flatten(image: Image.Image) -> Image.Image:
    """Return the picture without transparency, on white."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def jpeg(image: Image.Image) -> bytes:
    """Return the picture as JPEG, without any metadata."""
    out = io.BytesIO()
    flatten(image).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _check_header(image: Image.Image, limits: Limits, size: int) -> None:
    """Refuse by the dimensions in the header, before a single pixel is decoded."""
    width, height = image.size
    if min(width, height) < limits.min_side:
        raise invalid_image(f"Each side needs at least {limits.min_side} pixels.")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise invalid_image("The image has too many pixels.")
    streamed = image.format in {"JPEG", "MPO"}  # decoded at the size it is kept in
    if not streamed and width * height > max(EASY_PIXELS, size / LEAST_BYTES_PER_PIXEL):
        raise invalid_image("The image unpacks to far more than it holds.")


def _normalise(image: Image.Image) -> Image.Image:
    image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))  # a JPEG decodes smaller at once: less memory
    image.load()
    profile = image.info.get("icc_profile")
    image.thumbnail((KEPT_SIDE, KEPT_SIDE))
    return _to_srgb(ImageOps.exif_transpose(image), profile)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey: a plain conversion would clip them to white
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    alpha = _alpha(image)
    colour = _from_profile(image, profile) or image.convert("RGB")
    if alpha is not None:
        colour.putalpha(alpha)
    return colour


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    return image.convert("RGBA").getchannel("A")


def _from_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert by the embedded profile; None if there is none, or none that fits the picture."""
    if not profile:
        return None
    source = image if image.mode in {"RGB", "L", "CMYK"} else image.convert("RGB")
    try:
        return ImageCms.profileToProfile(
            source,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # a damaged profile is no reason to refuse a good picture
