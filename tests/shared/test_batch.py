"""A batch: the bad ones come again, alone, and nothing of what was in them is logged."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.handlers import record
from tryon_worker.batch import Message, process_batch

SECRET = "shopper-7@shop.example"


class Redelivered:
    """Remembers what is to come again."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def __call__(self, _record: dict[str, Any], error: Exception) -> None:
        self.errors.append(type(error).__name__)


def deliver(
    records: list[dict[str, Any]], take: Callable[[Message], None]
) -> tuple[list[str], Redelivered]:
    redelivered = Redelivered()
    # Typed as Any: it stands in for the queue's own redelivery.
    stand_in: Any = redelivered
    answer = process_batch({"Records": records}, take, stand_in)
    assert answer.keys() == {"batchItemFailures"}
    return [str(each["itemIdentifier"]) for each in answer["batchItemFailures"]], redelivered


def refuse(message: Message) -> None:
    if message.body["bad"]:
        raise LookupError(f"no {message.body['name']}")


def batch(bad: set[int]) -> list[dict[str, Any]]:
    return [record({"name": SECRET, "bad": place in bad}) for place in range(10)]


@pytest.mark.parametrize("bad", [set(), {0}, {4}, {9}, {2, 7}, set(range(10))])
def test_the_bad_ones_fail_alone(bad: set[int]) -> None:
    records = batch(bad)
    failed, redelivered = deliver(records, refuse)
    assert failed == [records[place]["messageId"] for place in sorted(bad)]
    assert redelivered.errors == ["LookupError"] * len(bad)


def test_each_is_taken_once_and_in_order() -> None:
    taken: list[int] = []
    deliver(
        [record({"place": place}) for place in range(5)], lambda m: taken.append(m.body["place"])
    )
    assert taken == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("body", ["", "{", "null", "[]", '"text"', "7", "[" * 100_000])
def test_a_body_that_nobody_meant_comes_again_until_the_dead_letter_queue_has_it(body: str) -> None:
    taken: list[Message] = []
    bad, good = record(body), record({})
    failed, _ = deliver([bad, good], taken.append)
    assert failed == [bad["messageId"]]
    assert [message.id for message in taken] == [good["messageId"]]


def test_a_message_knows_when_it_was_sent() -> None:
    taken: list[Message] = []
    deliver([record({"a": 1})], taken.append)
    assert (taken[0].sent_at, taken[0].body) == (1_800_000_000, {"a": 1})


def test_only_type_and_place_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    records = [record({"name": SECRET, "bad": True}), record(json.dumps({"x": SECRET})[:-1])]
    deliver(records, refuse)
    lines = [vars(line) for line in caplog.records]
    assert [line["error"] for line in lines] == ["LookupError", "InvalidMessage"]
    assert lines[0]["where"].partition(":")[0] == __name__
    assert SECRET not in str(lines)


def test_a_process_that_is_ended_is_not_a_bad_message() -> None:
    def end(_message: Message) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        deliver([record({})], end)
