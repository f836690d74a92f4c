"""Fixtures of a worker without Lambda; see ``tests.support.world``."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.engine_process import Engine
from local.genlook.clock import Clock
from local.genlook.drawings import t_shirt
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.support.scythe import MortalWorld
from tests.support.world import START, World

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def product_pictures(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder that the stand-in takes for the shop's picture server."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "tee.png").write_bytes(t_shirt((200, 30, 60)))
    return folder


@pytest.fixture
def genlook(product_pictures: Any) -> Iterator[StandIn]:
    """A stand-in of the test's own, whose clock only the test moves."""
    settings = Settings(resolve={"https://cdn.shop.example/": product_pictures})
    with serve(settings, Clock(frozen=True, start=START)) as standing_in:
        yield standing_in


@pytest.fixture
def make_world(engine: Engine, genlook: StandIn) -> MakeWorld:
    """Makes worlds with settings of the test's choice: ``make_world(max_tryons_per_day=1)``."""
    return lambda **options: World(engine, genlook, genlook.clock, options)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A world as a stack is by default."""
    return make_world()


@pytest.fixture
def mortal(engine: Engine, genlook: StandIn) -> MortalWorld:
    """A world whose processes can die; a generation that hangs is given up after a minute."""
    return MortalWorld(engine, genlook, genlook.clock, {"tryon_deadline_seconds": 60})
