"""Every read is consistent: what the worker decides by is never yesterday's."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from local.memory.cloud import Session
from tests.support.tables import Stores
from tryon_worker.aws import keys
from tryon_worker.aws.table import put

READS = ("GetItem", "Query", "BatchGetItem", "Scan")


@pytest.fixture
def asked(stores: Stores) -> list[dict[str, Any]]:
    """What is asked of DynamoDB, read by read."""
    seen: list[dict[str, Any]] = []

    def around(call: str, do: Callable[..., Any], given: dict[str, Any]) -> Any:
        if call.partition(".")[2] in READS:
            seen.append(dict(given))
        return do(**given)

    cloud: Any = SimpleNamespace(client=lambda _service: stores.table._client)
    stores.table._client = Session(cloud, around).client("dynamodb")
    return seen


@pytest.mark.promise("Rows that hold no names", "consistent-query-never-an-index")
def test_every_read_of_the_table_is(stores: Stores, asked: list[dict[str, Any]]) -> None:
    table = stores.table
    key = keys.request("shopper", "t1")
    table.write(put(key, {"tryOnId": "t1", "requestedAt": 1}))
    assert table.get(key)
    assert list(table.query(key[0]))
    assert table.get_many([key])
    assert list(table.request_rows("shopper"))
    assert table.scan("DETAILS", attributes=["tryOnId"]) != ([], None)
    details = [one for params in asked for one in params.get("RequestItems", {}).values()]
    single = [params for params in asked if "RequestItems" not in params]
    assert len(asked) == len(READS) + 1
    assert [one.get("ConsistentRead") for one in single + details] == [True] * len(asked)


@pytest.mark.promise("Rows that hold no names", "consistent-query-never-an-index")
def test_only_what_is_due_is_asked_of_an_index(stores: Stores, asked: list[Any]) -> None:
    """It lags behind; so a row found there is taken by a write that names what was seen."""
    table, key = stores.table, ("A", "1")
    table.write(put(key, {"dueAt": 5, "dueShard": "s"}))
    assert list(table.due("s", 9)) == [(key, 5)]
    assert [params.get("IndexName") for params in asked] == ["due"]
    assert table.take(key, seen=4, until=9) is None
