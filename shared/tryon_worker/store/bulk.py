"""Reads of many rows at once: only the erasure Lambda may do them (``ErasureRole``)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from tryon_worker.clock import Sleep
from tryon_worker.store.conflicts import Disturbed, until_undisturbed
from tryon_worker.store.table import Key, Row
from tryon_worker.store.values import from_item, serialize

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_Item = TypeVar("_Item")

AT_ONCE = 100
"""BatchGetItem takes no more keys a call (AWS)."""


class Bulk:
    """Many rows of the table, in few calls; consistent as all reads are."""

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows at up to ``AT_ONCE`` different keys; those that are not there are left out."""
        found: dict[Key, Row] = {}
        left: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]

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

    def of_kinds(self, *kinds: str, attributes: Sequence[str]) -> Iterator[Row]:
        """Every row of the table whose sort key begins with a kind; ``attributes`` of it."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._name,
            ConsistentRead=True,
            FilterExpression=" OR ".join(
                f"begins_with(#sk, :kind{place})" for place in range(len(kinds))
            ),
            ProjectionExpression=", ".join(["#pk", "#sk", *(f"#{name}" for name in attributes)]),
            ExpressionAttributeNames={f"#{name}": name for name in ("pk", "sk", *attributes)},
            ExpressionAttributeValues=serialize(
                {f":kind{place}": f"{kind}#" for place, kind in enumerate(kinds)}
            ),
        )
        for page in pages:
            yield from map(from_item, page["Items"])


def in_batches(items: Iterable[_Item], size: int = AT_ONCE) -> Iterator[list[_Item]]:
    """``items`` in lists of at most ``size``."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
