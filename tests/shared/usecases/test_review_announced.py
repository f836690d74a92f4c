"""A review is announced, at least once, and to the call that it is about."""

import pytest

from tests.support.tryons import refusing_bus, under_review
from tests.support.world import World
from tryon_worker.events import EventNotTaken
from tryon_worker.usecases.door import REVIEW_SECONDS


class TestReviews:
    def test_one_is_announced_once(self, world: World) -> None:
        try_on_id = under_review(world)
        (event,) = world.events("TryOnNeedsReview")
        assert event["tryOnId"] == try_on_id
        assert event["reason"]
        world.clock.advance(120)
        world.housekeep()
        assert world.events("TryOnNeedsReview") == []
        assert world.entry(try_on_id).due_at == int(
            (world.entry(try_on_id).unknown_at or 0) + REVIEW_SECONDS
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
        world.housekeep()
        assert len(world.events("TryOnNeedsReview")) == 1

    def test_the_mark_is_only_for_the_call_that_was_announced(self, world: World) -> None:
        """A person answered between announcement and mark, and the next call is lost as well."""
        try_on_id = under_review(world)
        world.events()
        first = world.entry(try_on_id)
        review = world.event(
            "TryOnReviewed",
            {"tryOnId": try_on_id, "action": "retry"},
            source="tryon.operator",
        )
        world.wiring.take_in(review)
        world.genlook.control.lose_answer("try_on")
        refusing_bus(world, 1)
        world.wiring.ledger.claim(
            try_on_id, "b", now=int(world.clock.now()), lease_until=int(world.clock.now()) + 60
        )
        second = world.entry(try_on_id)
        assert second.attempt != first.attempt
        world.wiring.table.write(
            world.wiring.ledger.submission(
                try_on_id,
                "b",
                now=int(world.clock.now()),
                lease_until=int(world.clock.now()) + 60,
                capped_on="2027-01-15",
                photo_id="p",
            )
        )
        world.wiring.ledger.unknown(try_on_id, "b", reason="LOST", now=int(world.clock.now()))
        world.new_process().door.announce_review(first)
        assert world.entry(try_on_id).announced_at is None
