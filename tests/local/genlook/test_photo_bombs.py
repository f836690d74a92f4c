"""Small files that claim to be huge pictures: refused before they cost anything."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from local.genlook.images import decode
from tests.local.genlook.helpers import Caller, encoded, refusal

ROOT = Path(__file__).parents[3]


def _png_bomb(side: int) -> bytes:
    """Return a small PNG that claims to be a square of `side` black pixels, and is."""
    row = zlib.compressobj(9)
    body = b"".join(row.compress(bytes(1 + side // 8)) for _ in range(min(side, 30_000)))
    body += row.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND")


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _jpeg_bomb() -> bytes:
    """Return a JPEG whose header claims 65,000 x 65,000 pixels."""
    data = bytearray(encoded(Image.new("RGB", (64, 64)), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(data)


def _text_bomb() -> bytes:
    """Return a PNG with a text chunk that unpacks to 100 MB."""
    plain = encoded(Image.new("RGB", (100, 100)), "PNG")
    text = b"Comment\x00\x00" + zlib.compress(bytes(100_000_000), 9)
    return plain[:33] + _chunk(b"zTXt", text) + plain[33:]


BOMBS = {
    "png.bin": lambda: _png_bomb(60_000),
    "png-within-the-limit.bin": lambda: encoded(Image.new("RGB", (7_000, 7_000)), "PNG"),
    "webp.bin": lambda: encoded(Image.new("RGB", (7_000, 7_000)), "WEBP", lossless=True, method=0),
    "jpeg.bin": _jpeg_bomb,
    "text.bin": _text_bomb,
}
MEASURE = """
import resource, sys
from local.genlook.errors import ApiError
from local.genlook.images import decode
bomb = open(sys.argv[1], "rb").read()
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = memory()
try:
    decode(bomb)
except ApiError as error:
    print(error.code, memory() - before)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_an_image_bomb_costs_no_memory(name: str, tmp_path: Path) -> None:
    """Measured from outside: what the decoders allocate, Python does not see."""
    bomb = tmp_path / name
    bomb.write_bytes(BOMBS[name]())
    assert bomb.stat().st_size < 1_000_000
    child = subprocess.run(
        [sys.executable, "-c", MEASURE, str(bomb)], cwd=ROOT, capture_output=True, check=True
    )
    code, kibibytes = child.stdout.split()
    assert code == b"INVALID_IMAGE"
    assert int(kibibytes) < 20_000


def test_a_large_but_true_photo_passes() -> None:
    noise = Image.effect_noise((2_400, 1_800), 90).convert("RGB")
    assert decode(encoded(noise, "WEBP", quality=60)).size == (2048, 1536)


def test_a_bomb_over_the_wire(caller: Caller) -> None:
    assert refusal(caller.upload(_png_bomb(60_000))) == (400, "INVALID_IMAGE")
