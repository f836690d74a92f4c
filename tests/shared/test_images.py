"""A picture is what its first bytes say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.world import PHOTOS
from tryon_worker.images import content_type_of

TYPES = {None, "image/jpeg", "image/png", "image/webp", "image/heic"}


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("shopper.jpg", "image/jpeg"),
        ("shopper-rotated.jpg", "image/jpeg"),
        ("shopper-2.png", "image/png"),
        ("shopper.webp", "image/webp"),
        ("shopper.heic", "image/heic"),
    ],
)
def test_real_photos(name: str, content_type: str) -> None:
    assert content_type_of((PHOTOS / name).read_bytes()) == content_type


@pytest.mark.parametrize("brand", ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"])
def test_each_brand_of_heic(brand: str) -> None:
    assert content_type_of(b"\0\0\0\x18ftyp" + brand.encode() + bytes(12)) == "image/heic"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\x89PNG\r\n",
        b"RIFF\0\0\0\0WAVE",
        b"\0\0\0\x18ftypavif",
        b"\0\0\0\x18ftypmp42",
        b"GIF89a",
        b"<svg/>",
        b"%PDF-1.7",
        b"BM",
        b" \xff\xd8\xff",
    ],
)
def test_nothing_else_is_a_photo(data: bytes) -> None:
    assert content_type_of(data) is None


@given(data=st.binary(max_size=20))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert content_type_of(data) in TYPES
