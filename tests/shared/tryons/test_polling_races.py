"""What happens between a look and its decision: another look, a time-out, an erasure."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.support.erasing import SOON
from tests.support.tryons import close_erasure, open_erasure, submitted
from tests.support.world import World
from tryon_worker.aws.buckets import Bucket
from tryon_worker.genlook import Generation
from tryon_worker.tryons.model import Outcome, Reason, Result, State, TryOn, Verdict
from tryon_worker.tryons.polling import Decided, StillRunning

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def poll(world: World, try_on_id: str) -> StillRunning | Decided:
    return world.container.poll(try_on_id, world.state_machine.started[try_on_id])


def outcome(world: World) -> dict[str, Any]:
    """The one terminal event."""
    (event,) = world.events(*TERMINAL)
    return event


def after_deadline(world: World) -> None:
    world.clock.advance(world.container.settings.tryon_deadline_seconds)


class TestTwoLooksAtTheSameMoment:
    @pytest.mark.promise("P2", "repeated-event-is-identical")
    def test_make_one_picture_and_one_content(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        generation_id = world.state_machine.started[try_on_id]
        polls = [world.new_process().poll for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            seen = list(pool.map(lambda one: one(try_on_id, generation_id), polls))
        assert seen == [Decided(), Decided()]
        assert len({str(event) for event in world.events(*TERMINAL)}) == 1
        verdict = world.try_on(try_on_id).verdict
        assert verdict is not None
        assert verdict.result is not None
        assert world.objects(world.result_bucket) == [verdict.result.key]

    def test_the_loser_leaves_the_winners_picture(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        meanwhile(world, lambda: other_look(world, try_on_id))
        assert poll(world, try_on_id) == Decided()
        assert len(world.objects(world.result_bucket)) == 1
        assert outcome(world)["type"] == "TryOnCompleted"

    def test_the_loser_to_another_outcome_takes_its_picture_away(self, world: World) -> None:
        try_on_id = submitted(world)
        after_deadline(world)
        meanwhile(world, lambda: time_out(world, try_on_id))
        assert poll(world, try_on_id) == Decided()
        assert world.objects(world.result_bucket) == []
        assert outcome(world)["reason"] == "TIMED_OUT"

    def test_the_loser_to_an_erased_winner_takes_the_picture_away(self, world: World) -> None:
        """The copy may come after the erasure's sweep, though the outcome came before it."""
        try_on_id = submitted(world)
        world.clock.advance(6)

        def complete_then_erase() -> None:
            other_look(world, try_on_id)
            open_erasure(world)

        meanwhile(world, complete_then_erase)
        assert poll(world, try_on_id) == Decided()
        assert world.objects(world.result_bucket) == []


class TestErasedWhileItRuns:
    def test_it_ends_with_its_id_and_the_reason_alone(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        open_erasure(world)
        assert poll(world, try_on_id) == Decided()
        event = outcome(world)
        assert event["reason"] == "CUSTOMER_ERASED"
        assert event.keys() == {"type", "schemaVersion", "occurredAt", "tryOnId", "reason"}
        assert world.objects(world.result_bucket) == []

    @pytest.mark.promise("Erasure", "refused-close-deletes-what-it-left")
    @pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
    def test_also_between_copy_and_decision(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        meanwhile(world, lambda: open_erasure(world))
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["reason"] == "CUSTOMER_ERASED"
        assert world.objects(world.result_bucket) == []

    def test_a_later_wish_of_the_same_shopper_completes(self, world: World) -> None:
        open_erasure(world)
        close_erasure(world)
        world.clock.advance(SOON)
        world.watch(submitted(world))
        assert outcome(world)["type"] == "TryOnCompleted"


def meanwhile(world: World, do: Callable[[], None]) -> None:
    """Lets something happen between the copy of the next look and its decision."""
    copy_result = world.container.poll.copy_result

    class Interrupted:
        def __call__(self, try_on: TryOn, generation: Generation) -> Result:
            result = copy_result(try_on, generation)
            do()
            # The copy of the loser comes last, whatever the other one did with the key.
            Bucket(world.s3, world.result_bucket).write(
                result.key,
                io.BytesIO(b"x"),
                content_type=result.content_type,
                keep_for_days=1,
            )
            return result

        remove_unless_kept = staticmethod(copy_result.remove_unless_kept)

    # Typed as Any: it stands in for the copy that it calls.
    interrupted: Any = Interrupted()
    world.container.__dict__["poll"] = replace(world.container.poll, copy_result=interrupted)


def other_look(world: World, try_on_id: str) -> None:
    other = world.new_process().poll
    assert other(try_on_id, world.state_machine.started[try_on_id]) == Decided()


def time_out(world: World, try_on_id: str) -> None:
    try_on = world.try_on(try_on_id)
    world.new_process().outcomes.decide(
        try_on, Verdict(Outcome.FAILED, Reason.TIMED_OUT), from_states=(State.SUBMITTED,)
    )
