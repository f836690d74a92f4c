"""How a request of a worker is named, and whom it is about."""

import json
from typing import Any

import pytest

from local.crash.calls import aws_call, genlook_call

KEY = "ab" * 20
TRY_ON = "cd" * 20


def _dynamodb(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}", "x-amzn-trace-id": "Root=1"}
    call = aws_call("POST", "/", headers, json.dumps(body).encode())
    return {"label": call.label, "names": call.names, "invocation": call.invocation}


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def test_a_row_is_named_by_its_kind_and_its_owner() -> None:
    assert _dynamodb("GetItem", {"Key": _key(f"TRYON#{TRY_ON}", "LEDGER")}) == {
        "label": "dynamodb GetItem LEDGER",
        "names": (TRY_ON,),
        "invocation": "Root=1",
    }


def test_a_transaction_names_all_its_writes_and_whom_they_join() -> None:
    items = [
        {"Update": {"Key": _key(f"TRYON#{TRY_ON}", "LEDGER")}},
        {"Put": {"Item": _key(f"SHOPPER#{KEY}", f"DETAILS#{TRY_ON}")}},
    ]
    call = _dynamodb("TransactWriteItems", {"TransactItems": items})
    assert call["label"] == "dynamodb TransactWriteItems Update LEDGER + Put DETAILS"
    assert set(call["names"]) == {KEY, TRY_ON}


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/tryon/v1/try-on", "genlook POST /try-on"),
        ("/tryon/v1/generations/gen_1", "genlook POST /generations/*"),
        ("/files/abc.jpg", "genlook POST /files/*"),
    ],
)
def test_a_path_loses_what_is_one_caller_s_own(path: str, label: str) -> None:
    assert genlook_call("POST", path, b"").label == label


def test_a_shopper_is_found_in_a_path_and_in_a_body() -> None:
    assert genlook_call("DELETE", "/customers/crash-00ff-12", b"").names == ("crash-00ff-12",)
    assert genlook_call("POST", "/x", b'{"externalUserId":"crash-00ff-3"}').names == (
        "crash-00ff-3",
    )


def test_a_batch_about_several_shoppers_joins_nobody() -> None:
    rows = [{"Put": {"Item": _key(f"SHOPPER#{key}", "ERASURE#r")}} for key in (KEY, "ef" * 20)]
    assert _dynamodb("TransactWriteItems", {"TransactItems": rows})["names"] == ()
    bodies = [{"externalUserId": f"crash-00ff-{number}"} for number in (1, 2)]
    assert genlook_call("POST", "/x", json.dumps(bodies).encode()).names == ()


def test_a_walk_over_all_rows_is_named_so() -> None:
    assert _dynamodb("Scan", {"TableName": "t"})["label"] == "dynamodb Scan table"


@pytest.mark.parametrize(
    ("operation", "asked", "label"),
    [
        (
            "BatchGetItem",
            {"Keys": [{"pk": {"S": "TRYON#1"}, "sk": {"S": "LEDGER"}}] * 2},
            "dynamodb BatchGetItem LEDGER",
        ),
        (
            "BatchWriteItem",
            [{"DeleteRequest": {"Key": {"pk": {"S": "x"}, "sk": {"S": "PHOTO#1"}}}}],
            "dynamodb BatchWriteItem DeleteRequest PHOTO",
        ),
    ],
)
def test_a_batch_is_named_by_the_kinds_of_its_rows(operation: str, asked: Any, label: str) -> None:
    body = json.dumps({"RequestItems": {"table": asked}}).encode()
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    assert aws_call("POST", "/", headers, body).label == label
