"""A review is published, at least once, and to the call that it is about."""

import pytest

from tests.support.tryons import refusing_bus, under_review
from tests.support.world import World
from tryon_worker.events.publisher import EventNotTaken
from tryon_worker.tryons.outcome import REVIEW_SECONDS


class TestReviews:
    def test_one_is_announced_once(self, world: World) -> None:
        try_on_id = under_review(world)
        (event,) = world.events("TryOnNeedsReview")
        assert event["tryOnId"] == try_on_id
        assert event["reason"]
        world.clock.advance(120)
        world.housekeeping_round()
        assert world.events("TryOnNeedsReview") == []
        assert world.try_on(try_on_id).due_at == int(
            (world.try_on(try_on_id).unknown_at or 0) + REVIEW_SECONDS
        )

    def test_one_that_eventbridge_refused_is_announced_later(self, world: World) -> None:
        world.ready_photo()
        refusing_bus(world, 1)
        world.genlook.control.lose_answer("try_on")
        try_on_id = world.accepted()
        with pytest.raises(EventNotTaken):
            world.step(try_on_id)
        world.messages("tryon")
        assert world.events("TryOnNeedsReview") == []
        world.clock.advance(121)
        world.housekeeping_round()
        assert len(world.events("TryOnNeedsReview")) == 1

    def test_the_mark_is_only_for_the_call_that_was_announced(self, world: World) -> None:
        """A person answered between announcement and mark, and the next call is lost as well."""
        try_on_id = under_review(world)
        world.events()
        first = world.try_on(try_on_id)
        review = world.event(
            "TryOnReviewed",
            {"tryOnId": try_on_id, "action": "retry"},
            source="tryon.operator",
        )
        world.container.route_event(review)
        world.genlook.control.lose_answer("try_on")
        refusing_bus(world, 1)
        world.container.ledger.claim(
            try_on_id, "b", now=int(world.clock.now()), lease_until=int(world.clock.now()) + 60
        )
        second = world.try_on(try_on_id)
        assert second.attempt != first.attempt
        world.container.table.write(
            world.container.ledger.submission(
                try_on_id,
                "b",
                now=int(world.clock.now()),
                lease_until=int(world.clock.now()) + 60,
                quota_day="2027-01-15",
                photo_id="p",
            )
        )
        world.container.ledger.unknown(try_on_id, "b", reason="LOST", now=int(world.clock.now()))
        world.new_process().outcomes.publish_review(first)
        assert world.try_on(try_on_id).review_published_at is None
