"""One DynamoDB table, spoken to in plain values: conditional writes, transactions, queries."""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from tryon_worker.aws.keys import Key, shopper
from tryon_worker.clock import Sleep

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def serialize(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as DynamoDB wants them; it knows no floats, so these go as decimals."""
    typed = TypeSerializer().serialize
    return {name: typed(_to_stored(value)) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB in plain values: whole numbers as ``int``, others as ``float``."""
    plain = TypeDeserializer().deserialize
    return {name: _from_stored(plain(value)) for name, value in item.items()}


def _to_stored(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _to_stored(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_to_stored(inner) for inner in value]
    return value


def _from_stored(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _from_stored(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_from_stored(inner) for inner in value]
    return value


_Done = TypeVar("_Done")

# Ten items of one order share the shopper's rows. Eight tries with full jitter up to 0.8 s spread
# them out.
_TRIES = 8
_BASE_SECONDS = 0.025
_CEILING_SECONDS = 0.8


class TransactionConflict(Exception):
    """Another transaction holds one of the rows at this moment; nothing was decided."""


class TransactionInProgress(TransactionConflict):
    """A transaction of the same token goes on: its first try, whose answer the SDK lost."""


class Contention(Exception):
    """Other writers kept the rows busy through every try; nothing was written. Try again."""


def retry_on_conflict(attempt: Callable[[], _Done], sleep: Sleep) -> _Done:
    """What ``attempt`` returns, tried again while it is ``Disturbed``.

    Raises
    ------
    Contention
        It was every time.
    """
    for turn in range(_TRIES):
        try:
            return attempt()
        except TransactionConflict:
            ceiling = min(_CEILING_SECONDS, _BASE_SECONDS * 2**turn)
            sleep(random.uniform(0, ceiling))  # noqa: S311  jitter, not a secret
    raise Contention("the rows stayed busy")


Row = dict[str, Any]

# Small pages: a round reads only a little further than it gets.
_DUE_PAGE = 25

# Why a transaction was cancelled although no condition failed: nothing was refused, try again.
_PASSING = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")


class ConditionFailed(Exception):
    """A condition did not hold; ``old`` has the row that was found, by the write's place."""

    def __init__(self, old: Mapping[int, Row | None]) -> None:
        super().__init__(f"condition failed at {sorted(old)}")
        self.old = old

    def at(self, place: int) -> bool:
        """Whether it was the condition of the write at ``place`` that failed."""
        return place in self.old


NOT_WRITTEN: tuple[type[Exception], ...] = (
    ConditionFailed,
    Contention,
    ClientError,
    BotoCoreError,
)
"""Every way in which a write can end without an answer that it was made."""


@dataclass(frozen=True)
class Write:
    """One write of a transaction; ``kind`` is DynamoDB's name for it.

    In ``expression`` and ``condition`` every ``#name`` is the attribute ``name`` and every
    ``:name`` the value ``values["name"]``.
    """

    kind: str
    key: Key
    expression: str = ""
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    item: Row | None = None


def put(key: Key, item: Mapping[str, Any], *, condition: str = "", **values: Any) -> Write:
    """Writes a whole row; attributes that are ``None`` are left out."""
    row = {name: value for name, value in item.items() if value is not None}
    return Write("Put", key, "", condition, values, row)


def update(key: Key, expression: str, *, condition: str = "", **values: Any) -> Write:
    """Changes attributes of a row."""
    return Write("Update", key, expression, condition, values)


def overwrite(
    key: Key, item: Mapping[str, Any], *, once: str, condition: str = "", **values: Any
) -> Write:
    """Writes a whole row as ``put`` does, but leaves the attribute ``once`` if it is set.

    An attribute that ``item`` does not name stays: name each, with ``None`` to remove it.
    """
    row = {name: value for name, value in item.items() if value is not None}
    sets = [f"#{name} = :{name}" for name in row if name != once]
    sets.append(f"#{once} = if_not_exists(#{once}, :{once})")
    removes = [f"#{name}" for name in item if name not in row]
    expression = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else "")
    return Write("Update", key, expression, condition, {**values, **row})


def delete(key: Key, *, condition: str = "", **values: Any) -> Write:
    """Removes a row."""
    return Write("Delete", key, "", condition, values)


def check(key: Key, condition: str, **values: Any) -> Write:
    """Writes nothing, but lets the transaction fail unless ``condition`` holds."""
    return Write("ConditionCheck", key, "", condition, values)


class Table:
    """The table of the stack.

    Every read is consistent: what the worker decides by must not be yesterday's.
    """

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, key: Key) -> Row | None:
        """The row at ``key``."""
        answer = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True)
        item = answer.get("Item")
        return from_item(item) if item else None

    def query(self, pk: str, sk_prefix: str = "") -> Iterator[Row]:
        """The rows of one partition whose sort key begins with ``sk_prefix``, in its order."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk"
            + (" AND begins_with(#sk, :sk)" if sk_prefix else ""),
            ExpressionAttributeNames={"#pk": "pk", **({"#sk": "sk"} if sk_prefix else {})},
            ExpressionAttributeValues=serialize(
                {":pk": pk, **({":sk": sk_prefix} if sk_prefix else {})}
            ),
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def due(self, shard: str, until: int) -> Iterator[tuple[Key, int]]:
        """Rows whose time to be looked at has come, each with that time, the longest due first.

        From the index ``due``, which lags behind the table: ``take`` the row before acting on it.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName="due",
            KeyConditionExpression="#dueShard = :shard AND #dueAt <= :until",
            ExpressionAttributeNames={"#dueShard": "dueShard", "#dueAt": "dueAt"},
            ExpressionAttributeValues=serialize({":shard": shard, ":until": until}),
            PaginationConfig={"PageSize": _DUE_PAGE},
        )
        for page in pages:
            for row in map(from_item, page["Items"]):
                yield (row["pk"], row["sk"]), row["dueAt"]

    def take(self, key: Key, *, seen: int, until: int) -> Row | None:
        """The row as it is now, due again only at ``until``; ``None`` if it moved since ``seen``.

        Whoever has taken a row has it alone until then, and one that cannot be dealt with makes
        room for the others.
        """
        later = update(
            key, "SET #dueAt = :until", condition="#dueAt = :seen", until=until, seen=seen
        )
        try:
            return self.write(later)
        except ConditionFailed:
            return None

    def write(self, write: Write) -> Row:
        """Does one write by itself and returns the row as it is after an update.

        Raises
        ------
        ConditionFailed
            The condition did not hold; the row found lies at place 0.
        Contention
            Transactions of others kept the row busy.
        """
        return retry_on_conflict(lambda: self._single(write), self._sleep)

    def transact(self, writes: Sequence[Write]) -> None:
        """Does all writes or none, once: a token tells DynamoDB a repeat by the SDK.

        Raises
        ------
        ConditionFailed
            At least one condition did not hold.
        Contention
            Transactions of others kept the rows busy.
        """
        token = uuid4().hex

        def attempt() -> None:
            nonlocal token
            try:
                self._transaction(writes, token)
            except TransactionInProgress:
                raise  # with another token it would be made twice
            except TransactionConflict:
                token = uuid4().hex
                raise

        retry_on_conflict(attempt, self._sleep)

    def _single(self, write: Write) -> Row:
        arguments = {**self._arguments(write), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            if write.kind == "Update":
                answer = self._client.update_item(**arguments, ReturnValues="ALL_NEW")
                return from_item(answer["Attributes"])
            if write.kind == "Put":
                self._client.put_item(**arguments)
                return {**(write.item or {}), "pk": write.key[0], "sk": write.key[1]}
            self._client.delete_item(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise ConditionFailed({0: _old(error.response)}) from error
            if code == "TransactionConflictException":
                raise TransactionConflict from error
            raise
        return {}

    def _transaction(self, writes: Sequence[Write], token: str) -> None:
        items: list[Any] = [
            {
                write.kind: {
                    **self._arguments(write),
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for write in writes
        ]
        try:
            self._client.transact_write_items(TransactItems=items, ClientRequestToken=token)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionInProgressException":
                raise TransactionInProgress from error
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            reasons: list[Any] = error.response.get("CancellationReasons", [])
            failed = {
                place: _old(reason)
                for place, reason in enumerate(reasons)
                if reason.get("Code") == "ConditionalCheckFailed"
            }
            if failed:
                raise ConditionFailed(failed) from error
            if all(reason.get("Code", "None") in _PASSING for reason in reasons):
                raise TransactionConflict from error
            raise  # an item too large or an expression that is wrong: no try will help

    def _arguments(self, write: Write) -> dict[str, Any]:
        arguments: dict[str, Any] = {"TableName": self._name}
        if write.item is not None:
            arguments["Item"] = {**serialize(write.item), **_key(write.key)}
        else:
            arguments["Key"] = _key(write.key)
        if write.expression:
            arguments["UpdateExpression"] = write.expression
        if write.condition:
            arguments["ConditionExpression"] = write.condition
        text = f"{write.expression} {write.condition}"
        if names := set(_NAME.findall(text)):
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        if used := set(_VALUE.findall(text)):
            arguments["ExpressionAttributeValues"] = serialize(
                {f":{name}": write.values[name] for name in used}
            )
        return arguments


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _old(reason: Any) -> Row | None:
    item = reason.get("Item")
    return from_item(item) if item else None


_Item = TypeVar("_Item")

AT_ONCE = 100
"""BatchGetItem takes no more keys a call (AWS)."""

SCANNED_AT_ONCE = 1000
"""Rows of the table that one call of a walk over it reads.

Each may be a shopper's whose erasure is opened then, which takes some 20 ms.
"""

# BatchWriteItem takes no more (AWS).
_DELETED_AT_ONCE = 25


class BatchReader:
    """Many rows of the table, in few calls; consistent as all reads are."""

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows at up to ``AT_ONCE`` different keys; those that are not there are left out."""
        found: dict[Key, Row] = {}
        left: list[Any] = [_stored_key(key) for key in keys]

        def ask() -> None:
            # What did not fit into 16 MB or the throughput comes back unprocessed (AWS).
            nonlocal left
            answer = self._client.batch_get_item(
                RequestItems={self._name: {"Keys": left, "ConsistentRead": True}}
            )
            rows = map(from_item, answer["Responses"].get(self._name, []))
            found.update({(row["pk"], row["sk"]): row for row in rows})
            unprocessed: Any = answer["UnprocessedKeys"]
            left = unprocessed.get(self._name, {}).get("Keys", [])
            if left:
                raise TransactionConflict

        if left:
            retry_on_conflict(ask, self._sleep)
        return found

    def delete(self, keys: Sequence[Key]) -> None:
        """Removes rows, whatever is in them."""
        for batch in in_batches(keys, _DELETED_AT_ONCE):
            left: list[Any] = [{"DeleteRequest": {"Key": _stored_key(key)}} for key in batch]
            retry_on_conflict(partial(self._delete, left), self._sleep)

    def _delete(self, left: list[Any]) -> None:
        answer = self._client.batch_write_item(RequestItems={self._name: list(left)})
        unprocessed: Any = answer["UnprocessedItems"]
        left[:] = unprocessed.get(self._name, [])
        if left:
            raise TransactionConflict

    def details(self, shopper_key: str) -> Iterator[Row]:
        """The request rows of a shopper without the requests, of which each may be large."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :kind)",
            ProjectionExpression="#pk, #sk, #tryOnId, #requestedAt",
            ExpressionAttributeNames={f"#{n}": n for n in ("pk", "sk", "tryOnId", "requestedAt")},
            ExpressionAttributeValues=serialize({":pk": shopper(shopper_key), ":kind": "DETAILS#"}),
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def requests_before(self, shopper_key: str, erased_at: int) -> Iterator[Row]:
        """Those of requests that an erasure covers."""
        return (row for row in self.details(shopper_key) if row["requestedAt"] <= erased_at)

    def of_kinds(
        self, *kinds: str, attributes: Sequence[str], after: Key | None = None
    ) -> tuple[list[Row], Key | None]:
        """Rows of the whole table whose sort key begins with a kind; ``attributes`` of each.

        A call reads up to ``SCANNED_AT_ONCE`` rows of any kind behind the one at ``after``, and
        says behind which the next call is to begin; ``None`` if there is no more.
        """
        start: Any = {} if after is None else {"ExclusiveStartKey": _stored_key(after)}
        answer = self._client.scan(
            TableName=self._name,
            Limit=SCANNED_AT_ONCE,
            ConsistentRead=True,
            FilterExpression=" OR ".join(
                f"begins_with(#sk, :kind{place})" for place in range(len(kinds))
            ),
            ProjectionExpression=", ".join(["#pk", "#sk", *(f"#{name}" for name in attributes)]),
            ExpressionAttributeNames={f"#{name}": name for name in ("pk", "sk", *attributes)},
            ExpressionAttributeValues=serialize(
                {f":kind{place}": f"{kind}#" for place, kind in enumerate(kinds)}
            ),
            **start,
        )
        last = answer.get("LastEvaluatedKey")
        behind = from_item(last) if last else {}
        rows = [from_item(item) for item in answer["Items"]]
        return rows, (behind["pk"], behind["sk"]) if behind else None


def in_batches(items: Iterable[_Item], size: int = AT_ONCE) -> Iterator[list[_Item]]:
    """``items`` in lists of at most ``size``."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _stored_key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def due_in_turn(table: Table, shards: Sequence[str], until: int) -> Iterator[tuple[Key, int]]:
    """Rows whose time has come, each with that time, one from each partition in turn."""
    for turn in zip_longest(*(table.due(shard, until) for shard in shards)):
        yield from (row for row in turn if row is not None)
