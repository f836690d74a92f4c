"""What a person orders is done once, however often it is delivered, and only where it is due."""

from typing import Any

import pytest

from local.genlook.faults import CallFault
from tests.support.tryons import PHOTO, open_erasure, refusing_bus, submitted, under_review
from tests.support.world import World
from tryon_worker.events.publisher import EventNotTaken
from tryon_worker.tryons.model import State

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def order(
    world: World,
    try_on_id: str,
    action: str,
    *,
    source: str = "tryon.operator",
    event_id: str = "order-1",
    **more: str,
) -> None:
    detail = {"tryOnId": try_on_id, "action": action, **more}
    world.container.route_event(world.event("TryOnReviewed", detail, source=source, id=event_id))


def generation_of(world: World) -> str:
    """The generation that Genlook made of the last paid call."""
    generation_id: str = world.genlook.control.calls("try_on")[-1]["generationId"]
    return generation_id


def refusal(world: World) -> dict[str, Any]:
    (event,) = world.events("RequestRefused")
    return event


def reviewed(world: World) -> str:
    try_on_id = under_review(world)
    world.events()
    return try_on_id


class TestRetry:
    @pytest.mark.promise("P1", "retry-adds-at-most-one-call")
    def test_adds_one_paid_call(self, world: World) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, "retry")
        world.run()
        world.watch(try_on_id)
        assert world.paid_calls() == 2
        assert len(world.events(*TERMINAL)) == 1

    @pytest.mark.promise("P1", "retry-adds-at-most-one-call")
    def test_delivered_twice_adds_one(self, world: World) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, "retry")
        order(world, try_on_id, "retry")
        world.run()
        order(world, try_on_id, "retry")
        world.run()
        assert world.paid_calls() == 2
        assert world.events("RequestRefused") == []

    @pytest.mark.promise("P1", "retry-adds-at-most-one-call")
    def test_delivered_again_after_it_was_lost_too_adds_none(self, world: World) -> None:
        try_on_id = reviewed(world)
        world.genlook.control.lose_answer("try_on")
        order(world, try_on_id, "retry")
        world.run()
        assert world.try_on(try_on_id).state is State.UNKNOWN
        order(world, try_on_id, "retry")
        world.run()
        assert world.paid_calls() == 2
        assert len(world.events("TryOnNeedsReview")) == 1

    def test_ordered_anew_adds_one_more(self, world: World) -> None:
        try_on_id = reviewed(world)
        world.genlook.control.lose_answer("try_on")
        order(world, try_on_id, "retry", event_id="order-1")
        world.run()
        world.clock.advance(1)
        order(world, try_on_id, "retry", event_id="order-2")
        world.run()
        assert world.paid_calls() == 3
        assert world.try_on(try_on_id).state is State.SUBMITTED

    @pytest.mark.promise("P1", "retry-order-counts-once")
    def test_that_names_its_review_counts_once_under_whichever_event(self, world: World) -> None:
        """The SDK put it on the bus twice, and the second came when the retry was lost as well."""
        try_on_id = reviewed(world)
        review = world.try_on(try_on_id).attempt or ""
        world.genlook.control.lose_answer("try_on")
        order(world, try_on_id, "retry", event_id="order-1", reviewId=review)
        world.run()
        assert world.try_on(try_on_id).state is State.UNKNOWN
        world.clock.advance(3600)
        order(world, try_on_id, "retry", event_id="order-2", reviewId=review)
        world.run()
        assert world.paid_calls() == 2
        assert world.try_on(try_on_id).state is State.UNKNOWN
        assert world.events("RequestRefused") == []
        review = world.try_on(try_on_id).attempt or ""
        order(world, try_on_id, "retry", event_id="order-3", reviewId=review)
        world.run()
        assert world.paid_calls() == 3

    @pytest.mark.promise("P1", "retry-order-counts-once")
    def test_that_names_none_does_not_answer_a_later_review(self, world: World) -> None:
        """One order, two events of the same second; the second is delivered hours later."""
        try_on_id = reviewed(world)
        detail = {"tryOnId": try_on_id, "action": "retry"}
        first, second = (
            world.event("TryOnReviewed", detail, source="tryon.operator") for _ in range(2)
        )
        world.genlook.control.lose_answer("try_on")
        world.container.route_event(first)
        world.run()
        for seconds in (0, 3600):
            world.clock.advance(seconds)
            for late in (first, second):
                world.container.route_event(late)
                world.run()
        assert world.paid_calls() == 2
        assert world.try_on(try_on_id).state is State.UNKNOWN
        assert world.events("RequestRefused") == []

    def test_cut_short_before_its_message_is_sent_by_the_repeat(self, world: World) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, "retry")
        assert len(world.messages("tryon")) == 1
        order(world, try_on_id, "retry")
        assert len(world.messages("tryon")) == 1

    def test_of_an_erased_shopper_calls_nobody(self, world: World) -> None:
        try_on_id = reviewed(world)
        open_erasure(world)
        order(world, try_on_id, "retry")
        world.run()
        assert world.paid_calls() == 1
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "CUSTOMER_ERASED"

    def test_does_not_take_the_late_answer_of_the_call_before(self, world: World) -> None:
        try_on_id = reviewed(world)
        attempt = world.try_on(try_on_id).attempt or ""
        order(world, try_on_id, "retry")
        with pytest.raises(Exception, match="condition failed"):
            world.container.table.write(
                world.container.ledger.submitted(
                    try_on_id,
                    attempt,
                    generation_id="late",
                    now=1,
                    deadline_at=1,
                    open_before=0,
                    due_at=1,
                )
            )


class TestClose:
    def test_ends_it_without_a_call(self, world: World) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, "close")
        (event,) = world.events(*TERMINAL)
        assert (event["tryOnId"], event["reason"]) == (try_on_id, "CLOSED")
        assert world.paid_calls() == 1

    def test_delivered_twice_ends_it_once(self, world: World) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, "close")
        order(world, try_on_id, "close")
        assert [event["type"] for event in world.events()] == ["TryOnFailed"]

    def test_that_eventbridge_refused_is_said_by_the_repeat(self, world: World) -> None:
        try_on_id = reviewed(world)
        refusing_bus(world, 1)
        with pytest.raises(EventNotTaken):
            order(world, try_on_id, "close")
        order(world, try_on_id, "close")
        assert [event["type"] for event in world.events()] == ["TryOnFailed"]

    def test_of_an_erased_shopper_says_no_more_than_that(self, world: World) -> None:
        try_on_id = reviewed(world)
        open_erasure(world)
        order(world, try_on_id, "close")
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "CUSTOMER_ERASED"

    def test_that_is_overtaken_by_another_call_under_review_ends_nothing(
        self, world: World
    ) -> None:
        """Who orders it has not seen what it would end."""
        try_on_id = reviewed(world)
        ledger_get = world.container.ledger.get
        seen = ledger_get(try_on_id)
        world.genlook.control.lose_answer("try_on")
        order(world, try_on_id, "retry")
        world.run()
        world.events()
        world.clock.advance(1)
        reads = iter([seen])
        world.container.ledger.__dict__["get"] = lambda of: next(reads, None) or ledger_get(of)
        order(world, try_on_id, "close", event_id="order-2")
        assert refusal(world)["reason"] == "NOTHING_TO_REVIEW"
        assert world.try_on(try_on_id).state is State.UNKNOWN


class TestAdopt:
    def test_goes_on_with_the_generation_that_was_found(self, world: World) -> None:
        try_on_id = reviewed(world)
        (found,) = world.genlook.control.calls("try_on")
        order(world, try_on_id, "adopt", generationId=found["generationId"])
        world.run()
        world.watch(try_on_id)
        (event,) = world.events(*TERMINAL)
        assert (event["type"], event["generationId"]) == ("TryOnCompleted", found["generationId"])
        assert world.paid_calls() == 1

    def test_delivered_twice_starts_one_execution(self, world: World) -> None:
        try_on_id = reviewed(world)
        found = generation_of(world)
        order(world, try_on_id, "adopt", generationId=found)
        order(world, try_on_id, "adopt", generationId=found)
        assert world.state_machine.started == {try_on_id: found}
        assert [event["type"] for event in world.events()] == ["TryOnSubmitted"]

    def test_cut_short_before_its_execution_is_started_by_the_repeat(self, world: World) -> None:
        try_on_id = reviewed(world)
        found = generation_of(world)
        order(world, try_on_id, "adopt", generationId=found)
        world.state_machine.started.clear()
        order(world, try_on_id, "adopt", generationId=found)
        assert world.state_machine.started == {try_on_id: found}

    def test_of_another_generation_afterwards_is_refused(self, world: World) -> None:
        try_on_id = reviewed(world)
        found = generation_of(world)
        order(world, try_on_id, "adopt", generationId=found)
        world.events()
        order(world, try_on_id, "adopt", generationId="cm-other", event_id="order-2")
        assert refusal(world)["reason"] == "NOTHING_TO_REVIEW"
        assert world.try_on(try_on_id).generation_id == found

    @pytest.mark.promise("P1", "adopt-takes-the-try-ons-own-generation")
    @pytest.mark.parametrize("how", ["submitted", "adopted", "decided"])
    def test_of_a_generation_that_belongs_to_another_try_on_is_refused(
        self, world: World, how: str
    ) -> None:
        """Its picture would be published under another shopper's name."""
        mine = reviewed(world)
        if how == "adopted":
            world.genlook.control.lose_answer("try_on")
        world.ready_photo(data=PHOTO, shopper="another")
        other = world.accepted("r-2", externalUserId="another")
        world.run()
        world.clock.advance(1)
        theirs = generation_of(world)
        if how == "adopted":
            order(world, other, "adopt", generationId=theirs)
        if how == "decided":
            world.watch(other)
        world.events()
        order(world, mine, "adopt", generationId=theirs)
        event = refusal(world)
        assert (event["reason"], event["field"]) == ("GENERATION_TAKEN", "generationId")
        assert world.try_on(mine).state is State.UNKNOWN
        assert world.try_on(other).generation_id == theirs

    @pytest.mark.promise("P1", "adopt-takes-the-try-ons-own-generation")
    @pytest.mark.parametrize(
        ("seconds", "refused"),
        [(-121, True), (-120, False), (45 + 120, False), (45 + 121, True)],
    )
    def test_of_a_generation_from_another_time_than_the_calls_is_refused(
        self, world: World, seconds: int, refused: bool
    ) -> None:
        try_on_id = reviewed(world)
        found = generation_of(world)
        called_at = world.try_on(try_on_id).called_at or 0
        world.genlook.state.generations[found].created_at = called_at + seconds
        order(world, try_on_id, "adopt", generationId=found)
        if refused:
            assert refusal(world)["reason"] == "GENERATION_OF_ANOTHER_CALL"
            assert world.try_on(try_on_id).state is State.UNKNOWN
        else:
            assert world.try_on(try_on_id).generation_id == found

    @pytest.mark.parametrize("answered", [404, 403])
    def test_of_a_generation_that_genlook_does_not_show_is_refused(
        self, world: World, answered: int
    ) -> None:
        try_on_id = reviewed(world)
        world.genlook.control.refuse("generation", answered)
        order(world, try_on_id, "adopt", generationId=generation_of(world))
        assert refusal(world)["reason"] == "GENERATION_UNKNOWN"
        assert world.try_on(try_on_id).state is State.UNKNOWN

    @pytest.mark.parametrize(
        ("status", "body"), [(503, "error"), (404, "html"), (403, "html"), (404, "empty")]
    )
    def test_waits_in_the_queue_until_genlook_can_be_asked(
        self, world: World, status: int, body: Any
    ) -> None:
        try_on_id = reviewed(world)
        found = generation_of(world)
        answer = CallFault(operation="generation", status=status, body=body, times=None)
        world.genlook.control.arm(answer)
        order(world, try_on_id, "adopt", generationId=found)
        for _ in range(60):
            assert world.messages("intake") == []
            assert world.try_on(try_on_id).state is State.UNKNOWN
            world.clock.advance(61)
            world.run()
        world.genlook.control.disarm()
        world.clock.advance(61)
        world.run()
        assert world.try_on(try_on_id).generation_id == found
        assert world.events("RequestRefused") == []

    def test_that_waits_for_genlook_comes_to_its_end_with_the_review(self, world: World) -> None:
        try_on_id = reviewed(world)
        found = generation_of(world)
        world.genlook.control.refuse("generation", 503, times=None)
        order(world, try_on_id, "adopt", generationId=found)
        order(world, try_on_id, "close", event_id="order-2")
        world.events()
        world.clock.advance(61)
        world.run()
        assert refusal(world)["reason"] == "NOTHING_TO_REVIEW"
        world.clock.advance(3600)
        assert world.messages("intake") == []

    def test_takes_no_more_than_its_part_of_the_rate(self, world: World) -> None:
        try_on_id = reviewed(world)
        world.container.rate_limiter.pause(90)
        order(world, try_on_id, "adopt", generationId=generation_of(world))
        assert world.genlook.control.calls("generation") == []
        world.clock.advance(91)
        world.run()
        assert world.try_on(try_on_id).state is State.SUBMITTED


@pytest.mark.parametrize("action", ["retry", "close"])
class TestRefused:
    def test_from_a_source_that_is_not_trusted(self, world: World, action: str) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, action, source="shop")
        assert refusal(world)["reason"] == "SOURCE_NOT_TRUSTED"
        assert world.try_on(try_on_id).state is State.UNKNOWN
        assert world.messages("tryon") == []

    def test_for_a_try_on_that_waits_for_nobody(self, world: World, action: str) -> None:
        try_on_id = submitted(world)
        order(world, try_on_id, action)
        event = refusal(world)
        assert (event["reason"], event["field"]) == ("NOTHING_TO_REVIEW", "tryOnId")
        assert world.try_on(try_on_id).state is State.SUBMITTED
        assert world.paid_calls() == 1

    def test_for_one_that_was_never_heard_of(self, world: World, action: str) -> None:
        order(world, "unheard-of", action)
        assert refusal(world)["reason"] == "NOTHING_TO_REVIEW"
        assert world.rows() == []

    def test_after_another_person_closed_it(self, world: World, action: str) -> None:
        try_on_id = reviewed(world)
        order(world, try_on_id, "close", event_id="first")
        world.events()
        order(world, try_on_id, action, event_id="second")
        world.run()
        assert world.paid_calls() == 1
        assert world.events(*TERMINAL) == []


@pytest.mark.parametrize("more", [{"action": "retry"}, {"action": "adopt", "generationId": "cm"}])
def test_what_can_no_longer_be_done_after_the_end_is_refused(
    world: World, more: dict[str, str]
) -> None:
    try_on_id = reviewed(world)
    order(world, try_on_id, "close", event_id="first")
    world.events()
    order(world, try_on_id, event_id="second", **more)
    assert refusal(world)["reason"] == "NOTHING_TO_REVIEW"
    assert world.paid_calls() == 1


@pytest.mark.parametrize(
    "more", [{"action": "adopt"}, {"action": "close", "generationId": "cm"}, {"action": "erase"}]
)
def test_an_order_that_makes_no_sense_is_refused(world: World, more: dict[str, str]) -> None:
    try_on_id = reviewed(world)
    order(world, try_on_id, **more)
    assert refusal(world)["reason"] == "INVALID"
    assert world.try_on(try_on_id).state is State.UNKNOWN
