"""DynamoDB in memory: conditional writes, transactions, consistent reads, an index that lags."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from local.memory.errors import Exceptions, client_error
from local.memory.expressions import (
    Condition,
    ExpressionInvalid,
    Row,
    condition,
    placeholders,
    update,
)
from local.memory.pages import Paginator

Key = tuple[str, str]

# AWS's limits: items of a transaction, keys of a batch, bytes of an item.
_TRANSACTION_ITEMS = 100
_BATCH_KEYS = 100
_BATCH_WRITES = 25
_ITEM_BYTES = 400 * 1024

# For so long DynamoDB knows the token of a transaction, and a repeat of it does nothing (AWS).
_TOKEN_SECONDS = 600

_PAGE_ITEMS = 1_000


@dataclass(frozen=True)
class _Index:
    """A global secondary index: its keys; it holds what has both."""

    partition: str
    order: str


@dataclass
class _Table:
    indexes: dict[str, _Index]
    partitions: dict[str, dict[str, Row]] = field(default_factory=dict)
    visible: dict[Key, Row] = field(default_factory=dict)
    """The rows as the indexes show them."""
    lagging: list[tuple[float, Key, Row | None]] = field(default_factory=list)

    def get(self, key: Key) -> Row | None:
        return self.partitions.get(key[0], {}).get(key[1])

    def places(self) -> list[Key]:
        return [(pk, sk) for pk, partition in self.partitions.items() for sk in partition]

    def put(self, key: Key, row: Row | None) -> None:
        if row is not None:
            self.partitions.setdefault(key[0], {})[key[1]] = row
        elif key[0] in self.partitions:
            self.partitions[key[0]].pop(key[1], None)


# One for all tables, and not in their state, which has to be copied. Tests let threads race: each
# call is atomic, as with DynamoDB.
_CALLS = threading.RLock()

_Call = Callable[..., dict[str, Any]]


def _one_at_a_time(call: _Call) -> _Call:
    @wraps(call)
    def atomic(self: "DynamoDB", **given: Any) -> dict[str, Any]:
        with _CALLS:
            return call(self, **given)

    return atomic


class DynamoDB:
    """The client. Every table has the keys ``pk`` and ``sk``, both of them text.

    ``index_lag_seconds`` is how long an index takes to show a write; a consistent read of the
    table itself never lags. ``on_write`` hears of each row that is written (None: removed).
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tables: dict[str, _Table] = {}
        self._tokens: dict[str, tuple[float, str]] = {}
        self.index_lag_seconds = 0.0
        self.page_items = _PAGE_ITEMS
        self.on_write: Callable[[Key, Row | None], None] | None = None
        self.exceptions = Exceptions()

    # --- tables

    def create_table(self, **given: Any) -> dict[str, Any]:
        """Make a table with its indexes."""
        indexes = {}
        for index in given.get("GlobalSecondaryIndexes", []):
            names = {part["KeyType"]: part["AttributeName"] for part in index["KeySchema"]}
            indexes[index["IndexName"]] = _Index(names["HASH"], names["RANGE"])
        self._tables[given["TableName"]] = _Table(indexes)
        return {}

    def items(self, name: str) -> list[Row]:
        """Return every row of a table."""
        table = self._tables[name]
        return [dict(row) for rows in table.partitions.values() for row in rows.values()]

    def expire(self, name: str, *, at: float) -> None:
        """Remove the rows whose time to live is over at a moment; AWS does it early or late."""
        table = self._tables[name]
        for key in table.places():
            row = table.get(key) or {}
            if "N" in row.get("ttl", {}) and int(row["ttl"]["N"]) < at:
                self._store(table, key, None)

    # --- reads

    @_one_at_a_time
    def get_item(self, **given: Any) -> dict[str, Any]:
        """Read one row."""
        row = self._table(given).get(_key(given["Key"]))
        return {} if row is None else {"Item": dict(row)}

    @_one_at_a_time
    def batch_get_item(self, **given: Any) -> dict[str, Any]:
        """Read up to 100 rows."""
        found: dict[str, list[Row]] = {}
        for name, asked in given["RequestItems"].items():
            keys = [_key(key) for key in asked["Keys"]]
            if len(keys) > _BATCH_KEYS or len(set(keys)) < len(keys):
                raise _invalid("BatchGetItem", "too many keys, or one of them twice")
            rows = map(self._tables[name].get, keys)
            found[name] = [dict(row) for row in rows if row is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    @_one_at_a_time
    def query(self, **given: Any) -> dict[str, Any]:
        """Read one page of a partition, of the table or of an index."""
        table = self._table(given)
        wanted = _partition_of(given)
        if "IndexName" not in given:
            return self._page(given, table.partitions.get(wanted, {}).values(), _key)
        self._catch_up(table)
        index = table.indexes[given["IndexName"]]
        shown = [
            row
            for row in table.visible.values()
            if index.order in row and row.get(index.partition, {}).get("S") == wanted
        ]
        return self._page(
            given, shown, lambda row: (float(row[index.order]["N"]), _key(row)), index
        )

    @_one_at_a_time
    def scan(self, **given: Any) -> dict[str, Any]:
        """Read one page of a table; the order has nothing to do with the keys (AWS)."""
        partitions = self._table(given).partitions
        rows = [row for partition in partitions.values() for row in partition.values()]
        return self._page(given, rows, lambda row: _scattered(_key(row)))

    def get_paginator(self, operation: str) -> Paginator:
        """Return what walks over all pages of ``query`` or ``scan``."""
        calls = {"query": self.query, "scan": self.scan}
        return Paginator(calls[operation], "LastEvaluatedKey", "ExclusiveStartKey", "Limit")

    # --- writes

    @_one_at_a_time
    def put_item(self, **given: Any) -> dict[str, Any]:
        """Write one row if its condition holds."""
        return self._single("Put", "PutItem", given)

    @_one_at_a_time
    def update_item(self, **given: Any) -> dict[str, Any]:
        """Change one row if its condition holds."""
        answer = self._single("Update", "UpdateItem", given)
        row = self._table(given).get(_key(given["Key"]))
        if given.get("ReturnValues") == "ALL_NEW" and row:
            answer["Attributes"] = dict(row)
        return answer

    @_one_at_a_time
    def delete_item(self, **given: Any) -> dict[str, Any]:
        """Remove one row if its condition holds."""
        return self._single("Delete", "DeleteItem", given)

    @_one_at_a_time
    def batch_write_item(self, **given: Any) -> dict[str, Any]:
        """Remove or put up to 25 rows."""
        for name, requests in given["RequestItems"].items():
            if len(requests) > _BATCH_WRITES:
                raise _invalid("BatchWriteItem", "too many items")
            table = self._tables[name]
            for request in requests:
                if "DeleteRequest" in request:
                    self._store(table, _key(request["DeleteRequest"]["Key"]), None)
                else:
                    item = request["PutRequest"]["Item"]
                    self._store(table, _key(item), dict(item))
        return {"UnprocessedItems": {}}

    @_one_at_a_time
    def transact_write_items(self, **given: Any) -> dict[str, Any]:
        """Do all writes or none; the same token again within ten minutes does nothing."""
        items = [next(iter(item.items())) for item in given["TransactItems"]]
        body = json.dumps(given["TransactItems"], sort_keys=True, default=str)
        token = given.get("ClientRequestToken")
        if token and self._known(token, body):
            return {}
        places = [(write["TableName"], _key_of(write)) for _, write in items]
        if len(items) > _TRANSACTION_ITEMS or len(set(places)) < len(places):
            raise _invalid("TransactWriteItems", "too many items, or one row twice")
        reasons = [self._reason(write) for _, write in items]
        if any(reason["Code"] != "None" for reason in reasons):
            raise client_error(
                "TransactionCanceledException",
                "TransactWriteItems",
                f"Transaction cancelled: {[reason['Code'] for reason in reasons]}",
                CancellationReasons=reasons,
            )
        changed = [(kind, write, self._after(kind, write)) for kind, write in items]
        for kind, write, row in changed:
            if kind != "ConditionCheck":
                self._store(self._table(write), _key_of(write), row)
        if token:
            self._tokens[token] = (self._now(), body)
        return {}

    def _known(self, token: str, body: str) -> bool:
        at, seen = self._tokens.get(token, (0.0, ""))
        if self._now() - at > _TOKEN_SECONDS or not seen:
            return False
        if seen != body:
            raise client_error("IdempotentParameterMismatchException", "TransactWriteItems")
        return True

    def _single(self, kind: str, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        reason = self._reason(given)
        if reason["Code"] != "None":
            found = {"Item": reason["Item"]} if "Item" in reason else {}
            raise client_error("ConditionalCheckFailedException", operation, **found)
        self._store(self._table(given), _key_of(given), self._after(kind, given))
        return {}

    def _reason(self, write: Mapping[str, Any]) -> dict[str, Any]:
        """Say why a write cannot be done: its condition, or nothing."""
        _check_placeholders(write)
        row = self._table(write).get(_key_of(write))
        text = write.get("ConditionExpression")
        if text is None or _applied(condition, text)(row or {}, *_given(write)):
            return {"Code": "None"}
        reason: dict[str, Any] = {"Code": "ConditionalCheckFailed", "Message": "it did not hold"}
        if row is not None and write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
            reason["Item"] = dict(row)
        return reason

    def _after(self, kind: str, write: Mapping[str, Any]) -> Row | None:
        """Return the row as a write leaves it."""
        if kind == "Delete":
            return None
        if kind == "Put":
            return _sized(dict(write["Item"]))
        key = write["Key"]
        before = self._table(write).get(_key(key))
        row = dict(before) if before is not None else dict(key)
        if text := write.get("UpdateExpression"):
            try:
                _applied(update, text)(before or dict(key), row, *_given(write))
            except ExpressionInvalid as error:
                raise _invalid("UpdateItem", str(error)) from error
        if before is None and row == key and _only_removes(write):
            return None  # an update that only removes makes no row (AWS)
        return _sized(row)

    def _store(self, table: _Table, key: Key, row: Row | None) -> None:
        table.put(key, row)
        if self.on_write is not None:
            self.on_write(key, row)
        if self.index_lag_seconds or table.lagging:
            table.lagging.append((self._now() + self.index_lag_seconds, key, row))
        else:
            _show(table, key, row)

    def _catch_up(self, table: _Table) -> None:
        now = self._now()
        while table.lagging and table.lagging[0][0] <= now:
            _, key, row = table.lagging.pop(0)
            _show(table, key, row)

    def _page(
        self,
        given: Mapping[str, Any],
        rows: Iterable[Row],
        place: Callable[[Row], Any],
        index: _Index | None = None,
    ) -> dict[str, Any]:
        """Return the rows behind the start that both expressions let through, up to a limit.

        ``place`` gives the order. What the start names may be gone by now.
        """
        _check_placeholders(given)
        names, values = _given(given)
        wanted = _condition(given, "KeyConditionExpression")
        kept = _condition(given, "FilterExpression")
        start = given.get("ExclusiveStartKey")
        found = sorted((row for row in rows if wanted(row, names, values)), key=place)
        if start is not None:
            found = [row for row in found if place(row) > place(start)]
        limit = given.get("Limit") or self.page_items
        page = found[:limit]
        items = [_projected(row, given, names) for row in page if kept(row, names, values)]
        answer: dict[str, Any] = {"Items": items, "Count": len(items)}
        if len(found) > limit:
            of_index = (index.partition, index.order) if index else ()
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in ("pk", "sk", *of_index)}
        return answer

    def _table(self, given: Mapping[str, Any]) -> _Table:
        try:
            return self._tables[given["TableName"]]
        except KeyError:
            raise client_error("ResourceNotFoundException", "DynamoDB") from None


def _key(key: Mapping[str, Any]) -> Key:
    return key["pk"]["S"], key["sk"]["S"]


def _key_of(write: Mapping[str, Any]) -> Key:
    return _key(write["Item"] if "Item" in write else write["Key"])


def _given(write: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    return (
        write.get("ExpressionAttributeNames", {}),
        write.get("ExpressionAttributeValues", {}),
    )


def _applied(compiled: Callable[[str], Any], text: str) -> Any:
    try:
        return compiled(text)
    except ExpressionInvalid as error:
        raise _invalid("DynamoDB", str(error)) from error


_EXPRESSIONS = (
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)


def _check_placeholders(given: Mapping[str, Any]) -> None:
    """Refuse a placeholder that is used and not given, or given and not used, as AWS does."""
    names, values = _given(given)
    used_names: set[str] = set()
    used_values: set[str] = set()
    for name in _EXPRESSIONS:
        if text := given.get(name):
            of_text = placeholders(text)
            used_names |= of_text[0]
            used_values |= of_text[1]
    if used_names != set(names) or used_values != set(values):
        different = (used_names ^ set(names)) | (used_values ^ set(values))
        raise _invalid("DynamoDB", f"placeholders unused or not given: {sorted(different)}")


def _only_removes(write: Mapping[str, Any]) -> bool:
    return str(write.get("UpdateExpression", "")).startswith(("REMOVE", "DELETE"))


def _sized(row: Row) -> Row:
    if sum(len(str(value)) for value in row.values()) > _ITEM_BYTES:
        raise _invalid("DynamoDB", "Item size has exceeded the maximum allowed size")
    return row


def _show(table: _Table, key: Key, row: Row | None) -> None:
    if row is None:
        table.visible.pop(key, None)
    else:
        table.visible[key] = row


def _condition(given: Mapping[str, Any], name: str) -> Condition:
    text = given.get(name)
    return _applied(condition, text) if text else _always


def _always(_row: Row, _names: Mapping[str, str], _values: Mapping[str, Any]) -> bool:
    return True


_PARTITION = re.compile(r"#\w+ = (:\w+)")


def _partition_of(given: Mapping[str, Any]) -> str:
    """Return the partition that a key condition names: it begins with it."""
    found = _PARTITION.match(given["KeyConditionExpression"])
    if found is None:
        raise _invalid("Query", "the key condition must begin with the partition key")
    return str(given["ExpressionAttributeValues"][found[1]]["S"])


def _scattered(key: Key) -> tuple[int, Key]:
    return sum(map(ord, key[0])) % 97, key


def _projected(row: Row, given: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    wanted = given.get("ProjectionExpression")
    if not wanted:
        return dict(row)
    attributes = [names[name.strip()] for name in wanted.split(",")]
    return {name: row[name] for name in attributes if name in row}


def _invalid(operation: str, message: str) -> Exception:
    return client_error("ValidationException", operation, message)
