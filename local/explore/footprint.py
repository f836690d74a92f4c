"""What a call reads and writes, so that only those orders are tried that can make a difference."""

from dataclasses import dataclass
from typing import Any

_READS = {"GetItem", "BatchGetItem", "Query", "Scan", "GetObject", "HeadObject", "ListObjectsV2"}

# The rate limiter's row is touched by each call to Genlook. That two processes book a permit in
# this or that order is no difference; what the circuit breaker writes into the row is.
_PERMIT = "SET #tat"

EVERYTHING = "*"


@dataclass(frozen=True)
class Footprint:
    """Names of what a call reads and of what it writes; `a/*` is all below `a/`."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()

    def meets(self, other: "Footprint") -> bool:
        """Whether the order of the two calls can matter."""
        return (
            _overlap(self.writes, other.writes)
            or _overlap(self.writes, other.reads)
            or _overlap(self.reads, other.writes)
        )


def footprint_of(name: str, given: dict[str, Any]) -> Footprint:
    """Return what a call touches."""
    service, _, operation = name.partition(".")
    if service == "dynamodb":
        return _of_table(operation, given)
    if service == "s3":
        places = _objects(operation, given)
        return Footprint(reads=places) if operation in _READS else Footprint(writes=places)
    if service == "genlook":
        return _of_genlook(operation, given)
    if service == "stepfunctions":
        return Footprint(writes=frozenset({f"execution/{given.get('name', EVERYTHING)}"}))
    if service == "sleep":
        return Footprint()
    return Footprint(writes=frozenset({service}))


def _of_table(operation: str, given: dict[str, Any]) -> Footprint:
    if operation in _READS:
        return Footprint(reads=frozenset(_rows_read(operation, given)))
    if str(given.get("UpdateExpression", "")).startswith(_PERMIT):
        return Footprint()
    return Footprint(writes=frozenset(_rows_written(operation, given)))


def _rows_read(operation: str, given: dict[str, Any]) -> list[str]:
    if operation in {"Query", "Scan"}:
        return [_queried(operation, given)]
    if operation == "BatchGetItem":
        return [_row(key) for asked in given["RequestItems"].values() for key in asked["Keys"]]
    return [_row(given["Key"])]


def _rows_written(operation: str, given: dict[str, Any]) -> list[str]:
    if operation == "BatchWriteItem":
        return ["row/*"]
    if operation == "TransactWriteItems":
        writes = [write for item in given["TransactItems"] for write in item.values()]
        return [_row(write.get("Key") or write["Item"]) for write in writes]
    return [_row(given.get("Key") or given["Item"])]


def _queried(operation: str, given: dict[str, Any]) -> str:
    if operation == "Scan" or "IndexName" in given:
        return "row/*"
    return f"row/{given['ExpressionAttributeValues'][':pk']['S']}/*"


def _row(key: dict[str, Any]) -> str:
    return f"row/{key['pk']['S']}/{key['sk']['S']}"


def _objects(operation: str, given: dict[str, Any]) -> frozenset[str]:
    bucket = given["Bucket"]
    if operation == "DeleteObjects":
        return frozenset(f"{bucket}/{one['Key']}" for one in given["Delete"]["Objects"])
    return frozenset({f"{bucket}/{given['Key']}" if "Key" in given else f"{bucket}/*"})


def _of_genlook(operation: str, given: dict[str, Any]) -> Footprint:
    if operation in {"generation", "generations", "download_result", "credits"}:
        return Footprint(reads=frozenset({"genlook/*"}))
    del given
    return Footprint(writes=frozenset({"genlook/*"}))


def _overlap(some: frozenset[str], others: frozenset[str]) -> bool:
    return any(_same(one, other) for one in some for other in others)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if one.endswith("*") and other.startswith(one[:-1]):
        return True
    return other.endswith("*") and one.startswith(other[:-1])
