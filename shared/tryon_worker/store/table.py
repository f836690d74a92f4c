"""One DynamoDB table, spoken to in plain values: conditional writes, transactions, queries."""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from tryon_worker.clock import Sleep

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Row = dict[str, Any]
Key = tuple[str, str]
_Done = TypeVar("_Done")

# A transaction that meets another on the same item is refused, not queued; ten items of one order
# share the shopper's rows. Eight tries with full jitter up to 0.8 s spread them out.
_CONFLICT_TRIES = 8
_CONFLICT_BASE_SECONDS = 0.025
_CONFLICT_CEILING_SECONDS = 0.8

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


class Contention(Exception):
    """Other writers kept the rows busy through every try; nothing was written. Try again."""


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
        return _from_item(item) if item else None

    def query(self, pk: str, sk_prefix: str = "") -> Iterator[Row]:
        """The rows of one partition whose sort key begins with ``sk_prefix``, in its order."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk"
            + (" AND begins_with(#sk, :sk)" if sk_prefix else ""),
            ExpressionAttributeNames={"#pk": "pk", **({"#sk": "sk"} if sk_prefix else {})},
            ExpressionAttributeValues=_serialize(
                {":pk": pk, **({":sk": sk_prefix} if sk_prefix else {})}
            ),
        )
        for page in pages:
            yield from map(_from_item, page["Items"])

    def due(self, shard: str, until: int, limit: int) -> list[Key]:
        """Keys of rows whose time to be looked at has come, the longest due first.

        From the index ``due``, which lags behind the table and holds keys only: read the row
        before acting on it.
        """
        answer = self._client.query(
            TableName=self._name,
            IndexName="due",
            KeyConditionExpression="#dueShard = :shard AND #dueAt <= :until",
            ExpressionAttributeNames={"#dueShard": "dueShard", "#dueAt": "dueAt"},
            ExpressionAttributeValues=_serialize({":shard": shard, ":until": until}),
            Limit=limit,
        )
        return [(row["pk"], row["sk"]) for row in map(_from_item, answer["Items"])]

    def postpone(self, key: Key, *, seen: int, until: int) -> None:
        """Lets a row be looked at again at ``until``, unless it has moved since it was seen."""
        later = update(
            key, "SET #dueAt = :until", condition="#dueAt = :seen", until=until, seen=seen
        )
        with suppress(ConditionFailed):
            self.write(later)

    def write(self, write: Write) -> Row:
        """Does one write by itself and returns the row as it is after an update.

        Raises
        ------
        ConditionFailed
            The condition did not hold; the row found lies at place 0.
        Contention
            Transactions of others kept the row busy.
        """
        return self._against_conflicts(lambda: self._single(write))

    def transact(self, writes: Sequence[Write]) -> None:
        """Does all writes or none.

        Raises
        ------
        ConditionFailed
            At least one condition did not hold.
        Contention
            Transactions of others kept the rows busy.
        """
        self._against_conflicts(lambda: self._transaction(writes))

    def _against_conflicts(self, attempt: Callable[[], _Done]) -> _Done:
        for turn in range(_CONFLICT_TRIES):
            try:
                return attempt()
            except _Conflict:
                ceiling = min(_CONFLICT_CEILING_SECONDS, _CONFLICT_BASE_SECONDS * 2**turn)
                self._sleep(random.uniform(0, ceiling))  # noqa: S311  jitter, not a secret
        raise Contention("the rows stayed busy")

    def _single(self, write: Write) -> Row:
        arguments = {**self._arguments(write), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            if write.kind == "Update":
                answer = self._client.update_item(**arguments, ReturnValues="ALL_NEW")
                return _from_item(answer["Attributes"])
            if write.kind == "Put":
                self._client.put_item(**arguments)
                return {**(write.item or {}), "pk": write.key[0], "sk": write.key[1]}
            self._client.delete_item(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise ConditionFailed({0: _old(error.response)}) from error
            if code == "TransactionConflictException":
                raise _Conflict from error
            raise
        return {}

    def _transaction(self, writes: Sequence[Write]) -> None:
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
            self._client.transact_write_items(TransactItems=items)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionInProgressException":
                raise _Conflict from error
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
            # What is left are conflicts and throttles: nothing was refused, so nothing is decided.
            raise _Conflict from error

    def _arguments(self, write: Write) -> dict[str, Any]:
        arguments: dict[str, Any] = {"TableName": self._name}
        if write.item is not None:
            arguments["Item"] = {**_serialize(write.item), **_key(write.key)}
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
            arguments["ExpressionAttributeValues"] = _serialize(
                {f":{name}": write.values[name] for name in used}
            )
        return arguments


class _Conflict(Exception):
    """Another transaction holds one of the rows at this moment."""


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _serialize(values: Mapping[str, Any]) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    return {name: serialize(_to_stored(value)) for name, value in values.items()}


def _to_stored(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


def _from_item(item: Mapping[str, Any]) -> Row:
    deserialize = TypeDeserializer().deserialize
    return {name: _from_stored(deserialize(value)) for name, value in item.items()}


def _from_stored(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _from_stored(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_from_stored(inner) for inner in value]
    return value


def _old(reason: Any) -> Row | None:
    item = reason.get("Item")
    return _from_item(item) if item else None
