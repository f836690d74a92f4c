"""Draws product pictures, so that the project needs nobody's photographs of clothes."""

import hashlib
import io
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
SIZE = 800
SHIRT = (
    (285, 110), (215, 135), (70, 270), (165, 385), (235, 325), (235, 730), (565, 730),
    (565, 325), (635, 385), (730, 270), (585, 135), (515, 110), (470, 165), (400, 185),
    (330, 165),
)  # fmt: skip
COLLAR = ((285, 110), (330, 165), (400, 185), (470, 165), (515, 110))
SUPERSAMPLING = 2
WHITE = (245, 245, 245)
SHIRTS: dict[str, tuple[Colour, Colour | None]] = {
    "t-shirt-blue.png": ((30, 90, 200), None),
    "t-shirt-red.png": ((200, 40, 40), None),
    "t-shirt-striped.png": ((20, 110, 90), WHITE),
}


@cache
def drawing(name: str) -> bytes | None:
    """Return one of the shop's drawn pictures; None if there is none of that name."""
    return t_shirt(*SHIRTS[name]) if name in SHIRTS else None


@lru_cache(maxsize=64)
def drawing_for(url: str) -> bytes:
    """Return a T-shirt for a picture that nobody can fetch here: one URL, always the same shirt."""
    red, green, blue, pattern = hashlib.sha256(url.encode()).digest()[:4]
    return t_shirt((red, green, blue), WHITE if pattern % 2 else None)


def t_shirt(colour: Colour, stripe: Colour | None = None) -> bytes:
    """Return a PNG of a T-shirt on a clear ground, plain or with stripes across the chest."""
    size = SIZE * SUPERSAMPLING
    shape = Image.new("L", (size, size), 0)
    ImageDraw.Draw(shape).polygon(_scaled(SHIRT), fill=255)
    cloth = Image.new("RGB", (size, size), colour)
    pen = ImageDraw.Draw(cloth)
    if stripe:
        for top in range(300, 700, 90):
            band = _scaled(((0, top), (SIZE, top + 38)))
            pen.rectangle((*band[0], *band[1]), fill=stripe)
    pen.line(_scaled(COLLAR), fill=_darker(colour), width=14 * SUPERSAMPLING, joint="curve")
    folded = Image.composite(Image.new("RGB", cloth.size, _darker(colour)), cloth, _folds(size))
    folded.putalpha(shape)
    out = io.BytesIO()
    folded.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _folds(size: int) -> Image.Image:
    """Return soft dark creases at the sleeves and the sides."""
    mask = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(mask)
    for start, end in (
        ((235, 325), (262, 215)),
        ((565, 325), (538, 215)),
        ((255, 730), (300, 480)),
        ((545, 730), (500, 480)),
        ((400, 190), (392, 330)),
    ):
        pen.line(_scaled((start, end)), fill=150, width=16 * SUPERSAMPLING)
    return mask.filter(ImageFilter.GaussianBlur(14))


def _scaled(points: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    return [(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points]


def _darker(colour: Colour) -> Colour:
    red, green, blue = (value * 6 // 10 for value in colour)
    return red, green, blue
