"""The rows of erasure requests: open until nothing of the shopper can come back."""

from contextlib import suppress
from dataclasses import dataclass

from tryon_worker.store import keys
from tryon_worker.store.leases import FIRST_SECONDS, taking
from tryon_worker.store.shoppers import ROOT_SECONDS, Shoppers
from tryon_worker.store.table import ConditionFailed, Key, Row, Table, put, update

CLOCK_SECONDS = 5
"""By so much the clocks of S3, of the bus and of our functions may differ (AWS keeps them closer).

What was done so soon after an erasure was asked for counts as done before it.
"""


@dataclass(frozen=True)
class Erasure:
    """An erasure request. Times are seconds since the epoch.

    ``erased_at`` is the tombstone's time. The shopper's id is kept only while it is needed to find
    what lies elsewhere; ``tries`` is how often in a row a sweep could not be finished.
    """

    shopper_key: str
    request_key: str
    request_id: str
    erased_at: int
    external_user_id: str | None
    tries: int = 0
    closed_at: int | None = None
    announced: bool = False
    photos: int = 0
    results: int = 0
    try_ons: int = 0

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return keys.erasure(self.shopper_key, self.request_key)


class Erasures:
    """Opens, follows and closes erasure requests."""

    def __init__(self, table: Table, shoppers: Shoppers) -> None:
        self._table = table
        self._shoppers = shoppers

    def open(
        self,
        shopper_key: str,
        request_key: str,
        *,
        request_id: str,
        external_user_id: str,
        now: int,
        asked_at: int = 0,
    ) -> Erasure:
        """Sets the tombstone and the request's row together; a repeat finds what is there.

        The row's ``erased_at`` is written once: what the shopper does after it stays. It is the
        later of the request's time and ours, and an allowance: other clocks date what was done.
        """
        erased_at = max(asked_at, now) + CLOCK_SECONDS
        fresh = Erasure(shopper_key, request_key, request_id, erased_at, external_user_id)
        write = put(fresh.key, _row(fresh), condition="attribute_not_exists(#pk)")
        tombstone = self._shoppers.erasure_opened(shopper_key, request_key, erased_at=erased_at)
        try:
            self._table.transact([write, tombstone])
        except ConditionFailed as failed:
            if not failed.at(0):
                # Another request came in by a worker whose clock is ahead: not before that one.
                later = (failed.old.get(1) or {}).get("erasedAt", now) - CLOCK_SECONDS
                return self.open(
                    shopper_key,
                    request_key,
                    request_id=request_id,
                    external_user_id=external_user_id,
                    asked_at=asked_at,
                    now=max(now, later),
                )
            found = failed.old.get(0) or self._table.get(fresh.key)
            if found is None:
                raise
            return erasure_of(found)
        return fresh

    def get(self, shopper_key: str, request_key: str) -> Erasure | None:
        """The row of a request."""
        row = self._table.get(keys.erasure(shopper_key, request_key))
        return erasure_of(row) if row else None

    def take(self, erasure: Erasure, *, now: int, lease_until: int) -> Erasure | None:
        """Takes an open erasure for a sweep; ``None`` if another worker has it, or it is closed.

        Two at once would be harmless but for the one that is slower than the closing: it would
        have Genlook forget what the shopper did after it.
        """
        try:
            row = self._table.write(taking(erasure.key, _OPEN, now=now, lease_until=lease_until))
        except ConditionFailed:
            return None
        return erasure_of(row)

    def count(self, erasure: Erasure, *, photos: int, results: int, try_ons: int) -> None:
        """Adds up what a sweep removed.

        In a transaction, though it is one write: the SDK repeats a write whose answer it lost, and
        would count twice.
        """
        counted = update(
            erasure.key,
            "ADD #photos :photos, #results :results, #tryOns :tryOns",
            condition=_OPEN,
            photos=photos,
            results=results,
            tryOns=try_ons,
        )
        with suppress(ConditionFailed):  # closed by the worker that took it when our lease ended
            self._table.transact([counted])

    def leave(self, erasure: Erasure, *, due_at: int, tries: int) -> None:
        """Gives an open erasure back until ``due_at``."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    erasure.key,
                    "SET #dueAt = :due, #tries = :tries REMOVE #leaseUntil",
                    condition=_OPEN,
                    due=due_at,
                    tries=tries,
                )
            )

    def close(self, erasure: Erasure, *, now: int) -> Erasure:
        """Forgets the shopper's id and lets new photos and wishes go on.

        What is closed already stays as it is: it may have been announced.
        """
        closing = update(
            erasure.key,
            "SET #closedAt = :now, #ttl = :ttl, #dueAt = :due "
            "REMOVE #externalUserId, #leaseUntil, #tries",
            condition=_OPEN,
            now=now,
            due=now + FIRST_SECONDS,
            ttl=now + ROOT_SECONDS,
        )
        freeing = self._shoppers.erasure_closed(erasure.shopper_key, erasure.request_key)
        with suppress(ConditionFailed):
            self._table.transact([closing, freeing])
        return self.get(erasure.shopper_key, erasure.request_key) or erasure

    def announced(self, erasure: Erasure) -> None:
        """Notes that ``CustomerErased`` was published."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    erasure.key,
                    "SET #announced = :yes REMOVE #dueAt, #dueShard, #requestId",
                    condition="attribute_exists(#closedAt)",
                    yes=True,
                )
            )


_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#closedAt)"


def _row(erasure: Erasure) -> Row:
    return {
        "shopperKey": erasure.shopper_key,
        "requestKey": erasure.request_key,
        "requestId": erasure.request_id,
        "erasedAt": erasure.erased_at,
        "externalUserId": erasure.external_user_id,
        "dueAt": erasure.erased_at + FIRST_SECONDS,
        "dueShard": keys.due_shard(erasure.request_key),
    }


def erasure_of(row: Row) -> Erasure:
    """The erasure that a row holds."""
    return Erasure(
        shopper_key=row["shopperKey"],
        request_key=row["requestKey"],
        request_id=row.get("requestId", ""),
        erased_at=row["erasedAt"],
        external_user_id=row.get("externalUserId"),
        tries=row.get("tries", 0),
        closed_at=row.get("closedAt"),
        announced=row.get("announced", False),
        photos=row.get("photos", 0),
        results=row.get("results", 0),
        try_ons=row.get("tryOns", 0),
    )
