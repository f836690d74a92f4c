"""What a request of a worker is: a name for the kind of call, and the names of whom it is about."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# The ids of a run's shoppers look like this; what is theirs alone (products, keys) contains them.
SHOPPER_ID = re.compile(r"crash-[0-9a-f]{4}-\d+")
_SHOPPER_KEY = re.compile(r"(?:SHOPPER#|shopperKey\W+)([0-9a-f]{40})")
_TRY_ON = re.compile(r"(?:TRYON#|tryOnId\W+)([0-9a-f]{40})")
# Segments of a Genlook path that name something, by what comes before them.
_NAMED = re.compile(r"/(generations|customers|products|files)/[^/?]+")
_READ_AT_MOST = 65_536  # a photo's bytes name nobody


@dataclass(frozen=True)
class Call:
    """One request; `names` are the shoppers, keys and try-ons that it mentions."""

    label: str
    names: tuple[str, ...]
    invocation: str | None  # the trace that Lambda gives each invocation; AWS calls carry it


def aws_call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Read a request to AWS."""
    target = headers.get("x-amz-target", "")
    service, _, operation = target.partition(".")
    if service.startswith("DynamoDB"):
        label = f"dynamodb {operation} {_rows(operation, json.loads(body))}"
    elif target:
        label = f"{_SERVICES.get(service, service)} {operation}{_about(operation, body)}"
    else:
        label = f"s3 {method}{_of_object(path)}"
    return Call(label, _names(path, body), headers.get("x-amzn-trace-id"))


def genlook_call(method: str, path: str, body: bytes) -> Call:
    """Read a request to Genlook."""
    bare = _NAMED.sub(r"/\1/*", urlsplit(path).path).removeprefix("/tryon/v1")
    return Call(f"genlook {method} {bare}", _names(path, body), None)


_SERVICES = {
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "AWSStepFunctions": "states",
    "secretsmanager": "secrets",
}


def _names(path: str, body: bytes) -> tuple[str, ...]:
    text = f"{path} {body[:_READ_AT_MOST].decode(errors='replace')}"
    ids, keys = set(SHOPPER_ID.findall(text)), set(_SHOPPER_KEY.findall(text))
    if len(ids) > 1 or len(keys) > 1:
        return ()  # a batch about many joins nobody
    return tuple(dict.fromkeys([*ids, *keys, *_TRY_ON.findall(text)]))


def _rows(operation: str, body: dict[str, Any]) -> str:
    if operation == "TransactWriteItems":
        return " + ".join(_write(item) for item in body["TransactItems"])
    if operation == "Query":
        values = [value.get("S", "") for value in body["ExpressionAttributeValues"].values()]
        kinds = "/".join(value.partition("#")[0] for value in sorted(values, reverse=True) if value)
        return f"index {body['IndexName']}" if "IndexName" in body else kinds
    if operation == "Scan":
        return "table"
    if "RequestItems" in body:
        return " + ".join(sorted(_batched(body["RequestItems"])))
    return _kind(body.get("Key") or body["Item"])


def _batched(tables: dict[str, Any]) -> set[str]:
    """Name the kinds of rows in a batch: reads list keys, writes one operation each."""
    asked = [keys for table in tables.values() if isinstance(table, dict) for keys in table["Keys"]]
    writes = [write for table in tables.values() if isinstance(table, list) for write in table]
    return {_kind(key) for key in asked} | {_write(write) for write in writes}


def _write(item: dict[str, Any]) -> str:
    ((operation, write),) = item.items()
    return f"{operation} {_kind(write.get('Key') or write['Item'])}"


def _kind(key: dict[str, Any]) -> str:
    """Name the kind of a row: the sort key's first part says it."""
    return str(key["sk"]["S"]).partition("#")[0]


def _about(operation: str, body: bytes) -> str:
    content = json.loads(body)
    if operation == "PutEvents":
        return f" {content['Entries'][0]['DetailType']}"
    if operation == "GetSecretValue":
        return " api key" if "GenlookSecret" in content["SecretId"] else " shopper key"
    if "QueueUrl" in content:
        return f" {_plain(content['QueueUrl'].rpartition('/')[2])}"
    return ""


def _plain(queue: str) -> str:
    """Take from a queue's name what CloudFormation put round it."""
    return re.sub(r"^.*?-(\w+Queue).*$", r"\1", queue)


def _of_object(path: str) -> str:
    parts = urlsplit(path)
    kind = "".join(f" {word}" for word in ("photos", "tagging", "list", "delete") if word in path)
    return f"{kind} object" if parts.path.count("/") > 1 else kind
