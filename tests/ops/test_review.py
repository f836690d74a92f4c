"""Reviews that a person can live with: what waits is listed, one or many are answered."""

import json
import uuid
from typing import Any

import pytest

from local.engine.environment import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local.engine_process import Engine
from ops import review
from tests.support.world import World
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.events.schemas import ReviewAction
from tryon_worker.tryons.model import Reason, State


class Bus:
    """Takes what is put on it; ``deliver`` gives it to intake."""

    def __init__(self) -> None:
        self.try_ons: list[dict[str, Any]] = []
        self.refuses = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  boto3's
        self.try_ons += Entries
        return {"FailedEntryCount": self.refuses}

    def deliver(self, world: World) -> None:
        for try_on in self.try_ons:
            detail, now = json.loads(try_on["Detail"]), int(world.clock.now())
            event = InboundEvent(
                uuid.uuid4().hex, try_on["Source"], try_on["DetailType"], now, detail
            )
            world.container.route_event(event)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def target(world: World, bus: Bus) -> review.Target:
    outputs = {"TableName": world.name, "EventBusName": world.name}
    return review.Target(
        lambda name: bus if name == "events" else world.cloud.client(name), outputs
    )


def lost(world: World, *requests: str) -> list[str]:
    """Try-ons whose paid call lost its answer."""
    world.ready_photo()
    world.genlook.control.lose_answer("try_on", times=len(requests))
    ids = [world.accepted(request_id) for request_id in requests]
    world.run()
    return ids


def run(target: review.Target, world: World, *words: str) -> str:
    return review.run(target, words, int(world.clock.now()))


def test_nothing_waits(world: World, target: review.Target) -> None:
    assert run(target, world) == "nothing waits for a review"


def test_what_waits_is_listed_with_what_was_seen(world: World, target: review.Target) -> None:
    ids = lost(world, "a", "b")
    lines = run(target, world).splitlines()[1:]
    assert sorted(line.split()[0] for line in lines) == sorted(ids)
    assert all("ResponseLost" in line for line in lines)


@pytest.mark.parametrize(("action", "state"), [("close", State.DECIDED), ("retry", State.ACCEPTED)])
def test_many_are_answered_at_once_through_the_bus(
    world: World, target: review.Target, bus: Bus, action: str, state: State
) -> None:
    ids = lost(world, "a", "b")
    assert run(target, world, action, "all") == f"{action}: 2 ordered"
    bus.deliver(world)
    assert {world.try_on(try_on_id).state for try_on_id in ids} == {state}


def test_a_found_generation_is_adopted(world: World, target: review.Target, bus: Bus) -> None:
    (try_on_id,) = lost(world, "a")
    generation_id = world.genlook.control.customer("shopper-7")["generations"][0]
    run(target, world, "adopt", try_on_id, generation_id)
    bus.deliver(world)
    world.watch(try_on_id)
    verdict = world.try_on(try_on_id).verdict
    assert verdict is not None
    assert verdict.result is not None
    assert world.paid_calls() == 1


def test_one_that_is_closed_says_so(world: World, target: review.Target, bus: Bus) -> None:
    (try_on_id,) = lost(world, "a")
    run(target, world, "close", try_on_id)
    bus.deliver(world)
    assert world.events("TryOnFailed")[0]["reason"] == Reason.CLOSED


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("pay",), "'pay' is none of: retry, close, adopt"),
        (("close",), "close which"),
        (("close", "nobody"), "not under review: nobody"),
        (("adopt", "one"), "adopt takes one tryOnId and the generationId you found"),
        (("adopt", "all", "cm8gen456xyz"), "adopt takes one tryOnId"),
    ],
)
def test_a_wrong_order_is_refused_in_plain_words_and_nothing_is_sent(
    world: World, target: review.Target, bus: Bus, words: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(review.Unanswerable, match=complaint):
        run(target, world, *words)
    assert bus.try_ons == []


def test_an_order_that_the_bus_refuses_is_no_success(
    world: World, target: review.Target, bus: Bus
) -> None:
    lost(world, "a")
    bus.refuses = 1
    with pytest.raises(review.Unanswerable, match="the bus refused 1"):
        run(target, world, "close", "all")


def test_one_that_is_named_twice_is_meant_once(
    world: World, target: review.Target, bus: Bus
) -> None:
    (try_on_id,) = lost(world, "a")
    assert run(target, world, "retry", try_on_id, try_on_id) == "retry: 1 ordered"
    assert len(bus.try_ons) == 1


# --- a stack in an account

OURS = ("TableName", "EventBusName")


@pytest.fixture
def account(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The shell of somebody who has an account."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_REGION", engine.region)
    return engine


def stack(engine: Engine, outputs: tuple[str, ...], trusted: str = review.SOURCE) -> str:
    """A stack with these outputs and nothing of worth."""
    name = f"s{uuid.uuid4().hex}"
    template = {
        "Parameters": {"TrustedSources": {"Type": "CommaDelimitedList", "Default": trusted}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {output: {"Value": output.lower()} for output in outputs},
    }
    cloudformation = engine.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    return name


def test_a_stack_is_found_by_its_name(account: Engine) -> None:
    found = review.deployed(stack(account, OURS))
    assert found.outputs == {"TableName": "tablename", "EventBusName": "eventbusname"}
    assert found.trusts_us


def test_another_stack_is_said_to_be_one(account: Engine) -> None:
    with pytest.raises(review.Unanswerable, match="is no try-on worker"):
        review.deployed(stack(account, ()))


def test_a_stack_that_would_not_listen_is_not_spoken_to(
    world: World, account: Engine, bus: Bus
) -> None:
    (try_on_id,) = lost(world, "a")
    deaf = review.deployed(stack(account, OURS, "shop.privacy, shop.operator"))
    target = review.Target(lambda _name: bus, deaf.outputs, trusts_us=deaf.trusts_us)
    with pytest.raises(review.Unanswerable, match="not among the stack's TrustedSources"):
        review.answer(target, ReviewAction.CLOSE, [world.try_on(try_on_id)], None)
    assert bus.try_ons == []


@pytest.mark.usefixtures("account")
def test_a_name_that_no_stack_has_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert review.main(["--stack", "nobodys"]) == 1
    assert "nobodys does not exist" in capsys.readouterr().err
