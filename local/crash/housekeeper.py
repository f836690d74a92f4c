"""Lets time pass for what waits, and calls the deployed housekeeping function again and again.

The leases in the code are as long as on AWS. A row that waits and that no call was about for some
seconds is moved into the past instead, as if its time had come: its worker is dead or done.
"""

import json
import threading
import time

from botocore.exceptions import ClientError

from local.crash.names import Names
from local.crash.rows import Row, all_rows, is_settled, kind
from local.system import System

ROUND_SECONDS = 1.0
# Nothing that lives is silent for longer: no call of a worker takes this long here. Before time
# passes for an erasure, no generation of the shopper may run at the stand-in any more.
SILENCE_SECONDS = {"LEDGER": 4.0, "PHOTO": 4.0, "DATA_REQUEST": 4.0, "ERASURE": 10.0}
_TRIAL_SILENCE = 6.0
_REDACTION_SILENCE = 6.0
# Longer than after a request something of before it may still come (with the harness's parameters).
_LATE_SECONDS = 600
# Behind more than this a message has not been looked at yet: its row's silence says nothing, and to
# let time pass would only have the same message sent again and again.
_BACKLOG = 10
_QUEUES = {
    "LEDGER": "TryOnQueueUrl",
    "PHOTO": "UploadQueueUrl",
    "DATA_REQUEST": "ErasureQueueUrl",
    "ERASURE": "ErasureQueueUrl",
}
_TIMES = ("dueAt", "leaseUntil", "inFlightUntil")
_WHEN = ("decidedAt", "publishedAt", "submittedAt", "unknownAt")


class Housekeeper:
    """Keeps house for the `with` block; `rows` is the table as it last saw it."""

    def __init__(self, system: System, names: Names) -> None:
        self.rows: list[Row] = []
        self.rounds = 0
        self._redactions: dict[str, tuple[Row, float]] = {}
        self._system = system
        self._names = names
        self._table = system.engine.client("dynamodb")
        self._sqs = system.engine.client("sqs")
        self._over = threading.Event()
        # Two, for a round of the function may last while time has to pass for others.
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._pass_time, self._call)
        ]

    def __enter__(self) -> "Housekeeper":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _pass_time(self) -> None:
        while not self._over.wait(ROUND_SECONDS):
            self.rows = all_rows(self._system)
            backlog = {what for what, queue in _QUEUES.items() if self._behind(queue)}
            for row in self.rows:
                if kind(row) not in backlog:
                    self._let_time_pass(row)
                if kind(row) == "RATE_LIMITER":
                    self._let_breaker_try(row)
                if kind(row) == "REDACTION" and not is_settled(row):
                    self._let_redaction_go_on(row)

    def _behind(self, queue: str) -> bool:
        """Whether a queue's workers have more to do than they have got to."""
        count = "ApproximateNumberOfMessages"
        url = self._system.stack.outputs[queue]
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[count])
        return int(answer["Attributes"][count]) > _BACKLOG

    def _call(self) -> None:
        name = f"{self._system.stack.name}-housekeeping"
        client = self._system.engine.client("lambda")
        while not self._over.wait(ROUND_SECONDS):
            # A killed round answers with an error; the next one does its work.
            client.invoke(FunctionName=name, Payload=json.dumps({}))
            self.rounds += 1

    def _let_time_pass(self, row: Row) -> None:
        left = int(row.get("dueAt", 0)) - int(time.time())
        if not _waits(row) or left < 0 or not self._is_silent(row):
            return
        if kind(row) == "PHOTO" and self._is_being_erased(row["pk"]):
            return  # it waits for the erasure, and to be asked about would keep that from its time
        if kind(row) == "ERASURE":
            # What it waits for is counted from the shopper's try-ons: time passes for them too.
            tried = self._ledger_of(row)
            if not all(is_settled(other) for other in tried):
                return
            for other in tried:
                self._move_back(other, left + 2, _WHEN)
            if root := self._root_of(row):
                self._move_back(root, left + 2, _TIMES)
        self._move_back(row, left + 2, _TIMES)

    def _is_being_erased(self, shopper: str) -> bool:
        return any(
            other["pk"] == shopper and kind(other) == "ERASURE" and not is_settled(other)
            for other in self.rows
        )

    def _root_of(self, row: Row) -> Row | None:
        """The shopper's row, which says until when something of the shopper may be in flight."""
        return next((o for o in self.rows if o["pk"] == row["pk"] and kind(o) == "SHOPPER"), None)

    def _let_redaction_go_on(self, row: Row) -> None:
        """Let the time of a whole shop's redaction pass: no call says that a walk is about it.

        A walk that still goes on either changes its row or opens erasures. One that found nobody
        has seen all; only then may the request become old enough to be closed.
        """
        seen, since = self._redactions.get(row["sk"], (None, 0.0))
        if seen != row:
            self._redactions[row["sk"]] = (row, time.monotonic())
            return
        erasing = any(kind(other) == "ERASURE" and not is_settled(other) for other in self.rows)
        if not erasing and time.monotonic() - since > _REDACTION_SILENCE:
            left = max(0, int(row["dueAt"]) - int(time.time()))
            self._move_back(row, left + 2, _TIMES)
            if row.get("rounds"):
                self._move_back(row, _LATE_SECONDS, ("askedAt",))

    def _let_breaker_try(self, row: Row) -> None:
        """Let the time of an open circuit pass: paid calls that are killed in a row open it.

        A trial is its worker's own while that makes calls.
        """
        trial = [other for other in self.rows if other.get("attempt", "") == row.get("probeBy")]
        over = not any(self._names.silent_for(o["shopperKey"]) < _TRIAL_SILENCE for o in trial)
        for name in ("probeAfter", *(("probeUntil",) if over else ())):
            left = int(row.get(name, 0)) - int(time.time())
            if left >= 0:
                self._move_back(row, left + 2, (name,))

    def _ledger_of(self, row: Row) -> list[Row]:
        return [
            other
            for other in self.rows
            if kind(other) == "LEDGER" and other["shopperKey"] == row["shopperKey"]
        ]

    def _move_back(self, row: Row, seconds: int, names: tuple[str, ...]) -> None:
        """Make times of a row earlier, unless it has changed since it was read."""
        there = [name for name in names if name in row]
        if not there:
            return
        first = there[0]
        try:
            self._table.update_item(
                TableName=self._system.stack.outputs["TableName"],
                Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in there),
                ConditionExpression=f"#{first} = :seen",
                ExpressionAttributeNames={f"#{name}": name for name in there},
                ExpressionAttributeValues={
                    **{f":{name}": {"N": str(int(row[name]) - seconds)} for name in there},
                    ":seen": {"N": str(row[first])},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _is_silent(self, row: Row) -> bool:
        return self._names.silent_for(row["shopperKey"]) > SILENCE_SECONDS[kind(row)]


def _waits(row: Row) -> bool:
    """Whether a row waits for its time alone, and for nothing of the shop's."""
    return kind(row) in SILENCE_SECONDS and not is_settled(row) and row.get("waitingFor") != "PHOTO"
