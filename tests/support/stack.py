"""Fixtures of the whole local system: the deployed stack, with the stand-in behind it."""

from collections.abc import Iterator

import pytest

from local.genlook.drawings import t_shirt
from local.system import LaunchOptions, System, running_system

SHOP = "https://shop.example/"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Return the running system; it is everybody's, so use shoppers and orders of your own.

    `SHOP + "shirt.png"` is a product picture that the stand-in can fetch. Generations take two
    seconds in the median; permissions are enforced.
    """
    home = tmp_path_factory.mktemp("system")
    shop = home / "shop"
    shop.mkdir()
    (shop / "shirt.png").write_bytes(t_shirt((34, 52, 102), (236, 236, 228)))
    options = ["--resolve", f"{SHOP}={shop}", "--median-seconds", "2"]
    launch = LaunchOptions(standin_options=options)
    with running_system(home / "run", launch, report=lambda _: None) as system:
        yield system
