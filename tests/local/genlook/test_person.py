"""The frame that a photo is cropped to: it holds the person, and the middle where there is none."""

import pytest
from PIL import Image, ImageOps

from local.genlook.person import crop_to_person, select_photo
from tests.local.genlook.helpers import PHOTOS, picture, shopper_image


def test_the_frame_holds_the_face() -> None:
    """A person at the edge of a wide photo: the frame moves to them."""
    wide = Image.new("RGB", (1500, 512), "grey")
    wide.paste(shopper_image(), (988, 0))
    frame = crop_to_person(wide)
    assert frame.size == (410, 512)
    face = select_photo(frame).face
    assert face is not None
    assert abs(face.centre[0] - frame.width / 2) < 60


def test_a_profile_is_found_from_either_side() -> None:
    photo = picture((PHOTOS / "shopper-2.png").read_bytes())
    right = select_photo(photo).face
    left = select_photo(ImageOps.mirror(photo)).face
    assert right is not None
    assert left is not None
    assert abs(right.centre[0] - (512 - left.centre[0])) < 40


@pytest.mark.parametrize("size", [(400, 400), (300, 900), (900, 300), (64, 64)])
def test_without_a_person_the_middle_is_kept(size: tuple[int, int]) -> None:
    frame = crop_to_person(Image.new("RGB", size, "navy"))
    assert frame.width / frame.height == pytest.approx(0.8, abs=0.02)
