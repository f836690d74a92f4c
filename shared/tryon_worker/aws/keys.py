"""Where each row lies in the table."""

from zlib import crc32

from tryon_worker.encoding import digest

# Rows that wait are spread over this many partitions of the index ``due``, so that a backlog of
# tens of thousands does not meet one partition's limit of 1,000 writes a second (AWS).
DUE_SHARDS = 4

Key = tuple[str, str]
"""Partition and sort key."""

RATE_LIMITER: Key = ("ACCOUNT", "RATE_LIMITER")
CREDITS: Key = ("ACCOUNT", "CREDITS")
DURATIONS: Key = ("ACCOUNT", "DURATIONS")


def ledger(try_on_id: str) -> Key:
    """The ledger row of a try-on: nothing personal, kept longer than anything can be repeated."""
    return (f"TRYON#{try_on_id}", "LEDGER")


def generation(generation_id: str) -> Key:
    """The row that says whose a generation is. By a digest: the id is Genlook's, of any length."""
    return (f"GENERATION#{digest(generation_id)}", "GENERATION")


def shopper(shopper_key: str) -> str:
    """The partition of a shopper's rows."""
    return f"SHOPPER#{shopper_key}"


def request(shopper_key: str, try_on_id: str) -> Key:
    """The request row of a try-on: what is personal about it."""
    return (shopper(shopper_key), f"DETAILS#{try_on_id}")


def photo(shopper_key: str, photo_id: str) -> Key:
    """The row of a photo."""
    return (shopper(shopper_key), f"PHOTO#{photo_id}")


def root(shopper_key: str) -> Key:
    """The one row that every writer for a shopper checks: tombstone, and revision of photos."""
    return (shopper(shopper_key), "SHOPPER")


def erasure(shopper_key: str, request_key: str) -> Key:
    """The row of one erasure request."""
    return (shopper(shopper_key), f"ERASURE#{request_key}")


def export_shopper(shopper_key: str, request_key: str) -> Key:
    """The row of one question about a shopper."""
    return (shopper(shopper_key), f"DATA_REQUEST#{request_key}")


def redaction(request_key: str) -> Key:
    """The row of a request to forget a whole shop."""
    return ("ACCOUNT", f"REDACTION#{request_key}")


def product(external_id: str) -> Key:
    """The row of a product."""
    return (f"PRODUCT#{external_id}", "PRODUCT")


def stack_quota(day: str) -> Key:
    """The row that counts the stack's try-ons of a day."""
    return ("ACCOUNT", f"QUOTA#{day}")


def bulk_quota(day: str) -> Key:
    """The row that says whether the end of what bulk may use of a day was told."""
    return ("ACCOUNT", f"QUOTA#{day}#BULK")


def shopper_quota(shopper_key: str, day: str) -> Key:
    """The row that counts a shopper's try-ons of a day."""
    return (shopper(shopper_key), f"QUOTA#{day}")


def due_shard(name: str, *, in_bulk_queue: bool = False) -> str:
    """The partition of the index ``due`` in which the row called ``name`` waits.

    What came in bulk stands in a line of its own: ten thousand rows whose time has come must not
    lie before the few that nothing else moves on.
    """
    return f"{_bulk_queue(in_bulk_queue)}#{crc32(name.encode()) % DUE_SHARDS}"


def due_shards(*, in_bulk_queue: bool = False) -> list[str]:
    """All partitions of the index ``due``, or those of the line."""
    return [f"{_bulk_queue(in_bulk_queue)}#{number}" for number in range(DUE_SHARDS)]


def _bulk_queue(in_bulk_queue: bool) -> str:
    return "BULK" if in_bulk_queue else "DUE"
