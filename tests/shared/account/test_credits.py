"""Few credits: said once each time they fall that low, by a call that costs nothing."""

import pytest

from tests.shared.test_metrics import counted
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tests.template.stack import load
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.account.credits import CHECK_SECONDS, LATE_SECONDS
from tryon_worker.account.gcra import Priority
from tryon_worker.settings import Settings


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(credits_low_threshold=50)


def left(world: World, credits_left: int, *, seconds: float = CHECK_SECONDS) -> list[str]:
    """What is said when so many are left and some time has passed."""
    world.genlook.control.set_account(credits=credits_left)
    world.clock.advance(seconds)
    world.container.housekeeping_round(lambda: 50.0)
    return [event["type"] for event in world.events()]


def polls(world: World) -> int:
    return len(world.genlook.control.calls("credits"))


def test_it_is_said_once_each_time_they_fall_that_low(world: World) -> None:
    assert [left(world, balance) for balance in (100, 50, 49, 20, 0)] == [
        [],
        [],
        ["CreditsLow"],
        [],
        [],
    ]
    assert [left(world, balance) for balance in (60, 30, 20)] == [[], ["CreditsLow"], []]


def test_it_says_how_many(world: World) -> None:
    world.genlook.control.set_account(credits=7)
    world.container.housekeeping_round(lambda: 50.0)
    (said,) = world.events("CreditsLow")
    assert said["creditBalance"] == 7


def test_it_is_looked_at_every_quarter_of_an_hour(world: World) -> None:
    for _ in range(31):
        world.container.housekeeping_round(lambda: 50.0)
        world.clock.advance(60)
    assert polls(world) == 3


def test_a_threshold_of_nothing_looks_never(world: World) -> None:
    world.options["credits_low_threshold"] = 0
    assert (left(world, 0), polls(world)) == ([], 0)


def test_what_found_no_slot_is_looked_at_in_the_next_round(world: World) -> None:
    world.container.rate_limiter.pause(30)
    assert left(world, 1, seconds=0) == []
    assert left(world, 1, seconds=60) == ["CreditsLow"]


def test_it_takes_no_slot_that_another_could_have(world: World) -> None:
    world.container.rate_limiter.take(Priority.POLL)
    world.container.rate_limiter.take(Priority.POLL)
    assert left(world, 1, seconds=0) == []
    assert polls(world) == 0


@pytest.mark.parametrize("looked_before", [True, False])
def test_an_account_in_full_use_is_looked_at_late_but_is(world: World, looked_before: bool) -> None:
    """Its credits go fastest: they must not be used up before anybody heard that they are few."""
    if looked_before:
        assert left(world, 100) == []
    began, before = world.clock.now(), polls(world)
    said: list[str] = []
    while not said and world.clock.now() < began + 3 * LATE_SECONDS:
        world.clock.advance(60)
        for _ in range(3):
            world.container.rate_limiter.take(Priority.POLL)
        said = left(world, 1, seconds=0)
    assert said == ["CreditsLow"]
    assert polls(world) - before == 1
    assert 0 <= world.clock.now() - began - LATE_SECONDS <= 120


def test_an_answer_that_is_none_is_not_taken_for_few(world: World) -> None:
    world.genlook.control.refuse("credits", 503)
    assert left(world, 1, seconds=0) == []
    assert left(world, 1, seconds=60) == ["CreditsLow"]


def test_behind_a_shut_breaker_the_probe_alone_speaks(world: World) -> None:
    world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
    assert left(world, 0) == ["CreditsExhausted"]
    assert left(world, 10) == ["CreditsRestored"]


def test_two_rounds_at_once_say_it_once(world: World) -> None:
    assert left(world, 1) == ["CreditsLow"]
    world.clock.advance(5)  # there is a slot
    late = world.new_process()
    late.table.__dict__["get"] = lambda _key: None  # read before the other wrote
    late.housekeeping_round.watch_credits()
    assert (world.events(), polls(world)) == ([], 1)


def test_who_died_before_it_was_said_leaves_it_to_the_next(world: World) -> None:
    class Died(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    dying = world.new_process()
    dying.publisher.__dict__["publish"] = die
    world.genlook.control.set_account(credits=1)
    with pytest.raises(Died):
        dying.housekeeping_round(lambda: 50.0)
    assert left(world, 1, seconds=60) == ["CreditsLow"]


@pytest.mark.parametrize(("balance", "value"), [(50, 0.0), (49, 1.0)])
def test_each_look_is_counted(
    world: World, capsys: pytest.CaptureFixture[str], balance: int, value: float
) -> None:
    left(world, balance)
    assert ("CreditsLow", value) in counted(capsys.readouterr().out)


def test_a_stack_that_says_nothing_of_it_looks() -> None:
    default = load().template["Parameters"]["CreditsLowThreshold"]["Default"]
    assert default == Settings.model_fields["credits_low_threshold"].default > 0
