"""A pause is never long, whatever Genlook asks: nor is the wait of whoever met the 429."""

from collections.abc import Callable

import pytest

from tests.support.submitting import SMALL_PHOTO
from tests.support.world import PRODUCT_URL, SHOPPER, World
from tryon_worker.account.calls import Unavailable
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import DEFAULT_PAUSE_SECONDS, MAX_PAUSE_SECONDS
from tryon_worker.genlook import RateLimited

A_YEAR = str(365 * 86_400)


def upload(world: World) -> None:
    world.container.receive_photo(world.photo(data=SMALL_PHOTO))


def erase(world: World) -> None:
    world.container.erase(SHOPPER, "forget-me")


def delete_a_product(world: World) -> None:
    product = {
        "externalId": "p-1",
        "title": "Tee",
        "images": [{"url": PRODUCT_URL}],
        "updatedAt": "2026-01-01T00:00:00Z",
    }
    world.container.route_event(world.event("ProductUpserted", product))
    world.container.route_event(world.event("ProductDeleted", {"externalId": "p-1"}))


@pytest.mark.parametrize(
    ("call", "ask"),
    [("upload", upload), ("customer_delete", erase), ("product_delete", delete_a_product)],
)
def test_what_met_a_429_goes_again_when_the_pause_is_over(
    world: World, call: str, ask: Callable[[World], None]
) -> None:
    """Housekeeping sees only what is due: a row put off for a year, nobody would ever miss."""
    world.genlook.control.throttle(call, retry_after=A_YEAR)
    ask(world)
    assert [made["status"] for made in world.genlook.control.calls(call)] == [429]
    world.clock.advance(MAX_PAUSE_SECONDS + 2)
    world.housekeeping_round()
    assert len(world.genlook.control.calls(call)) == 2


@pytest.mark.parametrize(
    ("asked", "told"), [(None, DEFAULT_PAUSE_SECONDS), (40, 40), (0, 1), (1e30, MAX_PAUSE_SECONDS)]
)
def test_who_met_the_429_is_told_how_long_the_pause_is(
    world: World, asked: float | None, told: float
) -> None:
    def limited() -> None:
        raise RateLimited("too many", code="RATE_LIMITED", status=429, retry_after=asked)

    with pytest.raises(Unavailable) as not_served:
        world.container.unbilled_call(Priority.UPLOAD, limited)
    assert not_served.value.seconds == told
