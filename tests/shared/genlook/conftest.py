"""A stand-in of the API on loopback, and real clients of it."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from local.genlook.clock import Clock
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.shared.genlook.shop import KEYS, SHOP, START
from tryon_worker.genlook import GenlookClient


@pytest.fixture(scope="session")
def picture() -> bytes:
    """Return a small JPEG."""
    data = BytesIO()
    Image.new("RGB", (120, 160), "teal").save(data, "JPEG")
    return data.getvalue()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, picture: bytes) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shirt.jpg").write_bytes(picture)
    (folder / "me.jpg").write_bytes(picture)
    settings = Settings(api_keys=KEYS, credits=20, requests_per_minute=1000, resolve={SHOP: folder})
    with serve(settings, Clock(frozen=True, start=START)) as running:
        yield running


@pytest.fixture
def stand_in(served: StandIn) -> StandIn:
    """Return the running stand-in with nothing in its memory."""
    served.control.reset()
    return served


@pytest.fixture
def genlook(stand_in: StandIn) -> GenlookClient:
    """Return the real client of the first account."""
    return GenlookClient(api_key=lambda: KEYS[0], base_url=stand_in.base_url)


@pytest.fixture
def stranger(stand_in: StandIn) -> GenlookClient:
    """Return the real client of another account."""
    return GenlookClient(api_key=lambda: KEYS[1], base_url=stand_in.base_url)
