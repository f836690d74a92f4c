"""The keys of the table's rows."""

from zlib import crc32

from tryon_worker.encoding import digest

# Due rows are spread over this many partitions of the index ``due``, so that a backlog of tens of
# thousands stays below one partition's limit of 1,000 writes a second (AWS).
DUE_SHARDS = 4

Key = tuple[str, str]
"""Partition and sort key."""

RATE_LIMITER: Key = ("ACCOUNT", "RATE_LIMITER")
CREDITS: Key = ("ACCOUNT", "CREDITS")
DURATIONS: Key = ("ACCOUNT", "DURATIONS")


def ledger(try_on_id: str) -> Key:
    """The ledger row of a try-on; it holds nothing personal and outlives every repeat."""
    return (f"TRYON#{try_on_id}", "LEDGER")


def generation(generation_id: str) -> Key:
    """The row that names a generation's try-on.

    Its key is a digest, because Genlook's ids may have any length.
    """
    return (f"GENERATION#{digest(generation_id)}", "GENERATION")


def shopper(shopper_key: str) -> str:
    """The partition of a shopper's rows."""
    return f"SHOPPER#{shopper_key}"


def request(shopper_key: str, try_on_id: str) -> Key:
    """The request row of a try-on, which holds what is personal."""
    return (shopper(shopper_key), f"DETAILS#{try_on_id}")


def photo(shopper_key: str, photo_id: str) -> Key:
    """The row of a photo."""
    return (shopper(shopper_key), f"PHOTO#{photo_id}")


def root(shopper_key: str) -> Key:
    """The row with a shopper's tombstone and photo revision, which every writer checks."""
    return (shopper(shopper_key), "SHOPPER")


def erasure(shopper_key: str, request_key: str) -> Key:
    """The row of one erasure request."""
    return (shopper(shopper_key), f"ERASURE#{request_key}")


def data_request(shopper_key: str, request_key: str) -> Key:
    """The row of one data request."""
    return (shopper(shopper_key), f"DATA_REQUEST#{request_key}")


def redaction(request_key: str) -> Key:
    """The row of one shop redaction."""
    return ("ACCOUNT", f"REDACTION#{request_key}")


def product(external_id: str) -> Key:
    """The row of a product."""
    return (f"PRODUCT#{external_id}", "PRODUCT")


def stack_quota(day: str) -> Key:
    """The row that counts the stack's try-ons of a day."""
    return ("ACCOUNT", f"QUOTA#{day}")


def bulk_quota(day: str) -> Key:
    """The row that says whether it was published that bulk's quota of a day is used up."""
    return ("ACCOUNT", f"QUOTA#{day}#BULK")


def shopper_quota(shopper_key: str, day: str) -> Key:
    """The row that counts a shopper's try-ons of a day."""
    return (shopper(shopper_key), f"QUOTA#{day}")


def due_shard(name: str, *, in_bulk_queue: bool = False) -> str:
    """The partition of the index ``due`` for the row called ``name``.

    Bulk try-ons have partitions of their own, so that ten thousand due rows do not delay the few
    that only housekeeping recovers.
    """
    return due_shards(in_bulk_queue=in_bulk_queue)[crc32(name.encode()) % DUE_SHARDS]


def due_shards(*, in_bulk_queue: bool = False) -> list[str]:
    """The partitions of the index ``due``, those of the bulk queue or all others."""
    return [f"{'BULK' if in_bulk_queue else 'DUE'}#{number}" for number in range(DUE_SHARDS)]
