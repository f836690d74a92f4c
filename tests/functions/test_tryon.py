"""The try-on Lambda: steps of try-ons, and requests that were put straight on its queue."""

import pytest

from tests.support.handlers import Context, Function
from tests.support.submitting import at_review, ordered
from tests.support.world import SHOPPER, World
from tryon_worker.batch import growing_pause
from tryon_worker.clock import iso
from tryon_worker.events.envelope import QUEUE
from tryon_worker.photos.select import PhotoSelector
from tryon_worker.tryons.model import State, WaitingFor


@pytest.fixture
def tryon(world: World, monkeypatch: pytest.MonkeyPatch) -> Function:
    return Function("tryon", "tryon", world, monkeypatch)


def test_a_step_is_taken_and_paid_once_however_often_it_comes(
    world: World, tryon: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: 120_000)
    try_on_id = ordered(world)
    step = {"type": "step", "tryOnId": try_on_id, "requestedAt": 1}
    assert tryon(step) == []
    assert tryon(step, step) == []
    assert (world.try_on(try_on_id).state, world.paid_calls()) == (State.SUBMITTED, 1)


def test_lambdas_own_clock_says_how_much_time_is_left(world: World, tryon: Function) -> None:
    try_on_id = ordered(world)
    assert (
        tryon({"type": "step", "tryOnId": try_on_id, "requestedAt": 1}) == []
    )  # with 60 s, which are not enough
    assert world.try_on(try_on_id).waiting_for is WaitingFor.RETRY
    assert world.paid_calls() == 0


def test_a_wish_on_the_queue_is_accepted_and_asks_for_its_step(
    world: World, tryon: Function
) -> None:
    assert tryon(world.request("r-1")) == []
    (try_on_id,) = world.try_on_ids()
    (message,) = world.messages("tryon")
    assert message["tryOnId"] == try_on_id
    assert world.try_on(try_on_id).state is State.ACCEPTED


def test_a_wish_on_the_queue_is_the_same_as_on_the_bus(world: World, tryon: Function) -> None:
    try_on_id = world.accepted("r-1")
    assert tryon(world.request("r-1")) == []
    assert world.try_on_ids() == [try_on_id]


def test_a_bad_wish_on_the_queue_is_answered(world: World, tryon: Function) -> None:
    assert tryon({**world.request("r-1"), "externalUserId": "guest"}) == []
    (refused,) = world.events()
    assert (refused["type"], refused["field"]) == ("RequestRefused", "externalUserId")


def test_nothing_but_requests_and_steps_is_taken_from_the_queue(
    world: World, tryon: Function
) -> None:
    """Who may send requests to it may not therefore order paid retries, or change the catalogue."""
    under_review = at_review(world)
    world.clock.advance(60)
    tryon.sent_at = int(world.clock.now())
    product = {"externalId": "tee-9", "title": "Tee", "updatedAt": iso(world.clock.now())}
    line = {"productExternalId": "tee-9"}
    events = [
        world.event("TryOnReviewed", {"tryOnId": under_review, "action": "retry"}, source=QUEUE),
        world.event("ProductUpserted", {**product, "tryOnFor": [SHOPPER]}, source=QUEUE),
        world.event("ProductDeleted", {"externalId": "tee-1"}, source=QUEUE),
        world.event(
            "OrderPlaced",
            {"orderId": "1", "externalUserId": SHOPPER, "items": [line]},
            source=QUEUE,
        ),
        world.event("ErasureRequested", {"externalUserId": SHOPPER}, source=QUEUE),
    ]
    before = world.rows()
    for receives in (1, 2):
        bodies = [event.in_envelope() for event in events]
        assert tryon(*bodies, receives=receives) == list(range(len(events)))
    assert world.rows() == before
    assert world.messages("tryon") == []


@pytest.mark.parametrize(
    "poison",
    [
        "no JSON",
        "[]",
        "{}",
        {"product": {}},
        {"type": "step", "tryOnId": "0" * 40, "requestedAt": 1},
    ],
    ids=["text", "a list", "nothing", "no requestId", "a try-on that never was"],
)
def test_poison_comes_again_alone(world: World, tryon: Function, poison: object) -> None:
    good = {"type": "step", "tryOnId": ordered(world), "requestedAt": 1}
    assert tryon(poison, good) == [0]
    assert world.try_on(str(good["tryOnId"])).state is not State.ACCEPTED


@pytest.mark.promise("P2", "failing-step-is-a-dead-letter")
def test_a_step_that_fails_each_time_ends_as_a_dead_letter(
    world: World, tryon: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it fails after its claim: what vanishes from the queue alarms nobody."""
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: 120_000)
    step = {"type": "step", "tryOnId": ordered(world), "requestedAt": 1}
    with monkeypatch.context() as broken:
        broken.setattr(PhotoSelector, "__call__", _forbidden)
        for receives in range(1, 6):
            assert tryon(step, receives=receives) == [0]
            world.clock.advance(growing_pause(PermissionError(), receives))
    assert tryon(step) == []  # driven back, when it is mended
    assert (world.try_on(str(step["tryOnId"])).state, world.paid_calls()) == (State.SUBMITTED, 1)


def _forbidden(*_: object, **__: object) -> None:
    raise PermissionError


def test_ten_bad_of_ten_give_ten_ids(tryon: Function) -> None:
    assert tryon(*["no JSON"] * 10) == list(range(10))


@pytest.mark.promise("Waiting is not failing", "long-waits-are-deferred")
def test_what_waits_uses_up_no_receive(world: World, tryon: Function) -> None:
    step = {"type": "step", "tryOnId": ordered(world), "requestedAt": 1}
    for _ in range(20):
        assert tryon(step) == []
        world.clock.advance(31)
    assert world.paid_calls() == 0


def test_nothing_of_a_message_is_logged(
    world: World, tryon: Function, caplog: pytest.LogCaptureFixture
) -> None:
    request = world.request("r-1", externalUserId="secret-shopper", context={"note": "secret-note"})
    tryon(request, "secret-text", {**request, "externalUserId": " secret-blank "})
    world.run()
    logged = str([vars(record) for record in caplog.records])
    assert "message failed" in logged
    assert "deferred" in logged
    assert "secret-" not in logged
