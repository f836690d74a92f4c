"""The stack's DynamoDB table in plain values: conditional writes, transactions, reads."""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
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
    """``values`` in DynamoDB's types; floats become decimals, because it has no floats."""
    typed = TypeSerializer().serialize
    return {name: typed(_to_stored(value)) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A DynamoDB item in plain values: whole numbers as ``int``, others as ``float``."""
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
_Item = TypeVar("_Item")

AT_ONCE = 100
"""The most keys that one BatchGetItem takes (AWS)."""

# The most rows that one BatchWriteItem takes (AWS).
_DELETED_AT_ONCE = 25

SCANNED_AT_ONCE = 1000
"""Rows that one call of a scan reads.

Each may belong to a shopper whose erasure the caller then opens, which takes some 20 ms.
"""

# Ten items of one order write the same rows of a shopper. Eight tries with full jitter up to 0.8 s
# spread them out.
_TRIES = 8
_BASE_SECONDS = 0.025
_CEILING_SECONDS = 0.8


class TransactionConflict(Exception):
    """Nothing was written, because another transaction holds a row or DynamoDB throttles."""


class TransactionInProgress(TransactionConflict):
    """The first try of the same transaction, whose response the SDK lost, still runs."""


class Contention(Exception):
    """Other writers kept the rows busy through every try; nothing was written."""


def retry_on_conflict(attempt: Callable[[], _Done], sleep: Sleep) -> _Done:
    """Calls ``attempt`` until it raises no ``TransactionConflict``; returns its result.

    Raises
    ------
    Contention
        Every try raised one.
    """
    for turn in range(_TRIES):
        try:
            return attempt()
        except TransactionConflict:
            ceiling = min(_CEILING_SECONDS, _BASE_SECONDS * 2**turn)
            sleep(random.uniform(0, ceiling))  # noqa: S311  jitter, not a secret
    raise Contention("the rows stayed busy")


Row = dict[str, Any]

# Small pages, so that a round of housekeeping reads little more than it works through.
_DUE_PAGE = 25

# Reasons for which DynamoDB cancels a transaction that may succeed when it is tried again.
_TRANSIENT = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")


class ConditionFailed(Exception):
    """A condition did not hold; ``old`` has the row found, by the place of the write."""

    def __init__(self, old: Mapping[int, Row | None]) -> None:
        super().__init__(f"condition failed at {sorted(old)}")
        self.old = old

    def at(self, place: int) -> bool:
        """Whether the condition of the write at ``place`` failed."""
        return place in self.old


WRITE_ERRORS: tuple[type[Exception], ...] = (
    ConditionFailed,
    Contention,
    ClientError,
    BotoCoreError,
)
"""Every error of a write; after some of them DynamoDB may still have made it."""


@dataclass(frozen=True)
class Write:
    """One write, alone or in a transaction; ``kind`` is DynamoDB's name for it.

    In ``expression`` and ``condition``, ``#name`` means the attribute ``name`` and ``:name`` the
    value ``values["name"]``.
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
    """Writes the attributes of ``item``, but keeps the attribute ``once`` if the row has it.

    A ``None`` removes an attribute. Attributes that ``item`` does not name stay.
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
    """Writes nothing, and fails the transaction unless ``condition`` holds."""
    return Write("ConditionCheck", key, "", condition, values)


class Table:
    """The stack's table.

    Every read but that of the index is consistent, because the worker decides by what it reads.
    """

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, key: Key) -> Row | None:
        """The row at ``key``."""
        return _item(
            self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True)
        )

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows at up to ``AT_ONCE`` different keys, without those that do not exist.

        Raises
        ------
        Contention
            DynamoDB left some unread at every try.
        """
        found: dict[Key, Row] = {}

        def read(left: list[Any]) -> list[Any]:
            response = self._client.batch_get_item(
                RequestItems={self._name: {"Keys": left, "ConsistentRead": True}}
            )
            rows = map(from_item, response["Responses"].get(self._name, []))
            found.update({(row["pk"], row["sk"]): row for row in rows})
            unprocessed: Any = response["UnprocessedKeys"]
            return list(unprocessed.get(self._name, {}).get("Keys", []))

        self._process([_key(key) for key in keys], read)
        return found

    def query(self, pk: str, sk_prefix: str = "", attributes: Sequence[str] = ()) -> Iterator[Row]:
        """The rows of one partition whose sort key begins with ``sk_prefix``, in its order.

        ``attributes`` are those to read; without any, whole rows are read.
        """
        names = {"pk", *(("sk",) if sk_prefix else ()), *attributes}
        projection: Any = (
            {"ProjectionExpression": ", ".join(f"#{name}" for name in attributes)}
            if attributes
            else {}
        )
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk"
            + (" AND begins_with(#sk, :sk)" if sk_prefix else ""),
            ExpressionAttributeNames={f"#{name}": name for name in names},
            ExpressionAttributeValues=serialize(
                {":pk": pk, **({":sk": sk_prefix} if sk_prefix else {})}
            ),
            **projection,
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def request_rows(self, shopper_key: str) -> Iterator[Row]:
        """The request rows of a shopper without the requests, each of which may be large."""
        return self.query(
            shopper(shopper_key), "DETAILS#", attributes=("pk", "sk", "tryOnId", "requestedAt")
        )

    def requests_before(self, shopper_key: str, erased_at: int) -> Iterator[Row]:
        """The request rows that an erasure covers, without the requests."""
        return (row for row in self.request_rows(shopper_key) if row["requestedAt"] <= erased_at)

    def scan(
        self, *kinds: str, attributes: Sequence[str], after: Key | None = None
    ) -> tuple[list[Row], Key | None]:
        """``attributes`` of the table's rows whose sort key begins with one of ``kinds``.

        One call reads up to ``SCANNED_AT_ONCE`` rows of any kind after the key ``after``. It also
        returns the key after which the next call begins, or ``None`` at the end of the table.
        """
        names = ("pk", "sk", *attributes)
        start: Any = {} if after is None else {"ExclusiveStartKey": _key(after)}
        response = self._client.scan(
            TableName=self._name,
            Limit=SCANNED_AT_ONCE,
            ConsistentRead=True,
            FilterExpression=" OR ".join(
                f"begins_with(#sk, :kind{place})" for place in range(len(kinds))
            ),
            ProjectionExpression=", ".join(f"#{name}" for name in names),
            ExpressionAttributeNames={f"#{name}": name for name in names},
            ExpressionAttributeValues=serialize(
                {f":kind{place}": f"{kind}#" for place, kind in enumerate(kinds)}
            ),
            **start,
        )
        last = from_item(response.get("LastEvaluatedKey") or {})
        rows = [from_item(item) for item in response["Items"]]
        return rows, (last["pk"], last["sk"]) if last else None

    def due(self, shard: str, until: int) -> Iterator[tuple[Key, int]]:
        """The keys and ``dueAt`` of a shard's rows that are due by ``until``, earliest first.

        They come from the index ``due``, which lags behind the table: ``take`` a row before acting
        on it.
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
        """Makes a row due at ``until`` and returns it; ``None`` if its ``dueAt`` is not ``seen``.

        No other worker finds the row until then, and a row that cannot be handled does not block
        the others.
        """
        postponed = update(
            key, "SET #dueAt = :until", condition="#dueAt = :seen", until=until, seen=seen
        )
        try:
            return self.write(postponed)
        except ConditionFailed:
            return None

    def write(self, write: Write) -> Row:
        """Makes one write and returns the row as it is then (empty after a deletion).

        Raises
        ------
        ConditionFailed
            The condition did not hold; the row found is at place 0.
        Contention
            Other transactions kept the row busy.
        """
        return retry_on_conflict(lambda: self._single(write), self._sleep)

    def transact(self, writes: Sequence[Write]) -> None:
        """Makes all writes or none, and once: a token lets DynamoDB detect the SDK's retries.

        Raises
        ------
        ConditionFailed
            At least one condition did not hold.
        Contention
            Other transactions kept the rows busy.
        """
        token = uuid4().hex

        def attempt() -> None:
            nonlocal token
            try:
                self._transaction(writes, token)
            except TransactionInProgress:
                raise  # a try with a new token would write a second time
            except TransactionConflict:
                token = uuid4().hex
                raise

        retry_on_conflict(attempt, self._sleep)

    def delete_many(self, keys: Sequence[Key]) -> None:
        """Removes rows, whatever they hold.

        Raises
        ------
        Contention
            DynamoDB left some in place at every try.
        """

        def remove(left: list[Any]) -> list[Any]:
            response = self._client.batch_write_item(RequestItems={self._name: left})
            unprocessed: Any = response["UnprocessedItems"]
            return list(unprocessed.get(self._name, []))

        for batch in in_batches(keys, _DELETED_AT_ONCE):
            self._process([{"DeleteRequest": {"Key": _key(key)}} for key in batch], remove)

    def _process(self, items: list[Any], process: Callable[[list[Any]], list[Any]]) -> None:
        """Repeats ``process`` with the items it returns until it returns none.

        A batch call returns what exceeds 16 MB or the throughput as unprocessed (AWS).
        """
        left = items

        def attempt() -> None:
            nonlocal left
            left = process(left)
            if left:
                raise TransactionConflict

        if left:
            retry_on_conflict(attempt, self._sleep)

    def _single(self, write: Write) -> Row:
        arguments = {**self._arguments(write), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            if write.kind == "Update":
                response = self._client.update_item(**arguments, ReturnValues="ALL_NEW")
                return from_item(response["Attributes"])
            if write.kind == "Put":
                self._client.put_item(**arguments)
                return {**(write.item or {}), "pk": write.key[0], "sk": write.key[1]}
            self._client.delete_item(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise ConditionFailed({0: _item(error.response)}) from error
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
                place: _item(reason)
                for place, reason in enumerate(reasons)
                if reason.get("Code") == "ConditionalCheckFailed"
            }
            if failed:
                raise ConditionFailed(failed) from error
            if all(reason.get("Code", "None") in _TRANSIENT for reason in reasons):
                raise TransactionConflict from error
            raise  # an item too large or a wrong expression: trying again would not help

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


def _item(response: Any) -> Row | None:
    item = response.get("Item")
    return from_item(item) if item else None


def in_batches(items: Iterable[_Item], size: int = AT_ONCE) -> Iterator[list[_Item]]:
    """``items`` in lists of at most ``size``."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def due_in_turn(table: Table, shards: Sequence[str], until: int) -> Iterator[tuple[Key, int]]:
    """The due rows of all ``shards``, one of each shard in turn."""
    for turn in zip_longest(*(table.due(shard, until) for shard in shards)):
        yield from (row for row in turn if row is not None)
