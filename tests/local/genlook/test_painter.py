"""The result picture: right product, right place, marked, with the logo where it belongs."""

import io
from pathlib import Path

import pytest
from PIL import Image

from local.genlook.drawings import t_shirt
from local.genlook.painter import Scene, cut_out, garment_box, paint
from local.genlook.person import select_photo
from local.genlook.server import serve
from local.genlook.settings import Settings
from tests.local.genlook.helpers import (
    SHIRT,
    SHIRT_URL,
    SHOPPER,
    Caller,
    encoded,
    http_get,
    one_shot,
    picture,
    shopper_image,
)

LOGO = encoded(Image.new("RGB", (60, 60), (0, 255, 0)), "PNG")


def colour(image: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    place = int(x * image.width), int(y * image.height)
    red, green, blue = image.convert("RGB").getpixel(place)  # type: ignore[misc]  # RGB has three
    return red, green, blue


def is_green(rgb: tuple[int, int, int]) -> bool:
    return rgb[1] > 200 and max(rgb[0], rgb[2]) < 90


def test_the_garment_hangs_below_the_face() -> None:
    photo = shopper_image()
    face = select_photo(photo).face
    assert face is not None
    box = garment_box(photo, cut_out(picture(SHIRT)))
    assert box.top >= face.top + face.height
    assert abs(box.centre[0] - face.centre[0]) <= 1
    assert box.width > 2 * face.width


def test_without_a_face_it_hangs_in_the_middle() -> None:
    blank = Image.new("RGB", (400, 500), "grey")
    box = garment_box(blank, cut_out(picture(SHIRT)))
    assert abs(box.centre[0] - 200) <= 1
    assert 0 < box.top < 250


@pytest.mark.parametrize("ground", ["white", "black", (200, 180, 160)])
def test_a_plain_background_is_cut_away(ground: str | tuple[int, int, int]) -> None:
    shirt = picture(t_shirt((20, 90, 200)))
    scene = Image.new("RGBA", shirt.size, ground)
    scene.alpha_composite(shirt)
    alone = cut_out(scene.convert("RGB").convert("RGBA"))
    alpha = alone.getchannel("A")
    assert alpha.getpixel((0, 0)) == 0
    assert alpha.getpixel((alone.width // 2, alone.height // 2)) == 255
    assert alone.width < shirt.width


def test_a_picture_that_is_nothing_but_background_stays_whole() -> None:
    plain = Image.new("RGBA", (50, 50), "red")
    assert cut_out(plain).getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize(
    "title", [None, "Blue shirt", "A very long title " * 20, "日本語 ✓ \n\x00 x"]
)
def test_every_result_is_marked(title: str | None) -> None:
    result = picture(paint(Scene(SHOPPER, SHIRT, title, None)))
    assert result.size == (512, 512)
    red, green, blue = colour(result, 0.01, 0.02)
    assert red > 130 > max(green, blue)


def test_the_product_by_itself_lies_in_the_corner() -> None:
    result = picture(paint(Scene(SHOPPER, SHIRT, None, None)))
    red, green, blue = colour(result, 0.86, 0.88)
    assert blue > 150 > max(red, green)


def test_the_logo_lies_lower_left() -> None:
    with_logo = picture(paint(Scene(SHOPPER, SHIRT, None, LOGO)))
    without = picture(paint(Scene(SHOPPER, SHIRT, None, None)))
    assert is_green(colour(with_logo, 0.05, 0.95))
    assert not is_green(colour(without, 0.05, 0.95))


@pytest.mark.parametrize("size", [(64, 80), (2048, 1024), (100, 1500)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    photo = encoded(Image.new("RGB", size, "grey"), "JPEG", quality=95)
    assert picture(paint(Scene(photo + bytes(200), SHIRT, "x", LOGO))).size == size


@pytest.mark.parametrize(
    ("output", "configured", "marked"),
    [({}, True, True), ({"watermark": True}, True, True), ({"watermark": False}, True, False),
     ({"watermark": True}, False, False)],
)  # fmt: skip
def test_watermark_over_the_wire(
    tmp_path: Path, output: dict[str, bool], configured: bool, marked: bool
) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(LOGO)
    (tmp_path / "shirt.png").write_bytes(SHIRT)
    settings = Settings(
        median_seconds=0,
        logo=logo if configured else None,
        resolve={SHIRT_URL.removesuffix("shirt.png"): tmp_path},
    )
    with serve(settings) as running:
        caller = Caller(running)
        with caller.http:
            generation = caller.generation_id(products=[one_shot()], output=output)
            caller.finished(generation)
            row = running.state.generations[generation]
            link = caller.generation(generation)["resultImageUrl"]
            result = Image.open(io.BytesIO(http_get(link).content))
    assert row.watermark is output.get("watermark", True)
    assert is_green(colour(result, 0.05, 0.95)) is marked
