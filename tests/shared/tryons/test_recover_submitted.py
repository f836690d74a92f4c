"""What a submitted or decided try-on gets when its time has come, or its execution has ended."""

import pytest

from local.genlook.faults import Fate
from tests.support.tryons import refusing_bus, submitted
from tests.support.world import World
from tryon_worker.aws import keys
from tryon_worker.aws.table import update
from tryon_worker.events.publisher import EventNotTaken
from tryon_worker.tryons.polling import UNANSWERED_SECONDS
from tryon_worker.tryons.recover import EXECUTION_SECONDS

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def round_of(world: World) -> None:
    world.container.housekeeping_round(lambda: 50.0)


class TestSubmitted:
    @pytest.mark.promise("Save, then start", "generation-saved-before-execution")
    def test_whose_execution_was_never_started_is_started(self, world: World) -> None:
        try_on_id = submitted(world)
        generation_id = world.state_machine.started.pop(try_on_id)
        world.clock.advance(120)
        round_of(world)
        assert world.state_machine.started == {try_on_id: generation_id}
        assert world.try_on(try_on_id).due_at > world.clock.now()

    @pytest.mark.promise("Save, then start", "exists-is-checked")
    def test_whose_execution_runs_is_left_to_it(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(120)
        round_of(world)
        assert world.genlook.control.calls("generation") == []
        assert world.try_on(try_on_id).due_at == world.clock.now() + EXECUTION_SECONDS

    @pytest.mark.promise("Save, then start", "exists-is-checked")
    def test_whose_execution_ended_without_an_outcome_is_looked_at(self, world: World) -> None:
        try_on_id = submitted(world)
        world.state_machine.stopped.add(try_on_id)
        world.clock.advance(120)
        round_of(world)
        (event,) = world.events(*TERMINAL)
        assert event["type"] == "TryOnCompleted"

    def test_that_still_runs_without_one_is_looked_at_ever_more_rarely(self, world: World) -> None:
        try_on_id = submitted(world, Fate(kind="hang"))
        world.state_machine.stopped.add(try_on_id)
        waits = []
        for _ in range(4):
            world.clock.advance(world.try_on(try_on_id).due_at - world.clock.now())
            round_of(world)
            waits.append(world.try_on(try_on_id).due_at - world.clock.now())
        assert waits == [60, 120, 240, 480]

    def test_past_its_deadline_needs_no_step_functions(self, world: World) -> None:
        try_on_id = submitted(world, Fate(kind="hang"))

        class Down:
            def running(self, *_: str) -> bool:
                raise ConnectionError

        world.container.recover.__dict__["state_machine"] = Down()
        deadline = world.container.settings.tryon_deadline_seconds
        world.clock.advance(deadline + EXECUTION_SECONDS)
        round_of(world)
        (event,) = world.events(*TERMINAL)
        assert (event["tryOnId"], event["reason"]) == (try_on_id, "TIMED_OUT")

    @pytest.mark.promise("P2", "every-wait-ends")
    def test_ends_though_genlook_never_answers(self, world: World) -> None:
        submitted(world)
        world.genlook.control.refuse("generation", 503, times=None)
        rounds = 0
        while not world.events(*TERMINAL):
            world.clock.advance(300)
            round_of(world)
            rounds += 1
            assert rounds * 300 < 600 + EXECUTION_SECONDS + UNANSWERED_SECONDS + 1200


class TestDecided:
    @pytest.mark.promise("One outcome, one publisher", "all-ends-go-through-it")
    def test_but_not_published_is_published(self, world: World) -> None:
        try_on_id = submitted(world)
        refusing_bus(world, 1)
        world.clock.advance(6)
        with pytest.raises(EventNotTaken):
            world.container.poll(try_on_id, world.state_machine.started[try_on_id])
        world.clock.advance(60)
        round_of(world)
        (event,) = world.events(*TERMINAL)
        assert event["type"] == "TryOnCompleted"
        assert world.objects(world.result_bucket) == [event["result"]["key"]]


class TestAnExecutionThatEndedByItself:
    """Settled from its status event; if that is lost, ``TestSubmitted`` is what is left."""

    def test_leaves_a_look_where_nothing_is_decided(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        world.container.recover.on_execution_ended(try_on_id)
        assert [event["type"] for event in world.events(*TERMINAL)] == ["TryOnCompleted"]

    def test_leaves_the_next_look_to_housekeeping_while_it_runs(self, world: World) -> None:
        try_on_id = submitted(world)
        world.container.recover.on_execution_ended(try_on_id)
        assert world.try_on(try_on_id).due_at == int(world.clock.now()) + 60
        assert world.events(*TERMINAL) == []

    def test_publishes_what_was_decided(self, world: World) -> None:
        try_on_id = submitted(world)
        refusing_bus(world, 1)
        world.clock.advance(6)
        with pytest.raises(EventNotTaken):
            world.container.poll(try_on_id, world.state_machine.started[try_on_id])
        world.container.recover.on_execution_ended(try_on_id)
        world.container.recover.on_execution_ended(try_on_id)
        assert len(world.events(*TERMINAL)) == 1

    def test_of_a_try_on_that_moved_meanwhile_is_no_error(self, world: World) -> None:
        try_on_id = submitted(world)
        real = world.container.recover.poll

        def moved(*asked: str) -> object:
            seen = real(*asked)
            world.container.table.write(
                update(keys.ledger(try_on_id), "SET #dueAt = :later", later=2_000_000_000)
            )
            return seen

        world.container.recover.__dict__["poll"] = moved
        world.container.recover.on_execution_ended(try_on_id)
        assert world.try_on(try_on_id).due_at == 2_000_000_000

    def test_of_an_unknown_try_on_is_no_error(self, world: World) -> None:
        world.container.recover.on_execution_ended("unheard-of")
        assert world.events() == []
