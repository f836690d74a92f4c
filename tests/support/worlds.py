"""Fixtures of a worker without Lambda; see ``tests.support.world``."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.genlook.clock import Clock
from local.genlook.drawings import t_shirt
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.support.concurrent import ConcurrentWorld
from tests.support.kill_switch import MortalWorld
from tests.support.world import START, World

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def product_pictures(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder that the stand-in takes for the shop's picture server."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "tee.png").write_bytes(t_shirt((200, 30, 60)))
    return folder


@pytest.fixture(scope="session")
def only_stand_in(product_pictures: Any) -> Iterator[StandIn]:
    """To start one takes longer than most tests do; ``genlook`` hands it on as if new."""
    settings = Settings(resolve={"https://cdn.shop.example/": product_pictures})
    with serve(settings, Clock(frozen=True, start=START)) as standing_in:
        yield standing_in


@pytest.fixture
def genlook(only_stand_in: StandIn) -> StandIn:
    """A stand-in that remembers nothing, whose clock only the test moves."""
    only_stand_in.state.reset()
    only_stand_in.clock.set(START)
    return only_stand_in


@pytest.fixture
def make_world(genlook: StandIn) -> MakeWorld:
    """Makes worlds with settings of the test's choice: ``make_world(max_tryons_per_day=1)``."""
    return lambda **options: World(genlook, genlook.clock, options)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A world as a stack is by default."""
    return make_world()


@pytest.fixture
def mortal(genlook: StandIn) -> MortalWorld:
    """A world whose processes can die; a generation that hangs is given up after a minute."""
    return MortalWorld(genlook, genlook.clock, {"tryon_deadline_seconds": 60})


@pytest.fixture
def busy(genlook: StandIn) -> ConcurrentWorld:
    """A world in which another process can work between two calls of the first."""
    return ConcurrentWorld(genlook, genlook.clock, {"tryon_deadline_seconds": 60})
