"""The explorer finds what is broken, shows it and replays it."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from local.explore import report
from local.explore.__main__ import main
from local.explore.explorer import drawn, pairs, simplified, systematic
from local.explore.process import Fault
from local.explore.run import Ran, run
from local.explore.scenarios import DEEDS, SCENARIOS, begun
from local.explore.schedule import END, Death, Schedule
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import Write, update
from tryon_worker.erasure.sweep import Sweep, Swept


def found_in(pair: str) -> Iterator[Ran]:
    """The schedules of a pair that break a promise."""
    return (tried.ran for tried in systematic(Schedule.parse(pair)) if tried.ran.violations)


class TestFindsABrokenPromise:
    """Each is broken here on purpose."""

    def test_p1_where_a_claim_is_taken_from_whoever_has_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def taking(key: Key, expression: str, *, condition: str = "", **values: Any) -> Write:
            weak = "attribute_exists(#pk)" if ":accepted, :waiting" in condition else condition
            return update(key, expression, condition=weak, **values)

        monkeypatch.setattr("tryon_worker.tryons.ledger.update", taking)
        broken = found_in("accepted/submit+submit")
        assert any(text.startswith("P1") for ran in broken for text in ran.violations)

    def test_p4_where_a_sweep_leaves_the_objects(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def nothing(*_: object) -> Iterator[Swept]:
            yield from ()

        monkeypatch.setattr(Sweep, "_photo_objects", nothing)
        ran = run(Schedule.parse("photo-ready/erase+tick"))
        assert any("photos holds me.jpg" in text for text in ran.violations)


class TestSchedule:
    def test_its_text_is_read_back(self) -> None:
        schedule = Schedule(
            "accepted",
            ("submit", "erase"),
            ((0, 3), (1, END)),
            {(0, 2): Fault.LOSE, (1, 4): Fault.DIE_AFTER},
            (0, -5),
            45,
            True,
            (Death("erase", 7, 361),),
        )
        assert Schedule.parse(str(schedule)) == schedule

    def test_what_is_drawn_is_read_back_too(self) -> None:
        dice = random.Random(7)
        for _ in range(200):
            schedule = drawn(dice)
            again = Schedule.parse(str(schedule))
            assert str(again) == str(schedule)
            assert again.turns == schedule.turns
            assert again.faults == schedule.faults

    @pytest.mark.parametrize("text", ["accepted/submit nonsense=1", "accepted/submit fault=0:1:x"])
    def test_what_is_no_schedule_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"nonsense|x"):
            Schedule.parse(text)

    def test_the_same_schedule_runs_alike(self) -> None:
        schedule = Schedule.parse("accepted/submit+erase turn=0:5 turn=1:9 fault=1:10:lose")
        one, other = run(schedule), run(schedule)
        assert [call.name for call in one.calls] == [call.name for call in other.calls]
        assert one.events == other.events

    def test_a_turn_stops_a_process_right_before_its_call(self) -> None:
        ran = run(Schedule.parse("accepted/submit+erase turn=0:5 turn=1:2"))
        assert [call.process for call in ran.calls[:9]] == [0, 0, 0, 0, 0, 1, 1, 0, 0]


class TestReport:
    def test_a_violation_is_shown_call_by_call_with_what_replays_it(self) -> None:
        ran = run(Schedule.parse("accepted/submit+erase turn=0:5 fault=0:3:die-before lag=45"))
        ran.violations.append("P1: 2 credits for r-1")
        lines = list(report.violation(ran))
        assert lines[0] == "VIOLATION P1: 2 credits for r-1"
        assert any(line.strip().startswith("A0") for line in lines)
        assert any("<- die-before" in line for line in lines)
        assert f'  make explore REPLAY="{ran.schedule}"' in lines

    def test_what_a_violation_does_not_need_is_left_out(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Sweep, "_photo_objects", lambda *_: iter(()))
        ran = run(Schedule.parse("photo-ready/erase+tick turn=0:4 skews=0,5 lag=45"))
        assert str(simplified(ran).schedule) == "photo-ready/erase+tick"


def test_each_scenario_and_deed_can_be_run() -> None:
    assert {deed for scenario in SCENARIOS.values() for deed in scenario.deeds} == set(DEEDS)
    tried: set[tuple[str, str]] = set()
    for pair in pairs():
        untried = {(pair.scenario, deed) for deed in pair.deeds} - tried
        if untried:
            assert begun(pair.scenario)
            assert run(pair).calls
            tried |= untried


@pytest.mark.long
@pytest.mark.promise("P1", "no-second-credit-after-a-crash")
@pytest.mark.promise("P2", "each-request-ends-in-one-event")
@pytest.mark.promise("P4", "nothing-in-flight-brings-it-back")
@pytest.mark.promise("Erasure", "every-write-checks-the-tombstone")
def test_a_minute_of_schedules_breaks_no_promise(capsys: pytest.CaptureFixture[str]) -> None:
    """Some thousand; `make explore` goes on for longer."""
    assert main(["--minutes", "1", "--seed", "20261201", "--processes", "1"]) == 0, (
        capsys.readouterr().out
    )
