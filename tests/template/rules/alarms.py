"""Rules for alarms: whatever can get stuck or fail tells somebody."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.stack import Stack, target

TOPIC = {"Fn::If": ["HasAlarmEmail", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}


def _watched(stack: Stack) -> set[tuple[str, str | None]]:
    """Return the metrics with an alarm, each with the resource that it is about."""
    return {
        (alarm["MetricName"], target(dimension["Value"]))
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
    }


def _wanted(stack: Stack) -> Iterator[tuple[str, str]]:
    for name in stack.queues:
        work = name in stack.work_queues
        yield (
            ("ApproximateAgeOfOldestMessage" if work else "ApproximateNumberOfMessagesVisible"),
            name,
        )
    for name in stack.functions:
        yield "Errors", name
        yield "Throttles", name
    for end in ("Failed", "TimedOut", "Aborted"):
        yield f"Executions{end}", "TryOnStateMachine"
    yield "Invocations", "HousekeepingFunction"


@pytest.mark.promise("P2", "stuck-raises-an-alarm")
def all_that_can_fail_is_watched(stack: Stack) -> Iterator[str]:
    """Dead letters, old messages, failing and throttled functions, bad ends, silence."""
    watched = _watched(stack)
    for metric, name in _wanted(stack):
        if (metric, name) not in watched:
            yield f"nobody sees {metric} of {name}"


@pytest.mark.promise("P2", "stuck-raises-an-alarm")
def each_alarm_tells_somebody(stack: Stack) -> Iterator[str]:
    """If an address is given, also that it is over."""
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        if alarm.get("AlarmActions") != TOPIC or alarm.get("OKActions") != TOPIC:
            yield f"{name} tells nobody"


def _on_missing(alarm: dict[str, Any]) -> str:
    # A metric without traffic is missing: that is silence where something should run each minute.
    return "breaching" if alarm["ComparisonOperator"].startswith("Less") else "notBreaching"


def silence_is_read_rightly(stack: Stack) -> Iterator[str]:
    """A queue without messages is well; a housekeeping without calls is not."""
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        if alarm.get("TreatMissingData") != _on_missing(alarm):
            yield f"{name} takes silence for something else"


RULES = (all_that_can_fail_is_watched, each_alarm_tells_somebody, silence_is_read_rightly)
