"""A round of housekeeping: fair to every row, whatever one of them does."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.genlook.faults import Fate
from tests.support.submitting import Wire
from tests.support.tryons import submitted
from tests.support.world import World
from tests.template.stack import load
from tryon_worker.account import gcra
from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Granted
from tryon_worker.aws import keys
from tryon_worker.aws.table import delete, update
from tryon_worker.container import HOUSEKEEPING_TIMEOUTS
from tryon_worker.genlook import GenlookClient
from tryon_worker.genlook.transport import SocketTransport
from tryon_worker.housekeeping import AGAIN_SECONDS, HOLD_SECONDS, STEP_SECONDS, RoundIncomplete
from tryon_worker.tryons.bulk import PART_SECONDS
from tryon_worker.tryons.model import Outcome, State, TryOn
from tryon_worker.tryons.recover import EXECUTION_SECONDS

LONGEST_WAIT = {call: ms / 1000 for call, ms in gcra._HORIZON_MS.items()}

AWS_SECONDS = 4
"""What is read and written before and after the calls, and a picture put into its bucket."""


def forgotten(world: World, count: int) -> list[str]:
    """Accepted requests whose messages are lost, and whose time has come."""
    now = int(world.clock.now())
    known = [f"try-on-{number}" for number in range(count)]
    for try_on_id in known:
        try_on = TryOn(try_on_id, "shopper", State.ACCEPTED, "hash", now, now, due_at=now)
        world.container.table.write(world.container.ledger.acceptance(try_on))
    return known


def one_round(world: World, time_left: Callable[[], float] = lambda: 50.0) -> list[str]:
    """The steps that a round sent."""
    world.container.housekeeping_round(time_left)
    return [body["tryOnId"] for body in world.messages("tryon")]


def without_bulk(world: World) -> None:
    """Only the rows look at the clock."""
    world.container.housekeeping_round.__dict__["dispatch_bulk"] = lambda _time_left: None


class NoCapacity:
    """A budget of which each slot is as far ahead as the class may book."""

    def take(self, call: Priority) -> Granted:
        return Granted(LONGEST_WAIT[call])


def break_row(world: World, try_on_id: str) -> None:
    """No such state is known: to handle the row raises."""
    world.container.table.write(
        update(keys.ledger(try_on_id), "SET #state = :broken", broken="SOMETHING")
    )


class TestOneBadRow:
    def test_does_not_keep_the_others_waiting(self, world: World) -> None:
        known = forgotten(world, 9)
        break_row(world, known[4])
        with pytest.raises(RoundIncomplete, match="1 failed"):
            one_round(world)
        assert {body["tryOnId"] for body in world.messages("tryon")} == set(known) - {known[4]}

    def test_goes_behind_them_in_the_next_round(self, world: World) -> None:
        (known,) = forgotten(world, 1)
        break_row(world, known)
        with pytest.raises(RoundIncomplete):
            one_round(world)
        world.clock.advance(HOLD_SECONDS - 1)
        assert one_round(world) == []
        world.clock.advance(1)
        with pytest.raises(RoundIncomplete):
            one_round(world)

    def test_is_logged_by_type_and_place_alone(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        (known,) = forgotten(world, 1)
        break_row(world, known)
        with pytest.raises(RoundIncomplete):
            one_round(world)
        (line,) = [vars(line) for line in caplog.records if line.levelname == "ERROR"]
        assert (line["step"], line["error"]) == ("LEDGER", "ValueError")
        assert line["where"].startswith("enum:")
        assert "SOMETHING" not in str(line)

    def test_nor_does_a_probe_that_fails(self, world: World) -> None:
        known = forgotten(world, 2)

        def broken() -> None:
            raise ZeroDivisionError

        world.container.housekeeping_round.__dict__["probe"] = broken
        with pytest.raises(RoundIncomplete, match="1 failed"):
            one_round(world)
        assert {body["tryOnId"] for body in world.messages("tryon")} == set(known)


class TestTime:
    def test_a_round_ends_before_its_function_does(self, world: World) -> None:
        forgotten(world, 6)
        without_bulk(world)
        left = iter([50.0, 40.0, STEP_SECONDS - 1])
        assert len(one_round(world, lambda: next(left))) == 2

    def test_the_longest_step_takes_no_longer_than_it_is_given(self, world: World) -> None:
        """A look with its copy: each wait and each call as long as it can be, and dead links."""
        try_on = world.try_on(submitted(world, Fate(kind="dead_link", dead_links=9, seconds=5)))
        world.clock.advance((try_on.deadline_at or 0) + EXECUTION_SECONDS - world.clock.now())
        seen: list[str] = []

        def slow(request: httpx.Request) -> httpx.Response:
            seen.append(request.url.path)
            world.clock.advance(HOUSEKEEPING_TIMEOUTS.total)
            return SocketTransport().handle_request(request)

        container = world.new_process()
        container.__dict__["housekeeping_genlook"] = GenlookClient(
            api_key=container.api_key,
            base_url=world.genlook.base_url,
            timeouts=HOUSEKEEPING_TIMEOUTS,
            transport=Wire(slow),
        )
        poll, busy = container.recover.poll, NoCapacity()
        poll.__dict__["rate_limiter"] = poll.copy_result.__dict__["rate_limiter"] = busy
        began = world.clock.now()
        container.recover(try_on)
        took = world.clock.now() - began
        assert len(seen) == 2, "asked, and tried to fetch"
        assert took == LONGEST_WAIT[Priority.POLL] + 2 * HOUSEKEEPING_TIMEOUTS.total
        assert took + AWS_SECONDS <= STEP_SECONDS

    def test_a_link_that_died_in_a_round_is_asked_for_in_the_next(self, world: World) -> None:
        try_on_id = submitted(world, Fate(kind="dead_link", dead_links=1, seconds=5))
        try_on = world.try_on(try_on_id)
        world.clock.advance((try_on.deadline_at or 0) + EXECUTION_SECONDS - world.clock.now())
        one_round(world)
        assert world.try_on(try_on_id).state is State.SUBMITTED
        world.clock.advance(HOLD_SECONDS)
        one_round(world)
        verdict = world.try_on(try_on_id).verdict
        assert verdict is not None
        assert verdict.outcome is Outcome.COMPLETED

    def test_a_round_comes_to_the_rows_though_all_before_them_takes_longest(self) -> None:
        """A probe that hangs, then both parts of the bulk."""
        probe = LONGEST_WAIT[Priority.ERASURE] + HOUSEKEEPING_TIMEOUTS.total
        lives = load().functions["HousekeepingFunction"]["Timeout"]
        assert probe + 2 * PART_SECONDS + STEP_SECONDS < lives

    def test_the_next_rounds_take_the_rest(self, world: World) -> None:
        known = forgotten(world, 7)
        without_bulk(world)
        sent: list[str] = []
        for _ in range(4):
            left = iter([50.0, 50.0, 0.0])
            sent += one_round(world, lambda left=left: next(left))  # type: ignore[misc]  # bound now
            world.clock.advance(60)
        assert sorted(sent) == sorted(known)

    def test_each_partition_has_its_turn(self, world: World) -> None:
        """Or the rows of the last one would wait for ever behind a full first one."""
        known = forgotten(world, 16)
        shards = {keys.due_shard(each) for each in known}
        without_bulk(world)
        left = iter([50.0] * len(shards) + [0.0])
        sent = one_round(world, lambda: next(left))
        assert {keys.due_shard(each) for each in sent} == shards

    def test_more_rows_than_a_page_are_taken_in_one_round(self, world: World) -> None:
        known = forgotten(world, 120)
        assert sorted(one_round(world)) == sorted(known)


class TestARowThatIsTaken:
    def test_is_not_taken_by_the_next_round_too(self, world: World) -> None:
        """Even if the first was killed in the midst of it."""
        (known,) = forgotten(world, 1)

        class Died(BaseException):
            pass

        def die(_try_on: TryOn) -> None:
            raise Died

        housekeeping_round = world.new_process().housekeeping_round
        housekeeping_round.__dict__["recover"] = die
        with pytest.raises(Died):
            housekeeping_round(lambda: 50.0)
        assert one_round(world) == []
        world.clock.advance(HOLD_SECONDS)
        assert one_round(world) == [known]

    def test_is_left_alone_if_it_moved_since_the_index_was_read(self, world: World) -> None:
        (known,) = forgotten(world, 1)
        seen = list(world.container.table.due(keys.due_shard(known), int(world.clock.now())))
        world.container.ledger.claim(
            known, "a", now=int(world.clock.now()), lease_until=int(world.clock.now()) + 100
        )
        claimed = world.try_on(known)
        world.container.table.__dict__["due"] = lambda *_: iter(seen)
        assert one_round(world) == []
        assert world.try_on(known) == claimed

    def test_is_not_brought_back_if_it_was_deleted(self, world: World) -> None:
        (known,) = forgotten(world, 1)
        seen = list(world.container.table.due(keys.due_shard(known), int(world.clock.now())))
        world.container.table.write(delete(keys.ledger(known)))
        world.container.table.__dict__["due"] = lambda *_: iter(seen)
        assert one_round(world) == []
        assert world.container.ledger.get(known) is None


class TestOtherRows:
    def test_a_photo_whose_upload_was_cut_short_is_sent_again_and_not_at_once(
        self, world: World
    ) -> None:
        world.genlook.control.refuse("upload", 503)
        world.container.receive_photo(world.photo())
        assert world.messages("upload") == []
        world.clock.advance(60)
        world.container.housekeeping_round(lambda: 50.0)
        (sent,) = world.messages("upload")
        assert sent.keys() == {"type", "shopperKey", "photoId"}
        world.clock.advance(AGAIN_SECONDS - 1)
        world.container.housekeeping_round(lambda: 50.0)
        assert world.messages("upload") == []
        world.clock.advance(1)
        world.container.housekeeping_round(lambda: 50.0)
        assert world.messages("upload") == [sent]

    def test_an_open_erasure_is_sent_again(self, world: World) -> None:
        world.genlook.control.refuse("customer_delete", 503)
        world.container.erase("shopper-7", "e-1")
        world.clock.advance(3600)
        world.container.housekeeping_round(lambda: 50.0)
        (sent,) = world.messages("erasure")
        assert sent.keys() == {"type", "shopperKey", "requestKey"}


def test_a_quiet_table_costs_a_round_nothing(world: World) -> None:
    before = world.rows()
    world.container.housekeeping_round(lambda: 50.0)
    assert world.rows() == before
    assert world.genlook.control.calls() == []


def test_nothing_is_looked_at_again_at_once(world: World) -> None:
    """No row may keep a round busy: after it each is due later, or at its end."""
    submitted(world)
    forgotten(world, 3)
    world.container.housekeeping_round(lambda: 50.0)
    now = int(world.clock.now())
    rows: list[dict[str, Any]] = [row for row in world.rows() if "dueAt" in row]
    assert rows
    assert all(row["dueAt"] > now for row in rows)
    assert all(State(row["state"]) for row in rows if row["sk"] == "LEDGER")
