"""The intake Lambda: the bus's events, as they lie in its queue."""

import pytest

from tests.events.catalogue import sample
from tests.support.handlers import Context, Function
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.clock import iso


@pytest.fixture
def intake(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    return Function("intake", "watch", world, monkeypatch)


# What each sample of the catalogue comes to: so many try-ons, or a refusal by its field.
SAMPLES = {
    "TryOnRequested": 1,
    "OrderPlaced": 2,
    "ProductUpserted": 2,
    "ProductDeleted": 0,
}


@pytest.mark.parametrize(("name", "try_ons"), SAMPLES.items())
def test_each_sample_is_taken(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, name: str, try_ons: int
) -> None:
    world = make_world(product_image_buckets="shop-product-images")
    event = sample(f"incoming/{name}")
    event["time"] = iso(world.clock.now())
    if "updatedAt" in event["detail"]:
        event["detail"]["updatedAt"] = event["time"]
    assert Function("intake", "watch", world, monkeypatch)(event) == []
    assert world.events("RequestRefused") == []
    assert len(world.try_on_ids()) == try_ons


def test_an_event_that_is_refused_does_not_come_again(world: World, intake: Function) -> None:
    event = {**sample("incoming/TryOnRequested"), "detail": {"externalUserId": "guest"}}
    assert intake(event) == []
    (said,) = world.events()
    assert (said["type"], said["field"]) == ("RequestRefused", "externalUserId")


@pytest.mark.promise("P2", "failing-step-is-a-dead-letter")
def test_what_there_is_no_time_for_comes_again_and_takes_no_other_with_it(
    world: World, intake: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten orders of 200 items are two thousand writes: Lambda would stop it in their midst."""
    left = iter([60_000, 20_000, 19_999, 19_999])
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: next(left))
    envelope = {**sample("incoming/TryOnRequested"), "time": iso(world.clock.now())}
    requests = [{**envelope, "detail": world.request(f"r-{number}")} for number in range(4)]
    assert intake(*requests) == [2, 3]
    assert len(world.try_on_ids()) == 2


def test_what_is_no_event_comes_again_until_the_dead_letter_queue(
    world: World, intake: Function
) -> None:
    good = sample("incoming/ProductDeleted")
    assert intake({"externalUserId": "s"}, good, "null") == [0, 2]
    assert world.events() == []
