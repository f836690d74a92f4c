"""One stand-in for all tests of a file's folder, emptied before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.genlook.clock import Clock
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.local.genlook.helpers import SHIRT, SHIRT_URL, START, Caller


@pytest.fixture(scope="session")
def shop_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that stands for the shop's picture host."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shirt.png").write_bytes(SHIRT)
    (folder / "page.html").write_text("<html>no picture, however long it may be</html>" * 9)
    return folder


@pytest.fixture(scope="session")
def settings(shop_pictures: Path) -> Settings:
    prefix = SHIRT_URL.rpartition("/")[0] + "/"
    return Settings(api_keys=("gk_first", "gk_second"), credits=50, resolve={prefix: shop_pictures})


@pytest.fixture(scope="session")
def served(settings: Settings) -> Iterator[StandIn]:
    with serve(settings, Clock(frozen=True, start=START)) as running:
        yield running


@pytest.fixture
def stand_in(served: StandIn) -> StandIn:
    """Return the running stand-in with nothing in its memory."""
    served.control.reset()
    return served


@pytest.fixture
def caller(stand_in: StandIn) -> Iterator[Caller]:
    caller = Caller(stand_in)
    yield caller
    caller.http.close()


@pytest.fixture
def stranger(stand_in: StandIn) -> Iterator[Caller]:
    """Return a caller with another account."""
    caller = Caller(stand_in, "gk_second")
    yield caller
    caller.http.close()
