"""When a try-on is given up: by a look that was answered, and not while nobody may look."""

from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.shared.tryons.test_planner import busy
from tests.support.submitting import SMALL_PHOTO
from tests.support.tryons import submitted
from tests.support.world import World
from tryon_worker.account.circuit_breaker import CircuitState, OpenReason
from tryon_worker.tryons.polling import UNANSWERED_SECONDS, Decided, StillRunning
from tryon_worker.tryons.schedule import MAX_WAIT_SECONDS

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def poll(world: World, try_on_id: str) -> StillRunning | Decided:
    return world.container.poll(try_on_id, world.state_machine.started[try_on_id])


def outcome(world: World) -> dict[str, Any]:
    """The one terminal event."""
    (event,) = world.events(*TERMINAL)
    return event


def after_deadline(world: World) -> None:
    world.clock.advance(world.container.settings.tryon_deadline_seconds)


def calls(world: World) -> int:
    return len(world.genlook.control.calls("generation"))


class TestTheLastLook:
    @pytest.mark.promise("Polls are planned, not ticked", "last-poll-before-timeout")
    def test_a_picture_found_at_the_deadline_counts(self, world: World) -> None:
        try_on_id = submitted(world)
        after_deadline(world)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["type"] == "TryOnCompleted"

    def test_it_is_no_later_however_rare_looks_are(self, world: World) -> None:
        """Of a busy account: the plan alone would look every three minutes at one that is old."""
        for number in range(64):
            world.container.durations.add(f"g-{number}", 12.0, at=number)
        try_on_id = submitted(world, Fate(kind="hang"))
        began, waits = world.clock.now(), []
        while isinstance(seen := poll(world, try_on_id), StillRunning):
            waits.append(seen.wait_seconds)
            busy(world, live=60)
            world.clock.advance(seen.wait_seconds)
        assert max(waits) > MAX_WAIT_SECONDS
        deadline = world.container.settings.tryon_deadline_seconds
        assert deadline <= world.clock.now() - began < deadline + 1
        assert outcome(world)["reason"] == "TIMED_OUT"

    def test_nor_is_the_first_look_of_a_vendor_that_is_slower(self, world: World) -> None:
        world.options["tryon_deadline_seconds"] = 20
        for number in range(64):
            world.container.durations.add(f"g-{number}", 90.0, at=number)
        waits: list[int] = []
        world.state_machine.__dict__["start"] = lambda *started: waits.append(started[2])
        world.ready_photo(data=SMALL_PHOTO)
        world.accepted()
        world.run()
        assert waits == [20]

    @pytest.mark.promise("Polls are planned, not ticked", "last-poll-before-timeout")
    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_one_that_was_not_answered_is_none(self, world: World, status: int) -> None:
        try_on_id = submitted(world)
        after_deadline(world)
        world.genlook.control.refuse("generation", status)
        assert isinstance(poll(world, try_on_id), StillRunning)
        world.clock.advance(60)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["type"] == "TryOnCompleted"

    def test_but_an_answer_is_not_waited_for_for_ever(self, world: World) -> None:
        try_on_id = submitted(world)
        world.genlook.control.refuse("generation", 503, times=None)
        after_deadline(world)
        world.clock.advance(UNANSWERED_SECONDS - 1)
        assert isinstance(poll(world, try_on_id), StillRunning)
        world.clock.advance(1)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["reason"] == "TIMED_OUT"

    def test_a_budget_without_a_slot_times_nothing_out(self, world: World) -> None:
        try_on_id = submitted(world, Fate(kind="hang"))
        after_deadline(world)
        world.container.rate_limiter.pause(60)
        before = calls(world)
        assert poll(world, try_on_id) == StillRunning(60)
        assert calls(world) == before

    def test_but_a_slot_is_not_waited_for_for_ever(self, world: World) -> None:
        """Where every minute ends in a 429, one look gets through after each pause, not all."""
        try_on_id = submitted(world, Fate(kind="hang"))
        after_deadline(world)
        world.clock.advance(UNANSWERED_SECONDS)
        world.container.rate_limiter.pause(60)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["reason"] == "TIMED_OUT"


class TestTheDeadlineStandsStill:
    @pytest.mark.promise("One rate limiter", "deadlines-stand-still")
    def test_while_the_breaker_is_shut(self, world: World) -> None:
        try_on_id = submitted(world, Fate(kind="hang"))
        world.clock.advance(100)
        world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        world.clock.advance(1000)
        assert isinstance(poll(world, try_on_id), StillRunning)
        assert world.container.circuit_breaker.half_open()
        world.clock.advance(499)
        assert isinstance(poll(world, try_on_id), StillRunning)
        world.clock.advance(1)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["reason"] == "TIMED_OUT"

    def test_but_not_for_what_it_was_shut_before(self, world: World) -> None:
        world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        world.clock.advance(1000)
        assert world.container.circuit_breaker.half_open()
        try_on_id = submitted(world, Fate(kind="hang"))
        after_deadline(world)
        assert poll(world, try_on_id) == Decided()

    def test_and_nobody_looks_with_a_key_that_is_refused(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        world.genlook.control.revoke_key(world.genlook.api_key)
        assert isinstance(poll(world, try_on_id), StillRunning)
        assert world.container.circuit_breaker.circuit().state is CircuitState.OPEN
        before = calls(world)
        assert poll(world, try_on_id) == StillRunning(MAX_WAIT_SECONDS)
        assert calls(world) == before

    def test_a_changed_key_is_read_again_and_shuts_nothing(self, world: World) -> None:
        try_on_id = submitted(world)
        world.clock.advance(6)
        world.genlook.control.add_key("gk_new")
        world.genlook.control.revoke_key(world.genlook.api_key)
        world.cloud.client("secretsmanager").put_secret_value(
            SecretId=world.key_arn, SecretString="gk_new"
        )
        assert isinstance(poll(world, try_on_id), StillRunning)
        assert world.container.circuit_breaker.circuit().state is CircuitState.CLOSED
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["type"] == "TryOnCompleted"


class TestButNotForEver:
    """An account that nobody puts right again must not keep a try-on from its outcome."""

    def test_with_a_key_that_stays_refused(self, world: World) -> None:
        try_on_id = submitted(world)
        world.genlook.control.revoke_key(world.genlook.api_key)
        assert isinstance(poll(world, try_on_id), StillRunning)
        limit = world.container.settings.tryon_wait_seconds
        after_deadline(world)
        world.clock.advance(limit + UNANSWERED_SECONDS - 10)
        assert poll(world, try_on_id) == StillRunning(MAX_WAIT_SECONDS)
        world.clock.advance(10)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["reason"] == "TIMED_OUT"

    def test_without_credits_and_a_generation_that_hangs(self, world: World) -> None:
        try_on_id = submitted(world, Fate(kind="hang"))
        world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        after_deadline(world)
        world.clock.advance(world.container.settings.tryon_wait_seconds - 10)
        assert isinstance(poll(world, try_on_id), StillRunning)
        world.clock.advance(10)
        assert poll(world, try_on_id) == Decided()
        assert outcome(world)["reason"] == "TIMED_OUT"

    def test_by_housekeeping_alone_once_the_machine_has_reached_its_own_limit(
        self, world: World
    ) -> None:
        try_on_id = submitted(world)
        world.genlook.control.revoke_key(world.genlook.api_key)
        poll(world, try_on_id)
        world.state_machine.stopped.add(try_on_id)
        limit = world.container.settings.tryon_wait_seconds + UNANSWERED_SECONDS
        for _ in range(100):
            world.clock.advance((limit + 3600) / 100)
            world.container.housekeeping_round(lambda: 50.0)
        assert outcome(world)["reason"] == "TIMED_OUT"
        assert calls(world) == 1
