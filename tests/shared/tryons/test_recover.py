"""What each state gets when its time has come; one test a row."""

import pytest

from tests.support.concurrent import ConcurrentWorld
from tests.support.tryons import PHOTO, open_erasure, refusing_bus, under_review
from tests.support.world import World
from tests.support.worlds import MakeWorld
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.aws import keys
from tryon_worker.aws.queues import RESEND_SECONDS
from tryon_worker.aws.table import update
from tryon_worker.clock import DAY
from tryon_worker.tryons.model import State, WaitingFor
from tryon_worker.tryons.outcome import REVIEW_SECONDS

TERMINAL = ("TryOnCompleted", "TryOnFailed")


def round_of(world: World) -> list[str]:
    """One round; the steps that it sent."""
    world.container.housekeeping_round(lambda: 50.0)
    return [body["tryOnId"] for body in world.messages("tryon")]


def forgotten(world: World) -> str:
    try_on_id = world.accepted()
    world.messages("tryon")
    return try_on_id


class TestAccepted:
    @pytest.mark.promise("P2", "housekeeping-watches-until-then")
    @pytest.mark.promise("Accepted means written", "housekeeping-resends-lost-messages")
    def test_without_a_step_is_sent_again_ever_more_rarely(self, world: World) -> None:
        try_on_id = forgotten(world)
        assert round_of(world) == []
        for wait in (RESEND_SECONDS, RESEND_SECONDS, 2 * RESEND_SECONDS, 4 * RESEND_SECONDS):
            world.clock.advance(wait - 1)
            assert round_of(world) == []
            world.clock.advance(1)
            assert round_of(world) == [try_on_id]

    def test_is_sent_at_least_daily(self, world: World) -> None:
        try_on_id = forgotten(world)
        for _ in range(20):
            world.clock.advance(DAY)
            assert round_of(world) == [try_on_id]


class TestClaimed:
    @pytest.mark.promise("Accepted means written", "housekeeping-resends-lost-messages")
    def test_past_its_lease_is_sent_again_and_can_be_claimed(self, world: World) -> None:
        try_on_id = forgotten(world)
        now = int(world.clock.now())
        world.container.ledger.claim(try_on_id, "dead", now=now, lease_until=now + 150)
        world.clock.advance(150)
        assert round_of(world) == [], "a step at this very second would find it claimed"
        world.clock.advance(1)
        assert round_of(world) == [try_on_id]
        world.step(try_on_id)
        assert world.try_on(try_on_id).state is State.WAITING


@pytest.mark.promise("Accepted means written", "housekeeping-resends-lost-messages")
@pytest.mark.promise("Waiting is not failing", "housekeeping-resumes")
@pytest.mark.parametrize(
    "why", [WaitingFor.RATE, WaitingFor.RETRY, WaitingFor.QUOTA, WaitingFor.ERASURE]
)
def test_what_waits_is_sent_when_its_time_has_come(world: World, why: WaitingFor) -> None:
    try_on_id = waiting(world, why, seconds=100)
    world.clock.advance(99)
    assert round_of(world) == []
    world.clock.advance(1)
    assert round_of(world) == [try_on_id]
    world.clock.advance(60)
    assert round_of(world) == [], "its message is on its way"


class TestWaitingForTheBreaker:
    def test_stays_while_it_is_shut_and_is_looked_at_ever_more_rarely(self, world: World) -> None:
        waiting(world, WaitingFor.CIRCUIT, seconds=60)
        world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        world.genlook.control.set_account(credits=0)
        world.clock.advance(60)
        assert round_of(world) == []
        try_on = world.try_on(world.try_on_ids()[0])
        assert try_on.due_at == world.clock.now() + 60
        world.clock.advance(60)
        assert round_of(world) == []
        try_on = world.try_on(world.try_on_ids()[0])
        assert try_on.due_at == world.clock.now() + 120

    @pytest.mark.promise("Waiting is not failing", "housekeeping-resumes")
    def test_is_sent_when_one_may_try(self, world: World) -> None:
        try_on_id = waiting(world, WaitingFor.CIRCUIT, seconds=60)
        world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        world.clock.advance(60)
        assert round_of(world) == [try_on_id], "the probe of the same round found credits"

    def test_stays_while_another_tries(self, world: World) -> None:
        waiting(world, WaitingFor.CIRCUIT, seconds=60)
        world.container.circuit_breaker.open(OpenReason.INSUFFICIENT_CREDITS)
        world.clock.advance(60)
        world.container.circuit_breaker.half_open()
        assert world.container.circuit_breaker.try_acquire("another")
        assert round_of(world) == []


class TestWaitingForAPhoto:
    def test_ends_when_none_came(self, make_world: MakeWorld) -> None:
        world = make_world(photo_wait_seconds=3600)
        world.accepted()
        world.run()
        world.clock.advance(3599)
        world.housekeeping_round()
        assert world.events(*TERMINAL) == []
        world.clock.advance(1)
        world.housekeeping_round()
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "PHOTO_MISSING"

    def test_goes_on_when_one_came_in_time_but_could_not_be_uploaded(
        self, make_world: MakeWorld
    ) -> None:
        world = make_world(photo_wait_seconds=3600)
        try_on_id = world.accepted()
        world.run()
        world.clock.advance(3500)
        world.genlook.control.refuse("upload", 503, times=2)
        world.container.receive_photo(world.photo(data=PHOTO))
        world.clock.advance(100)
        world.housekeeping_round()
        assert world.events(*TERMINAL) == []
        while world.try_on(try_on_id).state is State.WAITING:
            world.clock.advance(60)
            world.housekeeping_round()
        assert world.try_on(try_on_id).state is State.SUBMITTED

    def test_ends_when_the_one_that_came_is_none(self, make_world: MakeWorld) -> None:
        world = make_world(photo_wait_seconds=3600)
        world.accepted()
        world.run()
        world.container.receive_photo(world.photo(data=b"not a picture"))
        world.run()
        world.clock.advance(3600)
        world.housekeeping_round()
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "PHOTO_MISSING"

    def test_does_not_end_for_want_of_a_photo_once_it_waits_for_the_rate(
        self, busy: ConcurrentWorld
    ) -> None:
        """The photo came after the look for one, and its step found the account busy."""
        try_on_id = busy.accepted()
        busy.run()
        busy.clock.advance(DAY + 1)
        busy.container = busy.new_process()
        seen = busy.try_on(try_on_id)

        def photo_comes() -> None:
            busy.observer.receive_photo(busy.photo(data=PHOTO))
            busy.observer.rate_limiter.pause(60)
            busy.observer.step(try_on_id, lambda: 120.0)
            found = busy.observer.ledger.get(try_on_id)
            assert found
            assert found.waiting_for is WaitingFor.RATE

        busy.kill_switch.interrupt(3, photo_comes)
        busy.container.recover(seen)
        assert not busy.kill_switch.waits
        assert busy.try_on(try_on_id).waiting_for is WaitingFor.RATE
        assert busy.events(*TERMINAL) == []

    def test_of_an_erased_shopper_ends_quietly(self, make_world: MakeWorld) -> None:
        world = make_world(photo_wait_seconds=3600)
        world.accepted()
        world.run()
        open_erasure(world)
        world.clock.advance(3600)
        world.container.housekeeping_round(lambda: 50.0)
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "CUSTOMER_ERASED"


class TestSubmitting:
    @pytest.mark.promise("The paid call", "expired-submitting-is-unknown")
    def test_past_its_lease_nobody_knows_and_a_person_decides(self, world: World) -> None:
        try_on_id = calling(world, lease=60)
        world.clock.advance(60)
        round_of(world)
        assert world.try_on(try_on_id).state is State.SUBMITTING, "it may end this very second"
        world.clock.advance(1)
        round_of(world)
        try_on = world.try_on(try_on_id)
        assert (try_on.state, try_on.review_reason) == (State.UNKNOWN, "WORKER_LOST")
        (event,) = world.events("TryOnNeedsReview")
        assert (event["tryOnId"], event["reason"]) == (try_on_id, "WORKER_LOST")
        assert world.paid_calls() == 0
        assert world.container.circuit_breaker.circuit().consecutive_unknowns == 1

    def test_counts_for_the_breaker_also_if_the_bus_is_down(self, world: World) -> None:
        calling(world, lease=60)
        refusing_bus(world, 1)
        world.clock.advance(61)
        with pytest.raises(Exception, match="failed"):
            round_of(world)
        assert world.container.circuit_breaker.circuit().consecutive_unknowns == 1


class TestUnderReview:
    def test_is_not_closed_at_the_moment_it_is_announced(self, world: World) -> None:
        """Who published it, and when the row was due, may be two different things."""
        try_on_id = under_review(world)
        world.events()
        world.container.table.write(
            update(keys.ledger(try_on_id), "SET #dueAt = :now", now=int(world.clock.now()))
        )
        round_of(world)
        try_on = world.try_on(try_on_id)
        assert try_on.state is State.UNKNOWN
        assert try_on.due_at == (try_on.unknown_at or 0) + REVIEW_SECONDS
        assert world.events() == []

    @pytest.mark.promise("P2", "every-wait-ends")
    def test_is_closed_after_seven_days(self, world: World) -> None:
        try_on_id = under_review(world)
        world.events()
        begun = world.try_on(try_on_id).unknown_at or 0
        world.clock.advance(begun + REVIEW_SECONDS - 1 - world.clock.now())
        round_of(world)
        assert world.events(*TERMINAL) == []
        world.clock.advance(1)
        round_of(world)
        (event,) = world.events(*TERMINAL)
        assert event["reason"] == "CLOSED"
        assert world.paid_calls() == 1


def waiting(world: World, why: WaitingFor, *, seconds: int) -> str:
    try_on_id = forgotten(world)
    now = int(world.clock.now())
    ledger = world.container.ledger
    ledger.claim(try_on_id, "a", now=now, lease_until=now + 150)
    world.container.table.write(
        ledger.deferral(try_on_id, "a", waiting_for=why, due_at=now + seconds, now=now)
    )
    return try_on_id


def calling(world: World, *, lease: int) -> str:
    """A try-on whose worker is in the paid call, and will not come back."""
    try_on_id = forgotten(world)
    now = int(world.clock.now())
    ledger = world.container.ledger
    ledger.claim(try_on_id, "a", now=now, lease_until=now + 150)
    world.container.table.write(
        ledger.submission(
            try_on_id,
            "a",
            now=now,
            lease_until=now + lease,
            quota_day="2027-01-15",
            photo_id="p",
        )
    )
    return try_on_id
