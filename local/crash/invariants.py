"""Checks what the product promises, from outside: journal, bus, table, buckets and queues."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from local.crash.calls import SHOPPER_ID
from local.crash.event_log import EventLog
from local.crash.rows import Row, all_rows, is_settled, kind
from local.crash.watch import Seen, Watch, When
from local.genlook.control import Control
from local.system import System

QUIET_SECONDS = 300.0
_PAID = "genlook POST /try-on"
_OK, _SERVER_ERROR = range(200, 300), 500
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def can_have_been_charged(seen: Seen) -> bool:
    """Whether a paid call was sent, and its answer, or its want of one, leaves a charge open."""
    if seen.step.label != _PAID or seen.killed is When.BEFORE:
        return False
    return seen.status is None or seen.status in _OK or seen.status >= _SERVER_ERROR


class InvariantChecker:
    """Judges a system that has come to rest."""

    def __init__(self, system: System, control: Control, watch: Watch, event_log: EventLog) -> None:
        self._system = system
        self._control = control
        self._watch = watch
        self._names = watch.names
        self._evidence = event_log
        self._sqs = system.engine.client("sqs")

    def wait_until_quiet(self) -> list[str]:
        """Wait until no queue holds a message and no execution runs; say what still does."""
        deadline = time.monotonic() + QUIET_SECONDS
        while (left := [*self._busy_queues(), *self._running()]) and time.monotonic() < deadline:
            time.sleep(0.5)
        return left

    def violations(self, requested: Mapping[str, int], erased: Collection[str]) -> Iterator[str]:
        """Say what is broken, of the requests that each shopper made.

        What was asked for around an erasure may rightly have been refused.
        """
        rows = all_rows(self._system)
        ledger = [row for row in rows if kind(row) == "LEDGER"]
        owned = Counter(self._owner(row, requested) for row in ledger)
        for shopper, requests in requested.items():
            if owned[shopper] != requests and (shopper not in erased or owned[shopper] > requests):
                yield f"{shopper}: {requests} requests, {owned[shopper]} try-ons"
        yield from self._paid(owned)
        yield from self._outcomes(ledger)
        yield from self._leftovers(rows)
        yield from self._still_held(rows, erased)
        yield from self._dead_letters()

    def forgotten(self, shoppers: Collection[str]) -> Iterator[str]:
        """Say what is left of a shop that was to be forgotten."""
        rows = all_rows(self._system)
        yield from self._leftovers(rows)
        yield from self._still_held(rows, shoppers)
        yield from self._dead_letters()
        for name in ("PhotoBucketName", "ResultBucketName"):
            bucket = self._system.stack.outputs[name]
            asked = self._system.engine.client("s3").list_object_versions(Bucket=bucket)
            for version in asked.get("Versions", []):
                yield f"{bucket}: {version['Key']}"

    def _paid(self, owned: Counter[str | None]) -> Iterator[str]:
        paid = Counter(
            next((shopper for shopper in owned if self._names.same(shopper, seen.shopper)), None)
            for seen in self._watch.seen
            if can_have_been_charged(seen)
        )
        for shopper, calls in paid.items():
            if calls > owned[shopper]:
                yield f"{shopper}: {calls} calls may have been charged, for {owned[shopper]}"
        charges = self._control.charges()
        if charges > owned.total():
            yield f"{charges} credits were spent on {owned.total()} try-ons"

    def _owner(self, row: Row, shoppers: Iterable[str]) -> str | None:
        key = row["shopperKey"]
        return next((s for s in shoppers if self._names.same(key, s)), None)

    def _outcomes(self, ledger: list[Row]) -> Iterator[str]:
        said = self._evidence.outcomes()
        for row in ledger:
            name, outcomes = row["tryOnId"], said.pop(row["tryOnId"], set())
            if row["state"] == "UNKNOWN":
                if outcomes or not self._evidence.of("TryOnNeedsReview", tryOnId=name):
                    yield f"{name}: under review, but {len(outcomes)} outcomes were published"
            elif len(outcomes) != 1:
                yield f"{name}: {row['state']}, {len(outcomes)} different outcomes were published"
        for name in said:
            yield f"{name}: an outcome without a try-on"

    def _leftovers(self, rows: list[Row]) -> Iterator[str]:
        """What nothing will pick up, or nobody owns."""
        pictures = set()
        for row in rows:
            if not is_settled(row):
                watched = "watched" if "dueAt" in row and "dueShard" in row else "forgotten"
                yield f"{row['pk']} {row['sk']}: not at its end ({watched}): {row.get('state')}"
            if row.get("result"):
                pictures.add(row["result"]["key"])
        bucket = self._system.stack.outputs["ResultBucketName"]
        pages = self._system.engine.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                if item["Key"] not in pictures:
                    yield f"{item['Key']}: a picture of no try-on"

    def _dead_letters(self) -> Iterator[str]:
        for url in self._sqs.list_queues().get("QueueUrls", []):
            if "DeadLetter" not in url:
                continue
            answer = self._sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0
            )
            for message in answer.get("Messages", []):
                # A killed tick of the schedule holds no work: the next one does the same.
                if "function:" in message["Body"] and "-housekeeping" in message["Body"]:
                    continue
                yield f"{url.rpartition('/')[2]}: {message['Body'][:300]}"

    def _busy_queues(self) -> Iterator[str]:
        for url in self._sqs.list_queues().get("QueueUrls", []):
            name = url.rpartition("/")[2]
            counts = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))
            messages = sum(int(counts["Attributes"][count]) for count in _COUNTS)
            if messages and self._system.stack.name in name and "DeadLetter" not in name:
                yield f"{name}: {messages} messages"

    def _running(self) -> Iterator[str]:
        running = self._system.engine.client("stepfunctions").list_executions(
            stateMachineArn=self._system.stack.outputs["StateMachineArn"], statusFilter="RUNNING"
        )["executions"]
        if running:
            yield f"{len(running)} executions run"

    def _still_held(self, rows: Iterable[Row], erased: Collection[str]) -> Iterator[str]:
        """What is left of shoppers who were erased, at Genlook or here."""
        held: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            # The shopper's product is named after the shopper here, and nobody's secret.
            if kind(row) != "PRODUCT":
                for shopper in set(SHOPPER_ID.findall(str(row))):
                    held[shopper].append(f"{row['pk']} {row['sk']}")
        for shopper in erased:
            if left := self._left_at_genlook(shopper):
                yield f"{shopper}: Genlook still has {left}"
            if held[shopper]:
                yield f"{shopper}: still named in {held[shopper]}"

    def _left_at_genlook(self, shopper: str) -> dict[str, list[str]]:
        """What its deletion should have removed: a generation that never ends is not within it."""
        held = self._control.customer(shopper)
        kinds = ("photos", "generations", "snapshots", "results")
        left = {kind: sorted(set(held[kind]) - set(held["running"])) for kind in kinds}
        return {kind: names for kind, names in left.items() if names}
