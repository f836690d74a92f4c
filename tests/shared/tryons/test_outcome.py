"""The one door: decided once, published from the row, marked; and never two different contents."""

from collections.abc import Callable
from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.support.concurrent import ConcurrentWorld
from tests.support.kill_switch import Killed, MortalWorld
from tests.support.tryons import open_erasure, refusing_bus, submitted, under_review
from tests.support.world import World
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, delete
from tryon_worker.clock import DAY
from tryon_worker.events.publisher import EventNotTaken
from tryon_worker.tryons.model import OPEN_STATES, Outcome, Reason, Result, State, Verdict
from tryon_worker.tryons.outcome import ShopperErased
from tryon_worker.tryons.polling import Decided

TERMINAL = ("TryOnCompleted", "TryOnFailed")
TIMED_OUT = Verdict(Outcome.FAILED, Reason.TIMED_OUT)
RESULT = Result("pictures", "a/key.jpg", "image/jpeg", 7, 1_800_600_000)


def forget_wish(world: World, shopper_key: str, try_on_id: str) -> None:
    world.container.table.write(delete(keys.request(shopper_key, try_on_id)))


def decide(world: World, try_on_id: str, verdict: Verdict = TIMED_OUT, **options: Any) -> bool:
    try_on = world.try_on(try_on_id)
    options.setdefault("from_states", (State.SUBMITTED,))
    return world.container.outcomes.decide(try_on, verdict, **options)


def request_row(world: World, try_on_id: str) -> dict[str, Any] | None:
    return world.container.table.get(keys.request(world.try_on(try_on_id).shopper_key, try_on_id))


class TestTheFirstDecisionStays:
    @pytest.mark.promise("One outcome, one publisher", "first-decision-stays")
    def test_a_second_one_changes_and_says_nothing(self, world: World) -> None:
        try_on_id = submitted(world)
        assert decide(world, try_on_id)
        assert len(world.events(*TERMINAL)) == 1
        assert not decide(world, try_on_id, Verdict(Outcome.COMPLETED, result=RESULT))
        verdict = world.try_on(try_on_id).verdict
        assert verdict == TIMED_OUT
        assert world.events() == []

    @pytest.mark.parametrize("state", [state for state in OPEN_STATES if state != State.SUBMITTED])
    def test_one_from_another_state_is_none(self, world: World, state: State) -> None:
        try_on_id = submitted(world)
        assert not decide(world, try_on_id, from_states=(state,))
        assert world.try_on(try_on_id).state is State.SUBMITTED
        assert world.events() == []

    @pytest.mark.promise("One outcome, one publisher", "first-decision-stays")
    def test_one_of_another_attempt_is_none(self, world: World) -> None:
        try_on_id = submitted(world)
        assert not decide(world, try_on_id, attempt="of-another-worker")
        assert world.try_on(try_on_id).state is State.SUBMITTED
        assert decide(world, try_on_id, attempt=world.try_on(try_on_id).attempt)

    def test_one_for_an_erased_shopper_is_none(self, world: World) -> None:
        try_on_id = submitted(world)
        open_erasure(world)
        with pytest.raises(ShopperErased):
            decide(world, try_on_id)
        assert world.try_on(try_on_id).state is State.SUBMITTED
        assert world.events() == []

    def test_one_whose_wish_is_gone_is_none(self, world: World) -> None:
        try_on_id = submitted(world)
        forget_wish(world, world.try_on(try_on_id).shopper_key, try_on_id)
        with pytest.raises(ShopperErased):
            decide(world, try_on_id)
        assert world.try_on(try_on_id).state is State.SUBMITTED


class TestPublication:
    @pytest.mark.promise("Rows that hold no names", "ledger-lives-100-days")
    def test_the_ledger_row_is_then_at_its_end(self, world: World) -> None:
        try_on_id = submitted(world)
        decide(world, try_on_id)
        (row,) = [row for row in world.rows() if row["sk"] == "LEDGER"]
        assert "dueAt" not in row
        assert "dueShard" not in row
        assert row["ttl"] == int(world.clock.now()) + 100 * DAY

    @pytest.mark.promise("Rows that hold no names", "personal-details-have-an-end")
    @pytest.mark.promise("One retention", "time-to-live-of-rows")
    def test_retention_begins_with_it(self, world: World) -> None:
        try_on_id = submitted(world)
        refusing_bus(world, 1)
        with pytest.raises(EventNotTaken):
            decide(world, try_on_id)
        assert "ttl" not in (request_row(world, try_on_id) or {}), "the request is still needed"
        world.clock.advance(8 * DAY)
        world.housekeeping_round()
        assert request_row(world, try_on_id) is not None
        row = request_row(world, try_on_id) or {}
        assert row["ttl"] == int(world.clock.now()) + 7 * DAY

    @pytest.mark.promise("One outcome, one publisher", "published-from-the-row")
    def test_what_eventbridge_refuses_is_said_later_and_the_same(self, world: World) -> None:
        try_on_id = submitted(world)
        bus = refusing_bus(world, 2)
        decided_at = world.clock.now()
        with pytest.raises(EventNotTaken):
            decide(world, try_on_id)
        assert world.events() == []
        world.clock.advance(60)
        with pytest.raises(EventNotTaken):
            world.container.outcomes.publish(try_on_id)
        assert bus.refusals == 0
        world.clock.advance(1000)
        world.housekeeping_round()
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "TIMED_OUT"
        assert event["occurredAt"].startswith("2027-01-15T08:00"), "when it was decided"
        assert world.clock.now() - decided_at > 1000
        world.clock.advance(1000)
        world.housekeeping_round()
        assert world.events() == []

    @pytest.mark.promise("P2", "repeated-event-is-identical")
    def test_a_death_before_the_mark_repeats_the_very_same(self, mortal: MortalWorld) -> None:
        try_on_id = submitted(mortal)
        mortal.clock.advance(6)
        die_after(mortal, "events.PutEvents", lambda: poll(mortal, try_on_id))
        (first,) = mortal.events()
        mortal.clock.advance(300)
        mortal.housekeeping_round()
        (second,) = mortal.events()
        assert first == second
        assert first["type"] == "TryOnCompleted"

    def test_only_a_decided_try_on_is_marked_and_only_once(self, world: World) -> None:
        """The mark takes the row out of housekeeping's sight."""
        try_on_id = submitted(world)
        table, ledger = world.container.table, world.container.ledger
        with pytest.raises(ConditionFailed):
            table.write(ledger.publication(try_on_id, now=1))
        decide(world, try_on_id)
        with pytest.raises(ConditionFailed):
            table.write(ledger.publication(try_on_id, now=1))
        assert world.try_on(try_on_id).published_at == int(world.clock.now())

    @pytest.mark.promise("One outcome, one publisher", "published-from-the-row")
    def test_what_is_published_is_not_published_again(self, world: World) -> None:
        """By the state machine's last task, a status event, a redelivery, housekeeping."""
        try_on_id = submitted(world)
        decide(world, try_on_id)
        assert len(world.events(*TERMINAL)) == 1
        world.container.outcomes.publish(try_on_id)
        world.container.recover.on_execution_ended(try_on_id)
        world.step(try_on_id)
        assert world.events() == []

    def test_nobody_publishes_what_is_not_decided(self, world: World) -> None:
        try_on_id = submitted(world)
        world.container.outcomes.publish(try_on_id)
        world.container.outcomes.publish("unheard-of")
        assert world.events() == []


class TestOfAnErasedShopper:
    def test_an_open_try_on_ends_with_its_id_alone(self, world: World) -> None:
        try_on_id = submitted(world)
        try_on = world.try_on(try_on_id)
        open_erasure(world)
        assert world.container.outcomes.end_erased(try_on, from_states=OPEN_STATES)
        (event,) = world.events()
        assert event.keys() == {"type", "schemaVersion", "occurredAt", "tryOnId", "reason"}

    def test_an_outcome_of_before_is_said_in_its_own_words_before_the_wish_goes(
        self, world: World
    ) -> None:
        """Published, not marked, then erased: a second content would be a second outcome."""
        try_on_id = submitted(world)
        refusing_bus(world, 1)
        with pytest.raises(EventNotTaken):
            decide(world, try_on_id)
        world.container.erase("shopper-7", "e-1")
        said = world.events(*TERMINAL)
        assert [event["reason"] for event in said] == ["TIMED_OUT"]
        world.clock.advance(10 * DAY)
        for _ in range(3):
            world.housekeeping_round()
        assert world.events(*TERMINAL) == []

    def test_a_late_publisher_says_nothing_else(self, world: World) -> None:
        """It read the row before the mark, and looks for the request after the sweep."""
        try_on_id = submitted(world)
        refusing_bus(world, 1)
        with pytest.raises(EventNotTaken):
            decide(world, try_on_id)
        late = world.new_process().outcomes
        shopper_key = world.try_on(try_on_id).shopper_key
        details_of = late.details.stored

        def erased_meanwhile(*asked: str) -> Any:
            world.container.outcomes.publish(try_on_id)
            forget_wish(world, shopper_key, try_on_id)
            return details_of(*asked)

        late.details.__dict__["stored"] = erased_meanwhile
        late.publish(try_on_id)
        assert [event["reason"] for event in world.events(*TERMINAL)] == ["TIMED_OUT"]

    @pytest.mark.parametrize("reads", [1, 2, 3])
    def test_an_erasure_between_the_reads_of_a_publisher_changes_no_content(
        self, busy: ConcurrentWorld, reads: int
    ) -> None:
        """The erasure publishes the outcome and removes the row that holds Genlook's message."""
        world = busy
        try_on_id = submitted(world, Fate(kind="fail", seconds=5, message="no person in it"))
        world.clock.advance(6)
        die_after(world, "dynamodb.TransactWriteItems", lambda: poll(world, try_on_id))
        assert world.try_on(try_on_id).state is State.DECIDED
        world.clock.advance(2)
        world.kill_switch.interrupt(reads, lambda: world.observer.erase("shopper-7", "e-1"))
        world.container.outcomes.publish(try_on_id)
        assert not world.kill_switch.waits
        said = world.events(*TERMINAL)
        assert said
        assert {event.get("message") for event in said} == {"no person in it"}

    def test_no_review_of_it_is_announced_after_its_outcome(self, world: World) -> None:
        """A worker that saw the lost answer goes on after the sweep."""
        try_on_id = under_review(world)
        seen = world.try_on(try_on_id)
        world.container.erase("shopper-7", "e-1")
        world.events()
        world.container.outcomes.publish_review(seen)
        assert world.events() == []

    def test_one_under_review_whose_wish_is_gone_ends(self, world: World) -> None:
        try_on_id = under_review(world)
        world.events()
        seen = world.try_on(try_on_id)
        forget_wish(world, seen.shopper_key, try_on_id)
        world.container.outcomes.publish_review(seen)
        assert [event["reason"] for event in world.events()] == ["CUSTOMER_ERASED"]


def poll(world: World, try_on_id: str) -> Any:
    return world.container.poll(try_on_id, world.state_machine.started[try_on_id])


def die_after(world: MortalWorld, call: str, do: Callable[[], Any]) -> None:
    """The process dies right after the first call of that name."""
    world.kill_switch.arm_at(call)
    with pytest.raises(Killed):
        do()
    world.container = world.new_process()


@pytest.mark.promise("Results are copied", "copied-under-its-own-key")
def test_a_completed_one_says_where_the_picture_lies(world: World) -> None:
    try_on_id = submitted(world, Fate(seconds=5))
    world.clock.advance(6)
    assert poll(world, try_on_id) == Decided()
    (event,) = world.events(*TERMINAL)
    result = event["result"]
    assert result.keys() == {"bucket", "key", "contentType", "bytes", "expiresAt"}
    head = world.s3.head_object(Bucket=result["bucket"], Key=result["key"])
    assert head["ContentLength"] == result["bytes"]
    assert head["ContentType"] == result["contentType"]
    assert result["expiresAt"].startswith("2027-01-22T08:00")
    assert "X-Amz" not in str(event)
    assert world.genlook.origin not in str(event)
