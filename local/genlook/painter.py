"""Paints the result: the product laid onto the person, marked so that nobody takes it for real."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from local.genlook.images import PRODUCT, decode, flatten, jpeg
from local.genlook.person import Box, select_photo

MARK = "SIMULATED TRY-ON"
GARMENT_PER_FACE = 3.1
"""How many faces wide a garment is: shoulders and sleeves."""
CHIN_GAP = 0.12
CARD_SHARE = 0.24
LOGO_SHARE = 0.22
BANNER_SHARE = 0.075
BACKGROUND_TOLERANCE = 24
OPAQUE = 255
SHADOW = 110
SMALLEST_TEXT = 8
MOST_TEXT = 60
Point = tuple[int, int]


@dataclass(frozen=True)
class Scene:
    """What a result is made of."""

    person: bytes
    product: bytes
    title: str | None
    logo: bytes | None


@lru_cache(maxsize=16)
def paint(scene: Scene) -> bytes:
    """Return the result as JPEG; the same scene is painted once."""
    canvas = flatten(decode(scene.person)).convert("RGBA")
    product = decode(scene.product, PRODUCT).convert("RGBA")
    _lay_on(canvas, cut_out(product))
    _add_card(canvas, product)
    if scene.logo:
        _add_logo(canvas, decode(scene.logo, PRODUCT).convert("RGBA"))
    _add_banner(canvas, scene.title)
    return jpeg(canvas.convert("RGB"))


def cut_out(product: Image.Image) -> Image.Image:
    """Return the product alone: a plain background made clear, empty margins cut away."""
    if product.getchannel("A").getextrema()[0] == OPAQUE:
        product = _without_background(product)
    box = product.getchannel("A").getbbox()
    return product.crop(box) if box else product


def garment_box(canvas: Image.Image, garment: Image.Image) -> Box:
    """Return where the garment goes: below the face, else in the middle of the picture."""
    person = select_photo(canvas)
    if person.face:
        width = round(person.face.width * GARMENT_PER_FACE)
        middle = person.face.centre[0]
        top = round(person.face.top + person.face.height * (1 + CHIN_GAP))
    else:
        width = round(canvas.width * 0.6)
        middle = person.body.centre[0] if person.body else canvas.width / 2
        top = round(canvas.height * 0.35)
    height = round(width * garment.height / garment.width)
    return Box(round(middle - width / 2), top, max(1, width), max(1, height))


def _lay_on(canvas: Image.Image, garment: Image.Image) -> None:
    box = garment_box(canvas, garment)
    fitted = garment.resize((box.width, box.height), Image.Resampling.LANCZOS)
    alpha = fitted.getchannel("A").filter(ImageFilter.GaussianBlur(0.8))
    fitted.putalpha(alpha)
    blur = max(2, box.width // 40)
    shade = Image.new("RGBA", fitted.size, (0, 0, 0, 0))
    shade.putalpha(alpha.point([value * SHADOW // OPAQUE for value in range(256)]))
    _composite(
        canvas, shade.filter(ImageFilter.GaussianBlur(blur)), (box.left + blur, box.top + blur)
    )
    _composite(canvas, fitted, (box.left, box.top))


def _without_background(product: Image.Image) -> Image.Image:
    """Make the area clear that joins the corners and has their colour."""
    pixels = np.array(product.convert("RGB"))
    height, width = pixels.shape[:2]
    mask = np.zeros((height + 2, width + 2), np.uint8)  # OpenCV wants a border of one
    slack = (BACKGROUND_TOLERANCE,) * 3
    how = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | OPAQUE << 8
    for corner in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        cv2.floodFill(pixels, mask, corner, (0, 0, 0), slack, slack, how)
    clear = product.copy()
    clear.putalpha(Image.fromarray(OPAQUE - mask[1:-1, 1:-1]))
    return clear if clear.getchannel("A").getbbox() else product


def _add_card(canvas: Image.Image, product: Image.Image) -> None:
    """Show the product by itself in the lower right corner."""
    side = round(min(canvas.size) * CARD_SHARE)
    margin = max(4, side // 12)
    card = Image.new("RGBA", (side, side), (255, 255, 255, 235))
    small = product.copy()
    small.thumbnail((side - 2 * margin, side - 2 * margin))
    card.alpha_composite(small, ((side - small.width) // 2, (side - small.height) // 2))
    ImageDraw.Draw(card).rectangle((0, 0, side - 1, side - 1), outline=(60, 60, 60, 255))
    place = (canvas.width - side - margin, canvas.height - side - margin)
    _composite(canvas, card, place)


def _add_logo(canvas: Image.Image, logo: Image.Image) -> None:
    """Put the account's watermark into the lower left corner."""
    side = round(min(canvas.size) * LOGO_SHARE)
    logo.thumbnail((side, side))
    margin = max(4, side // 12)
    _composite(canvas, logo, (margin, canvas.height - logo.height - margin))


def _add_banner(canvas: Image.Image, title: str | None) -> None:
    height = max(14, round(canvas.height * BANNER_SHARE))
    banner = Image.new("RGBA", (canvas.width, height), (176, 0, 32, 225))
    line = " ".join((title or "").split())[:MOST_TEXT]
    text = f"{MARK}: {line}" if line else MARK
    pen = ImageDraw.Draw(banner)
    font = _fitting_font(pen, text, canvas.width * 0.94, height * 0.62)
    middle = (canvas.width / 2, height / 2)
    pen.text(middle, text, fill=(255, 255, 255, 255), font=font, anchor="mm")
    _composite(canvas, banner, (0, 0))


def _fitting_font(
    pen: ImageDraw.ImageDraw, text: str, width: float, size: float
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the built-in font, made smaller until the text fits (or is unreadably small)."""
    while size > SMALLEST_TEXT and pen.textlength(text, font=ImageFont.load_default(size)) > width:
        size *= 0.9
    return ImageFont.load_default(size)


def _composite(canvas: Image.Image, picture: Image.Image, place: Point) -> None:
    """Lay a picture on, also where it reaches over the edge."""
    layer = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    layer.paste(picture, place)
    canvas.alpha_composite(layer)
