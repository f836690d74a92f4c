"""The stack's table as a test may read it: plain rows, all of them."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.system import System

Row = dict[str, Any]


def kind(row: Row) -> str:
    """Name the kind of a row: the first part of its sort key."""
    return str(row["sk"]).partition("#")[0]


def all_rows(system: System) -> list[Row]:
    """Read the whole table, consistently."""
    read = TypeDeserializer().deserialize
    pages = (
        system.engine.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=system.stack.outputs["TableName"], ConsistentRead=True)
    )
    return [
        {name: read(value) for name, value in item.items()}
        for page in pages
        for item in page["Items"]
    ]


def is_settled(row: Row) -> bool:
    """Whether nothing more will happen to a row by itself: its end, or a person's turn."""
    if kind(row) == "LEDGER":
        under_review = row["state"] == "UNKNOWN" and "reviewPublishedAt" in row
        return "publishedAt" in row or under_review
    if kind(row) == "PHOTO":
        return bool(row.get("published")) and "dueAt" not in row
    if kind(row) in {"ERASURE", "DATA_REQUEST", "REDACTION"}:
        return "dueAt" not in row
    return True
