"""Who works on a request about shoppers: one worker at a time, until its lease is over."""

from tryon_worker.store.table import Key, Write, update

# Longer than the erasure Lambda lives (its timeout in template.yaml).
LEASE_SECONDS = 360

# When housekeeping comes for what the worker that has it does not finish at once.
FIRST_SECONDS = 60


def taking(key: Key, still_open: str, *, now: int, lease_until: int) -> Write:
    """Takes a request that is ``still_open`` and that no other worker has."""
    return update(
        key,
        "SET #leaseUntil = :lease, #dueAt = :lease",
        condition=f"{still_open} AND (attribute_not_exists(#leaseUntil) OR #leaseUntil < :now)",
        lease=lease_until,
        now=now,
    )
