"""What the worker relies on of DynamoDB, in memory and on the engine alike."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from local.memory.dynamodb import DynamoDB
from tests.local.memory.conftest import Account
from tests.support.resources import make_table
from tryon_worker.aws.table import (
    ConditionFailed,
    Table,
    Write,
    check,
    delete,
    put,
    update,
)

KEY = ("A", "1")


@pytest.fixture
def table(account: Account) -> Table:
    return Table(account.client("dynamodb"), account.name, lambda _: None)


def holds(table: Table, condition: str, **values: Any) -> bool:
    try:
        table.write(update(KEY, "SET #seen = :seen", condition=condition, seen=1, **values))
    except ConditionFailed:
        return False
    return True


CONDITIONS = [
    ("#n = :n", {"n": 5}, True),
    ("#n = :n", {"n": "5"}, False),
    ("#n <> :n", {"n": 6}, True),
    ("#gone <> :n", {"n": 6}, True),
    ("#gone = :n", {"n": 6}, False),
    ("#n < :n", {"n": 6}, True),
    ("#n < :n", {"n": "6"}, False),
    ("#n <= :n", {"n": 5}, True),
    ("#n > :n", {"n": 5}, False),
    ("#n >= :n", {"n": 4.5}, True),
    ("#gone < :n", {"n": 6}, False),
    ("#s < :s", {"s": "b"}, True),
    ("#s > :s", {"s": "B"}, True),
    ("#n IN (:a, :b)", {"a": 4, "b": 5}, True),
    ("#n IN (:a, :b)", {"a": 4, "b": 6}, False),
    ("attribute_exists(#n) AND attribute_not_exists(#gone)", {}, True),
    ("attribute_exists(#gone) OR attribute_not_exists(#n)", {}, False),
    ("NOT attribute_exists(#gone)", {}, True),
    ("NOT attribute_exists(#n) OR #n = :n", {"n": 5}, True),
    ("NOT (attribute_exists(#n) OR #n = :n)", {"n": 5}, False),
    ("#n = :other AND #n = :other OR #n = :n", {"n": 5, "other": 6}, True),
    ("#n = :other AND (#n = :other OR #n = :n)", {"n": 5, "other": 6}, False),
    ("contains(#set, :one)", {"one": "x"}, True),
    ("contains(#set, :one)", {"one": "z"}, False),
    ("contains(#gone, :one)", {"one": "z"}, False),
    ("contains(#s, :one)", {"one": "a"}, True),
    ("begins_with(#s, :one)", {"one": "a"}, True),
    ("begins_with(#s, :one)", {"one": "b"}, False),
    ("#set = :set", {"set": {"y", "x"}}, True),
    ("#set = :set", {"set": {"x"}}, False),
    ("#yes = :yes", {"yes": True}, True),
    (":n > :none", {"n": 1, "none": 0}, True),
]


@pytest.mark.parametrize(("condition", "values", "expected"), CONDITIONS)
def test_a_condition_is_judged_alike(
    table: Table, condition: str, values: dict[str, Any], expected: bool
) -> None:
    table.write(put(KEY, {"n": 5, "s": "a", "set": {"x", "y"}, "yes": True}))
    assert holds(table, condition, **values) is expected


ROW = {"n": 5, "s": "a", "set": {"x", "y"}}

UPDATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SET #n = :n", {"n": 6}, {"n": 6, "s": "a", "set": {"x", "y"}}),
    (
        "SET #n = :n, #m = :m REMOVE #s",
        {"n": 6, "m": [1, {"a": "b"}]},
        {"n": 6, "m": [1, {"a": "b"}], "set": {"x", "y"}},
    ),
    ("SET #n = if_not_exists(#n, :n), #m = if_not_exists(#m, :n)", {"n": 9}, {**ROW, "m": 9}),
    ("SET #m = #n, #n = :n", {"n": 7}, {**ROW, "m": 5, "n": 7}),
    ("SET #n = #n + :n", {"n": 2}, {**ROW, "n": 7}),
    ("SET #n = #n - :n", {"n": 2}, {**ROW, "n": 3}),
    ("ADD #n :n, #m :n", {"n": 3}, {**ROW, "n": 8, "m": 3}),
    ("ADD #set :set", {"set": {"y", "z"}}, {**ROW, "set": {"x", "y", "z"}}),
    ("ADD #more :set", {"set": {"y"}}, {**ROW, "more": {"y"}}),
    ("DELETE #set :set", {"set": {"x"}}, {**ROW, "set": {"y"}}),
    ("DELETE #set :set", {"set": {"x", "y"}}, {"n": 5, "s": "a"}),
    ("DELETE #gone :set", {"set": {"x"}}, ROW),
    ("REMOVE #gone, #n", {}, {"s": "a", "set": {"x", "y"}}),
]


@pytest.mark.parametrize(("expression", "values", "after"), UPDATES)
def test_an_update_leaves_and_returns_the_row(
    table: Table, expression: str, values: dict[str, Any], after: dict[str, Any]
) -> None:
    table.write(put(KEY, ROW))
    expected = {"pk": "A", "sk": "1", **after}
    assert table.write(update(KEY, expression, **values)) == expected
    assert table.get(KEY) == expected


@pytest.mark.parametrize("expression", ["SET #n = :n", "ADD #n :n"])
def test_an_update_makes_the_row_that_is_not_there(table: Table, expression: str) -> None:
    assert table.write(update(KEY, expression, n=1)) == {"pk": "A", "sk": "1", "n": 1}


def test_an_operand_that_is_not_there_is_refused(table: Table) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        table.write(update(KEY, "SET #m = #n"))


@pytest.mark.parametrize(
    "given",
    [
        {"ExpressionAttributeNames": {"#n": "n", "#more": "m"}},
        {"ExpressionAttributeNames": {}},
    ],
)
def test_a_placeholder_that_is_missing_or_unused_is_refused(
    account: Account, given: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        account.client("dynamodb").update_item(
            TableName=account.name,
            Key={"pk": {"S": "A"}, "sk": {"S": "1"}},
            UpdateExpression="SET #n = :n",
            ExpressionAttributeValues={":n": {"N": "1"}},
            **given,
        )


def test_a_failed_condition_shows_the_row_that_was_found(table: Table) -> None:
    table.write(put(KEY, {"n": 5}))
    with pytest.raises(ConditionFailed) as failed:
        table.write(delete(KEY, condition="#n = :n", n=6))
    assert failed.value.old == {0: {"pk": "A", "sk": "1", "n": 5}}


def test_a_transaction_shows_each_row_whose_condition_failed_and_writes_nothing(
    table: Table,
) -> None:
    table.write(put(KEY, {"n": 5}))
    writes: list[Write] = [
        put(("B", "1"), {"n": 1}),
        check(KEY, "#n = :n", n=6),
        update(("C", "1"), "SET #n = :n", condition="attribute_exists(#pk)", n=1),
    ]
    with pytest.raises(ConditionFailed) as failed:
        table.transact(writes)
    assert failed.value.old == {1: {"pk": "A", "sk": "1", "n": 5}, 2: None}
    assert table.get(("B", "1")) is None


def test_one_row_twice_in_a_transaction_is_refused(table: Table) -> None:
    with pytest.raises(ClientError):
        table.transact([put(KEY, {"n": 1}), check(KEY, "attribute_not_exists(#pk)")])


def test_a_transaction_repeated_with_its_token_does_nothing_more(account: Account) -> None:
    """The SDK gives each transaction a token and repeats it when the answer is lost (AWS)."""
    write = {
        "Update": {
            "TableName": account.name,
            "Key": {"pk": {"S": "A"}, "sk": {"S": "1"}},
            "UpdateExpression": "ADD #n :one",
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    client = account.client("dynamodb")
    for _ in range(2):
        client.transact_write_items(TransactItems=[write], ClientRequestToken="token-1")
    if account.in_memory:  # the engine does not know tokens
        row = client.get_item(TableName=account.name, Key=write["Update"]["Key"])
        assert row["Item"]["n"] == {"N": "1"}


def test_a_partition_comes_in_the_order_of_its_sort_keys_page_by_page(account: Account) -> None:
    client = account.client("dynamodb")
    for sk in ("P#2", "Q#1", "P#1", "P#3"):
        client.put_item(TableName=account.name, Item={"pk": {"S": "A"}, "sk": {"S": sk}})
    pages = client.get_paginator("query").paginate(
        TableName=account.name,
        KeyConditionExpression="#pk = :pk AND begins_with(#sk, :sk)",
        ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
        ExpressionAttributeValues={":pk": {"S": "A"}, ":sk": {"S": "P#"}},
        PaginationConfig={"PageSize": 2},
    )
    found = [[item["sk"]["S"] for item in page["Items"]] for page in pages]
    assert [sk for page in found for sk in page] == ["P#1", "P#2", "P#3"]
    assert found[0] == ["P#1", "P#2"]


def test_the_index_has_what_has_both_of_its_keys_in_the_order_of_time(table: Table) -> None:
    for sk, due in (("late", 30), ("first", 10), ("now", 20)):
        table.write(put(("A", sk), {"dueAt": due, "dueShard": "S"}))
    table.write(put(("A", "elsewhere"), {"dueAt": 5, "dueShard": "T"}))
    table.write(put(("A", "ended"), {"dueShard": "S"}))
    table.write(update(("A", "now"), "REMOVE #dueAt"))
    assert list(table.due("S", 20)) == [(("A", "first"), 10)]


def test_a_scan_finds_each_kind_and_names_only_what_is_asked_for(account: Account) -> None:
    table = Table(account.client("dynamodb"), account.name, lambda _: None)
    for number in range(5):
        table.write(put((f"P{number}", f"PHOTO#{number}"), {"key": "k", "state": "READY"}))
        table.write(put((f"P{number}", "SHOPPER"), {"key": "k"}))
    rows, after = table.scan("PHOTO", "DETAILS", attributes=("key",))
    assert after is None
    assert sorted(row["sk"] for row in rows) == [f"PHOTO#{number}" for number in range(5)]
    assert all(set(row) == {"pk", "sk", "key"} for row in rows)


def test_a_scan_goes_on_behind_a_row_that_may_be_gone(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon_worker.aws.table.SCANNED_AT_ONCE", 2)
    table = Table(account.client("dynamodb"), account.name, lambda _: None)
    for number in range(5):
        table.write(put((f"P{number}", f"PHOTO#{number}"), {"key": "k"}))
    found, after = table.scan("PHOTO", attributes=("key",))
    assert len(found) == 2
    while after is not None:
        table.write(delete(after))
        rows, after = table.scan("PHOTO", attributes=("key",), after=after)
        assert len(rows) <= 2
        found += rows
    assert sorted(row["sk"] for row in found) == [f"PHOTO#{number}" for number in range(5)]


def test_many_rows_are_read_and_removed_at_once(account: Account) -> None:
    table = Table(account.client("dynamodb"), account.name, lambda _: None)
    places = [("A", f"{number:03}") for number in range(60)]
    for place in places:
        table.write(put(place, {"n": 1}))
    assert set(table.get_many([*places[:50], ("A", "none")])) == set(places[:50])
    table.delete_many(places)
    assert list(table.query("A")) == []


def test_an_item_of_more_than_400_kb_is_refused(table: Table) -> None:
    with pytest.raises(ClientError):
        table.write(put(KEY, {"big": "x" * (401 * 1024)}))


class TestInMemoryAlone:
    """What only AWS itself does, and the engine does not."""

    def made(self, **given: Any) -> tuple[DynamoDB, Table, list[float]]:
        now = [0.0]
        client = DynamoDB(lambda: now[0])
        for name, value in given.items():
            setattr(client, name, value)
        make_table(client, "t")
        # Typed as Any: it stands in for boto3's client.
        boto: Any = client
        return client, Table(boto, "t", lambda _: None), now

    def test_an_index_lags_and_a_consistent_read_does_not(self) -> None:
        _, table, now = self.made(index_lag_seconds=5)
        table.write(put(KEY, {"dueAt": 1, "dueShard": "S"}))
        assert list(table.due("S", 10)) == []
        assert table.get(KEY) is not None
        now[0] = 5
        assert list(table.due("S", 10)) == [(KEY, 1)]
        table.write(delete(KEY))
        assert list(table.due("S", 10)) == [(KEY, 1)]

    def test_an_update_that_only_removes_makes_no_row_and_returns_none(self) -> None:
        client, table, _ = self.made()
        answer = client.update_item(
            TableName="t",
            Key={"pk": {"S": "A"}, "sk": {"S": "1"}},
            UpdateExpression="REMOVE #n",
            ExpressionAttributeNames={"#n": "n"},
            ReturnValues="ALL_NEW",
        )
        assert answer == {}
        assert table.get(KEY) is None

    def test_what_is_past_its_time_to_live_goes_when_dynamodb_likes(self) -> None:
        client, table, _ = self.made()
        table.write(put(KEY, {"ttl": 100}))
        client.expire("t", at=100)
        assert table.get(KEY) is not None
        client.expire("t", at=101)
        assert table.get(KEY) is None

    @given(st.lists(st.integers(0, 30), unique=True, max_size=12), st.integers(1, 4))
    @settings(max_examples=30)
    def test_pages_hold_all_rows_whatever_their_size(self, numbers: list[int], size: int) -> None:
        _, table, _ = self.made(page_items=size)
        for number in numbers:
            table.write(put(("A", f"{number:02}"), {}))
        assert [int(row["sk"]) for row in table.query("A")] == sorted(numbers)


def test_of_many_threads_one_takes_each_row_that_is_free(table: Table) -> None:
    """A conditional write is atomic: threads that switch all the time do not both find it free."""
    taken: list[int] = []

    def take(place: int) -> None:
        with suppress(ConditionFailed):
            key = ("P", f"free {place % 10}")
            table.write(put(key, {"by": place}, condition="attribute_not_exists(#pk)"))
            taken.append(place % 10)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(take, sorted(range(200), key=lambda place: place % 10)))
    finally:
        sys.setswitchinterval(interval)
    assert sorted(taken) == list(range(10))
