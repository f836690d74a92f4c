"""Many rows at once, read or removed: only the erasure Lambda may do it (``ErasureRole``)."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from tryon_worker.clock import Sleep
from tryon_worker.store.conflicts import Disturbed, until_undisturbed
from tryon_worker.store.keys import shopper
from tryon_worker.store.table import Key, Row
from tryon_worker.store.values import from_item, serialize

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_Item = TypeVar("_Item")

AT_ONCE = 100
"""BatchGetItem takes no more keys a call (AWS)."""

SCANNED_AT_ONCE = 1000
"""Rows of the table that one call of a walk over it reads.

Each may be a shopper's whose erasure is opened then, which takes some 20 ms.
"""

# BatchWriteItem takes no more (AWS).
_DELETED_AT_ONCE = 25


class Bulk:
    """Many rows of the table, in few calls; consistent as all reads are."""

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows at up to ``AT_ONCE`` different keys; those that are not there are left out."""
        found: dict[Key, Row] = {}
        left: list[Any] = [_key(key) for key in keys]

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
                raise Disturbed

        if left:
            until_undisturbed(ask, self._sleep)
        return found

    def delete(self, keys: Sequence[Key]) -> None:
        """Removes rows, whatever is in them."""
        for batch in in_batches(keys, _DELETED_AT_ONCE):
            left: list[Any] = [{"DeleteRequest": {"Key": _key(key)}} for key in batch]
            until_undisturbed(partial(self._delete, left), self._sleep)

    def _delete(self, left: list[Any]) -> None:
        answer = self._client.batch_write_item(RequestItems={self._name: list(left)})
        unprocessed: Any = answer["UnprocessedItems"]
        left[:] = unprocessed.get(self._name, [])
        if left:
            raise Disturbed

    def requests(self, shopper_key: str) -> Iterator[Row]:
        """The request rows of a shopper without the wishes, of which each may be large."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :kind)",
            ProjectionExpression="#pk, #sk, #tryOnId, #wishedAt",
            ExpressionAttributeNames={f"#{n}": n for n in ("pk", "sk", "tryOnId", "wishedAt")},
            ExpressionAttributeValues=serialize({":pk": shopper(shopper_key), ":kind": "REQUEST#"}),
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def requests_before(self, shopper_key: str, erased_at: int) -> Iterator[Row]:
        """Those of wishes that an erasure covers."""
        return (row for row in self.requests(shopper_key) if row["wishedAt"] <= erased_at)

    def of_kinds(
        self, *kinds: str, attributes: Sequence[str], after: Key | None = None
    ) -> tuple[list[Row], Key | None]:
        """Rows of the whole table whose sort key begins with a kind; ``attributes`` of each.

        A call reads up to ``SCANNED_AT_ONCE`` rows of any kind behind the one at ``after``, and
        says behind which the next call is to begin; ``None`` if there is no more.
        """
        start: Any = {} if after is None else {"ExclusiveStartKey": _key(after)}
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


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
