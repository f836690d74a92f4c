"""Photos of every format, good and bad: the right answer for each."""

import io
import struct

import pytest
from PIL import Image, ImageCms

from local.genlook.server import StandIn
from tests.local.genlook.helpers import (
    PHOTOS,
    SHOPPER,
    Caller,
    encoded,
    http_get,
    picture,
    refusal,
    shopper_image,
)

LIMIT = 10 * 1024 * 1024


def kept(caller: Caller, photo: bytes) -> Image.Image:
    """Upload without cropping; return what the service keeps."""
    response = caller.upload(photo, crop="false")
    assert response.status_code == 201, response.text
    return picture(http_get(response.json()["imageUrl"]).content)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart, 0 to 255, seen from far enough."""
    small = [image.convert("L").resize((32, 32)).tobytes() for image in (one, other)]
    total: int = sum(abs(a - b) for a, b in zip(*small, strict=True))
    return total / 1024


@pytest.mark.parametrize(
    "name", ["shopper.jpg", "shopper.webp", "shopper.heic", "shopper-rotated.jpg"]
)
def test_every_format_comes_out_upright(caller: Caller, name: str) -> None:
    photo = kept(caller, (PHOTOS / name).read_bytes())
    assert photo.size == (512, 512)
    assert difference(photo, shopper_image()) < 4
    assert 274 not in photo.getexif()


def test_png(caller: Caller) -> None:
    photo = kept(caller, (PHOTOS / "shopper-2.png").read_bytes())
    assert difference(photo, picture((PHOTOS / "shopper-2.png").read_bytes())) < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_exif_orientation(caller: Caller, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    turned = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = shopper_image().crop((0, 0, 400, 512))
    stored = upright if turned is None else upright.transpose(turned)
    photo = kept(caller, encoded(stored, "JPEG", exif=exif.tobytes()))
    assert photo.size == upright.size
    assert difference(photo, upright) < 4


def test_a_wide_gamut_profile_becomes_srgb(caller: Caller) -> None:
    """The same numbers mean a stronger colour in Display P3: in sRGB they lie further apart."""
    image = Image.new("RGB", (100, 100), (200, 60, 60))
    plain = kept(caller, encoded(image, "JPEG"))
    wide = kept(caller, encoded(image, "JPEG", icc_profile=_display_p3()))
    assert channel(wide, 0) > channel(plain, 0) + 5
    assert channel(wide, 1) < channel(plain, 1) - 5
    assert "icc_profile" not in wide.info


def channel(image: Image.Image, number: int) -> int:
    return image.getchannel(number).getextrema()[0]  # type: ignore[return-value]  # one band: ints


def test_a_profile_that_does_not_fit_is_ignored(caller: Caller) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = Image.new("RGB", (100, 100), (200, 60, 60))
    odd = kept(caller, encoded(image, "JPEG", icc_profile=lab))
    broken = kept(caller, encoded(image, "JPEG", icc_profile=b"no profile at all"))
    assert channel(odd, 0) == channel(broken, 0) == 200


def test_transparency_lies_on_white(caller: Caller) -> None:
    photo = kept(caller, encoded(Image.new("RGBA", (100, 100), (255, 0, 0, 0)), "PNG"))
    assert photo.mode == "RGB"
    assert photo.getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA", "I;16"])
def test_other_colour_modes(caller: Caller, mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new(mode, (900, 900))
    photo = kept(caller, encoded(image, kind))
    assert (photo.mode, photo.size) == ("RGB", (900, 900))


def test_sixteen_bits_of_grey_keep_their_brightness(caller: Caller) -> None:
    image = Image.new("I;16", (400, 400), 100 * 256)
    assert abs(channel(kept(caller, encoded(image, "PNG")), 0) - 100) < 3


@pytest.mark.parametrize("name", ["photo.png", "photo.txt", "../../etc/passwd", ""])
def test_bytes_count_and_not_names(caller: Caller, name: str) -> None:
    files = {"file": (name or "x", SHOPPER, "text/plain")}
    assert caller.http.post("/images/upload", files=files).status_code == 201


BAD = {
    "empty": b"",
    "text": b"This is not a photo, whatever its name may say. " * 9,
    "a few bytes": SHOPPER[:40],
    "truncated": SHOPPER[: len(SHOPPER) // 2],
    "truncated png": (PHOTOS / "shopper-2.png").read_bytes()[:50_000],
    "truncated webp": (PHOTOS / "shopper.webp").read_bytes()[:9_000],
    "truncated heic": (PHOTOS / "shopper.heic").read_bytes()[:40_000],
    "header only": SHOPPER[:400],
    "gif": encoded(Image.new("RGB", (99, 99)), "GIF"),
    "bmp": encoded(Image.new("RGB", (99, 99)), "BMP"),
    "tiny": encoded(Image.new("RGB", (8, 8)), "PNG"),
    "a thread": encoded(Image.new("RGB", (4000, 2)), "PNG"),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='100' height='100'></svg>" * 3,
    "pdf": b"%PDF-1.7" + b" " * 500,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_photo_is_refused(caller: Caller, data: bytes) -> None:
    assert refusal(caller.upload(data)) == (400, "INVALID_IMAGE")


def test_exactly_ten_megabytes_pass(caller: Caller) -> None:
    assert caller.upload(SHOPPER + bytes(LIMIT - len(SHOPPER))).status_code == 201


@pytest.mark.parametrize("excess", [1, 5 * 1024 * 1024])
def test_more_than_ten_megabytes_do_not(caller: Caller, stand_in: StandIn, excess: int) -> None:
    response = caller.upload(SHOPPER + bytes(LIMIT - len(SHOPPER) + excess))
    assert refusal(response) == (413, "FILE_TOO_LARGE")
    assert stand_in.control.store()["photos"] == 0


def test_a_large_upload_is_counted_as_it_streams(caller: Caller) -> None:
    """No Content-Length, no end: the answer comes although nobody could hold it all."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    chunk = bytes(1024 * 1024)

    def body() -> object:
        yield head
        for _ in range(40):
            yield chunk
        yield b"\r\n--b--\r\n"

    response = caller.http.post(
        "/images/upload",
        content=body(),  # type: ignore[arg-type]  # a generator of bytes
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert refusal(response) == (413, "FILE_TOO_LARGE")


def _display_p3() -> bytes:
    """Build a minimal display profile with Display P3's primaries and a gamma of 2.2."""

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    text = b"desc" + bytes(4) + struct.pack(">I", 3) + b"P3\x00" + bytes(79)
    tags = {
        b"desc": text,
        b"cprt": b"text" + bytes(4) + b"none\x00\x00\x00\x00",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1571, 0.0666, 0.7841),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += padded
    header = io.BytesIO(bytes(128))
    total = struct.pack(">I", offset + len(body))
    for place, value in (
        (0, total),
        (8, b"\x02\x40\x00\x00"),
        (12, b"mntrRGB XYZ "),
        (36, b"acsp"),
    ):
        header.seek(place)
        header.write(value)
    header.seek(68)
    header.write(b"".join(struct.pack(">i", round(v * 65536)) for v in (0.9642, 1.0, 0.8249)))
    return header.getvalue() + table + body
