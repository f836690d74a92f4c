"""The table alone: values, conditions, transactions, conflicts, what is due."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.engine_process import Engine
from tests.support.clients import Clients
from tests.template.stack import load
from tryon_worker.aws.table import (
    ConditionFailed,
    Contention,
    Table,
    check,
    delete,
    from_item,
    put,
    serialize,
    update,
)

KEY = ("A", "1")
OTHER = ("A", "2")


@pytest.fixture(scope="module")
def made(engine: Engine) -> tuple[Any, str]:
    client, name = Clients(engine).client("dynamodb"), f"table-{uuid.uuid4().hex}"
    properties = load().of_type("AWS::DynamoDB::Table")["Table"]
    parts = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    client.create_table(TableName=name, **{part: properties[part] for part in parts})
    return client, name


@pytest.fixture
def table(made: tuple[Any, str]) -> Iterator[Table]:
    client, name = made
    yield Table(client, name)
    for item in client.scan(TableName=name)["Items"]:
        client.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1), plain))
def test_values_come_back_as_they_were(values: dict[str, Any]) -> None:
    assert from_item(serialize(values)) == values


def test_numbers_with_a_fraction_come_back_at_any_depth() -> None:
    values = {"a": 1.5, "b": {"c": [0.1]}}
    assert from_item(serialize(values)) == values
    whole = from_item(serialize({"a": 2.0}))["a"]
    assert (whole, type(whole)) == (2, int)


class TestSingleWrites:
    def test_a_row_is_put_without_what_is_none_and_read(self, table: Table) -> None:
        table.write(put(KEY, {"a": 1, "b": None}))
        assert table.get(KEY) == {"pk": "A", "sk": "1", "a": 1}
        assert table.get(OTHER) is None

    def test_an_update_returns_the_row_as_it_is_then(self, table: Table) -> None:
        table.write(put(KEY, {"a": 1}))
        row = table.write(update(KEY, "SET #b = :b REMOVE #a", b={"x"}))
        assert row == {"pk": "A", "sk": "1", "b": {"x"}}

    def test_a_condition_that_fails_gives_the_row_that_was_found(self, table: Table) -> None:
        table.write(put(KEY, {"a": 1}))
        for write in (
            put(KEY, {"a": 2}, condition="attribute_not_exists(#pk)"),
            update(KEY, "SET #a = :a", condition="#a = :seen", a=2, seen=9),
            delete(KEY, condition="#a = :seen", seen=9),
        ):
            with pytest.raises(ConditionFailed) as failed:
                table.write(write)
            assert failed.value.at(0)
            assert failed.value.old[0] == {"pk": "A", "sk": "1", "a": 1}

    def test_of_a_row_that_is_not_there_nothing_is_found(self, table: Table) -> None:
        with pytest.raises(ConditionFailed) as failed:
            table.write(update(KEY, "SET #a = :a", condition="attribute_exists(#pk)", a=2))
        assert failed.value.old == {0: None}
        assert table.get(KEY) is None

    def test_a_row_is_deleted(self, table: Table) -> None:
        table.write(put(KEY, {}))
        table.write(delete(KEY))
        assert table.get(KEY) is None


class TestTransactions:
    def test_all_is_written(self, table: Table) -> None:
        table.transact([put(KEY, {"a": 1}), update(OTHER, "SET #b = :b", b=2)])
        assert [row["sk"] for row in table.query("A")] == ["1", "2"]

    def test_or_nothing_is(self, table: Table) -> None:
        table.write(put(OTHER, {"b": 1}))
        with pytest.raises(ConditionFailed) as failed:
            table.transact([put(KEY, {"a": 1}), check(OTHER, "#b = :b", b=2)])
        assert (failed.value.at(0), failed.value.at(1)) == (False, True)
        assert failed.value.old == {1: {"pk": "A", "sk": "2", "b": 1}}
        assert table.get(KEY) is None

    def test_each_place_that_failed_is_known(self, table: Table) -> None:
        failing = "attribute_exists(#pk)"
        with pytest.raises(ConditionFailed) as failed:
            table.transact(
                [check(KEY, failing), put(("B", "1"), {}), delete(OTHER, condition=failing)]
            )
        assert [failed.value.at(place) for place in range(3)] == [True, False, True]


class Refusing:
    """DynamoDB that refuses at first; what it is then asked is remembered."""

    def __init__(self, *errors: ClientError) -> None:
        self.errors = list(errors)
        self.asked = 0
        self.tokens: list[str | None] = []

    def _call(self, **arguments: Any) -> dict[str, Any]:
        self.asked += 1
        self.tokens.append(arguments.get("ClientRequestToken"))
        if self.errors:
            raise self.errors.pop(0)
        return {"Attributes": {}}

    transact_write_items = update_item = _call


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": reasons,
    }
    return ClientError(answer, "TransactWriteItems")


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "UpdateItem")


def over(client: Any) -> tuple[Table, list[float]]:
    slept: list[float] = []
    return Table(client, "table", slept.append), slept


class TestConflicts:
    """Met by ten items of one order: tried again with jitter, and never read as a refusal."""

    @pytest.mark.promise("Erasure", "conflict-is-retried")
    @pytest.mark.parametrize(
        "error",
        [
            cancelled("None", "TransactionConflict"),
            cancelled("ThrottlingError", "None"),
            cancelled("ProvisionedThroughputExceeded"),
            refused("TransactionInProgressException"),
        ],
    )
    def test_a_transaction_is_tried_again(self, error: ClientError) -> None:
        client = Refusing(error, error, error)
        table, slept = over(client)
        table.transact([put(KEY, {})])
        assert client.asked == 4
        assert len(slept) == 3
        assert all(0 <= seconds <= 0.1 for seconds in slept)

    def test_a_transaction_that_still_runs_is_asked_after_and_not_made_twice(self) -> None:
        running = refused("TransactionInProgressException")
        client = Refusing(running, cancelled("TransactionConflict"), running)
        over(client)[0].transact([put(KEY, {})])
        first, asked_after, anew, anew_after = client.tokens
        assert first == asked_after != anew == anew_after

    def test_so_is_a_single_write(self) -> None:
        client = Refusing(refused("TransactionConflictException"))
        over(client)[0].write(update(KEY, "SET #a = :a", a=1))
        assert client.asked == 2

    def test_but_not_for_ever(self) -> None:
        client = Refusing(*[cancelled("TransactionConflict")] * 20)
        table, slept = over(client)
        with pytest.raises(Contention):
            table.transact([put(KEY, {})])
        assert client.asked == 8
        assert max(slept) <= 0.8

    @pytest.mark.promise("Erasure", "conflict-is-retried")
    def test_the_waits_differ(self) -> None:
        table, slept = over(Refusing(*[cancelled("TransactionConflict")] * 7))
        table.transact([put(KEY, {})])
        assert len(set(slept)) == 7

    def test_a_condition_that_failed_beside_a_conflict_is_a_refusal(self) -> None:
        client = Refusing(cancelled("TransactionConflict", "ConditionalCheckFailed"))
        with pytest.raises(ConditionFailed) as failed:
            over(client)[0].transact([put(KEY, {}), put(OTHER, {})])
        assert (failed.value.at(0), failed.value.at(1)) == (False, True)
        assert client.asked == 1

    @pytest.mark.promise("Erasure", "conflict-is-retried")
    @pytest.mark.parametrize(
        "error", [cancelled("ValidationError", "TransactionConflict"), refused("AccessDenied")]
    )
    def test_what_no_try_can_help_is_raised_at_once(self, error: ClientError) -> None:
        client = Refusing(error)
        with pytest.raises(ClientError):
            over(client)[0].transact([put(KEY, {}), put(OTHER, {})])
        assert client.asked == 1


class TestQueries:
    def test_one_partition_in_order_of_its_sort_keys(self, table: Table) -> None:
        for sk in ("P#2", "Q#1", "P#1"):
            table.write(put(("A", sk), {}))
        table.write(put(("B", "P#9"), {}))
        assert [row["sk"] for row in table.query("A", "P#")] == ["P#1", "P#2"]
        assert [row["sk"] for row in table.query("A")] == ["P#1", "P#2", "Q#1"]

    def test_more_than_one_page(self, table: Table) -> None:
        big = "x" * 300_000
        for number in range(5):
            table.write(put(("A", f"{number}"), {"big": big}))
        assert len(list(table.query("A"))) == 5


class TestDue:
    def _put(self, table: Table, sk: str, due_at: int, shard: str = "DUE#0") -> None:
        table.write(put(("A", sk), {"dueAt": due_at, "dueShard": shard, "kept": "out"}))

    def test_only_what_is_due_the_longest_due_first(self, table: Table) -> None:
        for sk, due_at in (("late", 30), ("first", 10), ("now", 20)):
            self._put(table, sk, due_at)
        self._put(table, "elsewhere", 5, "DUE#1")
        table.write(put(("A", "at-its-end"), {}))
        assert list(table.due("DUE#0", 20)) == [(("A", "first"), 10), (("A", "now"), 20)]

    def test_page_after_page(self, table: Table) -> None:
        for number in range(30):
            self._put(table, f"{number:02}", number)
        assert [due_at for _, due_at in table.due("DUE#0", 100)] == list(range(30))

    def test_a_row_is_taken_once(self, table: Table) -> None:
        self._put(table, "1", 10)
        row = table.take(("A", "1"), seen=10, until=50)
        assert row is not None
        assert (row["dueAt"], row["kept"]) == (50, "out")
        assert table.take(("A", "1"), seen=10, until=60) is None
        assert list(table.due("DUE#0", 49)) == []

    def test_a_row_that_is_gone_stays_gone(self, table: Table) -> None:
        assert table.take(("A", "1"), seen=10, until=50) is None
        assert table.get(("A", "1")) is None
