"""The runbook knows every alarm, and names nothing that is not there."""

import re
from pathlib import Path

import pytest

from tests.template.stack import load, target

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "RUNBOOK.md").read_text()


def _alarms() -> set[str]:
    return set(load().of_type("AWS::CloudWatch::Alarm"))


@pytest.mark.parametrize("alarm", sorted(_alarms()))
def test_the_runbook_says_what_to_do_about_the_alarm(alarm: str) -> None:
    assert f"`{alarm}`" in RUNBOOK


def test_no_alarm_in_it_is_made_up() -> None:
    assert set(re.findall(r"`(\w+Alarm)`", RUNBOOK)) <= _alarms()


def test_each_output_and_parameter_in_it_exists() -> None:
    template = load().template
    asked = set(re.findall(r"\$\(out (\w+)\)", RUNBOOK))
    assert asked
    assert asked <= set(template["Outputs"])
    given = set(re.findall(r'PARAMS="(\w+)=', RUNBOOK))
    assert given
    assert given <= set(template["Parameters"])


def test_each_dead_letter_queue_is_named_by_its_command() -> None:
    queues = {name for name in load().of_type("AWS::SQS::Queue") if "DeadLetter" in name}
    driven_back = set(re.findall(r"^redrive (\w+)$", RUNBOOK, re.MULTILINE))
    by_hand = set(re.findall(r"\$\(queue (\w+)\)", RUNBOOK))
    assert driven_back | by_hand == queues
    # SQS drives back only from a queue that another one names as its dead-letter queue (AWS).
    sources = load().of_type("AWS::SQS::Queue").values()
    named = {
        target(q["RedrivePolicy"]["deadLetterTargetArn"]) for q in sources if "RedrivePolicy" in q
    }
    assert driven_back == named


def test_each_command_in_it_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", RUNBOOK)) <= targets
