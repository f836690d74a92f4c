"""What the worker counts, as the lines that CloudWatch reads, and the alarms that look for it."""

import json
from typing import Any

import pytest

from local.genlook.faults import Fate
from tests.support.world import World
from tests.template.stack import load
from tryon_worker.account.circuit_breaker import OpenReason
from tryon_worker.observability import Metric, count


def counted(output: str) -> list[tuple[str, float]]:
    """Each metric among the lines of a log, with its value."""
    found = []
    for line in output.splitlines():
        record: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        for group in record.get("_aws", {}).get("CloudWatchMetrics", []):
            assert group["Namespace"] == "TryOnWorker"
            assert group["Dimensions"] == [["service"]]
            found += [(metric["Name"], *record[metric["Name"]]) for metric in group["Metrics"]]
    return found


def test_a_metric_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    count(Metric.REVIEWS_OPENED)
    assert counted(capsys.readouterr().out) == [("ReviewsOpened", 1.0)]


@pytest.mark.parametrize(
    ("kind", "metric"), [("complete", "TryOnsCompleted"), ("fail", "TryOnsFailed")]
)
def test_each_outcome_is_counted(
    world: World, capsys: pytest.CaptureFixture[str], kind: Any, metric: str
) -> None:
    world.ready_photo()
    world.genlook.control.decide(Fate(kind=kind))
    try_on_id = world.accepted()
    world.run()
    world.watch(try_on_id)
    assert (metric, 1.0) in counted(capsys.readouterr().out)


def test_an_open_review_is_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ready_photo()
    world.genlook.control.lose_answer("try_on")
    world.accepted()
    world.run()
    assert counted(capsys.readouterr().out) == [("ReviewsOpened", 1.0)]


@pytest.mark.parametrize(("shut", "value"), [(False, 0.0), (True, 1.0)])
def test_each_round_says_whether_the_breaker_is_shut(
    world: World, capsys: pytest.CaptureFixture[str], shut: bool, value: float
) -> None:
    if shut:
        world.container.circuit_breaker.open(OpenReason.INVALID_API_KEY)
    world.housekeeping_round()
    assert ("CircuitOpen", value) in counted(capsys.readouterr().out)


def test_a_cap_that_is_reached_is_counted(make_world: Any, capsys: Any) -> None:
    world = make_world(max_tryons_per_day=0)
    world.ready_photo()
    world.accepted()
    world.run()
    assert ("SpendCapReached", 1.0) in counted(capsys.readouterr().out)


@pytest.mark.promise("P2", "stuck-raises-an-alarm")
def test_every_alarm_on_a_metric_of_ours_looks_for_one_that_is_written() -> None:
    alarms = load().of_type("AWS::CloudWatch::Alarm").values()
    ours = {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "TryOnWorker"}
    assert ours == {
        Metric.CIRCUIT_OPEN,
        Metric.CREDITS_LOW,
        Metric.REVIEWS_OPENED,
        Metric.SPEND_CAP_REACHED,
        Metric.ERASURE_OVERDUE,
        Metric.REPORT_OVERDUE,
        Metric.PRIVACY_REQUESTS_REFUSED,
    }
