"""One photo's way through the use cases, and what each step leaves."""

from tests.support.world import SHOPPER, World
from tryon_worker.tryons.model import Outcome, State


def test_a_photo_and_a_wish_become_a_picture_and_one_event(world: World) -> None:
    world.container.receive_photo(world.photo())
    try_on_id = world.accepted()
    world.run()
    assert world.try_on(try_on_id).state is State.SUBMITTED
    world.watch(try_on_id)

    verdict = world.try_on(try_on_id).verdict
    assert verdict is not None
    assert verdict.outcome is Outcome.COMPLETED
    assert verdict.result is not None
    assert world.objects(world.result_bucket) == [verdict.result.key]
    said = world.events()
    assert [event["type"] for event in said] == ["PhotoReady", "TryOnSubmitted", "TryOnCompleted"]
    assert said[-1]["externalUserId"] == SHOPPER
    assert said[-1]["context"] == {"cart": 1}
    assert said[-1]["result"]["key"] == verdict.result.key
    assert world.paid_calls() == 1
    assert world.genlook.control.credits_spent() == 1


def test_a_wish_before_its_photo_waits_and_goes_on_when_one_comes(world: World) -> None:
    try_on_id = world.accepted()
    world.run()
    assert [event["type"] for event in world.events()] == ["TryOnDeferred"]
    world.container.receive_photo(world.photo())
    world.run()
    world.watch(try_on_id)
    assert world.events("TryOnCompleted")
