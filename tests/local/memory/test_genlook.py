"""Genlook in memory: its list of generations is there, or fails, just as the stand-in's does."""

from collections.abc import Iterator
from typing import Protocol, get_args

import pytest

from local.genlook.clock import Clock
from local.genlook.drawings import t_shirt
from local.genlook.faults import Fate
from local.genlook.server import StandIn, serve
from local.genlook.settings import Listing, Settings
from local.memory.genlook import Genlook
from tryon_worker.genlook import (
    GenerationPage,
    GenerationStatus,
    GenlookClient,
    GenlookError,
    PersonByUrl,
    Product,
    ProductImage,
    TryOnInput,
)

START = 1_782_000_000.0
SHOP = "https://shop.example/"
REQUEST = TryOnInput(
    Product("tee", title="Tee", images=(ProductImage(SHOP + "tee.png"),)),
    PersonByUrl(SHOP + "tee.png"),
    "u-1",
)
ENDED = {GenerationStatus.COMPLETED, GenerationStatus.FAILED}

# (place among all that were made, whether it has ended) of each item, for each page; or an error.
Pages = list[list[tuple[int, bool]]] | type[GenlookError]


class Lister(Protocol):
    """What lists generations."""

    def generations(self, *, limit: int = 200, cursor: str | None = None) -> GenerationPage: ...


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "tee.png").write_bytes(t_shirt((20, 90, 200)))
    settings = Settings(requests_per_minute=10_000, resolve={SHOP: folder}, median_seconds=0)
    with serve(settings, Clock(frozen=True, start=START)) as running:
        yield running


def pages(genlook: Lister, made: list[str], limit: int) -> Pages:
    found, cursor = [], None
    try:
        while True:
            page = genlook.generations(limit=limit, cursor=cursor)
            found.append([(made.index(i.generation_id), i.status in ENDED) for i in page.items])
            cursor = page.next_cursor
            if cursor is None:
                return found
    except ValueError:
        return [[(-1, False)]]  # not one of ours
    except GenlookError as error:
        return type(error)


@pytest.mark.parametrize("listing", get_args(Listing))
def test_the_list_is_there_or_fails_as_the_stand_ins_does(
    stand_in: StandIn, listing: Listing
) -> None:
    stand_in.control.reset()
    stand_in.clock.set(START)
    real = GenlookClient(api_key=lambda: stand_in.api_key, base_url=stand_in.base_url)
    memory = Genlook(stand_in.clock.now)
    made: dict[str, list[str]] = {"real": [], "memory": []}

    def submit(number: int, seconds: float) -> None:
        memory.seconds = seconds
        stand_in.control.decide(Fate(seconds=seconds, times=number))
        for _ in range(number):
            made["real"].append(real.create_try_on(REQUEST).generation_id)
            made["memory"].append(memory.create_try_on(REQUEST).generation_id)

    submit(50, seconds=10)
    stand_in.clock.advance(20)
    submit(3, seconds=5)
    stand_in.clock.advance(15)
    stand_in.control.set_quirks(listing=listing)
    memory.listing = listing
    if listing == "stranger":
        stand_in.control.add_key("gk_other", "other")
        stand_in.control.set_account("other", requestsPerMinute=1_000)
        other = GenlookClient(api_key=lambda: "gk_other", base_url=stand_in.base_url)
        other.create_try_on(REQUEST)
    for limit in (2, 60):
        expected = pages(real, made["real"], limit)
        assert pages(memory, made["memory"], limit) == expected
