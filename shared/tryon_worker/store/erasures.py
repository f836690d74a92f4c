"""The rows of erasure requests: open until nothing of the shopper can come back."""

from dataclasses import dataclass

from tryon_worker.store import keys
from tryon_worker.store.shoppers import ROOT_SECONDS, Shoppers
from tryon_worker.store.table import ConditionFailed, Row, Table, put, update


@dataclass(frozen=True)
class Erasure:
    """An erasure request. Times are seconds since the epoch.

    The shopper's id is kept only while it is needed to find what lies elsewhere.
    """

    shopper_key: str
    request_key: str
    request_id: str
    erased_at: int
    external_user_id: str | None
    closed_at: int | None = None
    announced: bool = False
    photos: int = 0
    results: int = 0
    try_ons: int = 0


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
    ) -> Erasure:
        """Sets the tombstone and the request's row together; a repeat finds what is there.

        The row's ``erased_at`` is written once: what the shopper does after it stays.
        """
        fresh = Erasure(shopper_key, request_key, request_id, now, external_user_id)
        item = {**_row(fresh), "dueAt": now, "dueShard": keys.due_shard(request_key)}
        write = put(
            keys.erasure(shopper_key, request_key), item, condition="attribute_not_exists(#pk)"
        )
        try:
            self._table.transact(
                [write, self._shoppers.erasure_opened(shopper_key, request_key, now=now)]
            )
        except ConditionFailed as failed:
            found = failed.old.get(0) or self._table.get(keys.erasure(shopper_key, request_key))
            if found is None:
                raise
            return erasure_of(found)
        return fresh

    def get(self, shopper_key: str, request_key: str) -> Erasure | None:
        """The row of a request."""
        row = self._table.get(keys.erasure(shopper_key, request_key))
        return erasure_of(row) if row else None

    def swept(
        self, erasure: Erasure, *, photos: int, results: int, try_ons: int, due_at: int
    ) -> Erasure:
        """Adds up what a sweep removed, and says when to look again."""
        row = self._table.write(
            update(
                keys.erasure(erasure.shopper_key, erasure.request_key),
                "SET #dueAt = :due ADD #photos :photos, #results :results, #tryOns :tryOns",
                photos=photos,
                results=results,
                tryOns=try_ons,
                due=due_at,
            )
        )
        return erasure_of(row)

    def close(self, erasure: Erasure, *, now: int) -> None:
        """Forgets the shopper's id and lets new photos and wishes go on."""
        key = keys.erasure(erasure.shopper_key, erasure.request_key)
        closing = update(
            key,
            "SET #closedAt = :now, #ttl = :ttl, #dueAt = :now REMOVE #externalUserId",
            now=now,
            ttl=now + ROOT_SECONDS,
        )
        freeing = self._shoppers.erasure_closed(erasure.shopper_key, erasure.request_key)
        self._table.transact([closing, freeing])

    def announced(self, erasure: Erasure) -> None:
        """Notes that ``CustomerErased`` was published."""
        self._table.write(
            update(
                keys.erasure(erasure.shopper_key, erasure.request_key),
                "SET #announced = :yes REMOVE #dueAt, #dueShard, #requestId",
                yes=True,
            )
        )


def _row(erasure: Erasure) -> Row:
    return {
        "shopperKey": erasure.shopper_key,
        "requestKey": erasure.request_key,
        "requestId": erasure.request_id,
        "erasedAt": erasure.erased_at,
        "externalUserId": erasure.external_user_id,
    }


def erasure_of(row: Row) -> Erasure:
    """The erasure that a row holds."""
    return Erasure(
        shopper_key=row["shopperKey"],
        request_key=row["requestKey"],
        request_id=row.get("requestId", ""),
        erased_at=row["erasedAt"],
        external_user_id=row.get("externalUserId"),
        closed_at=row.get("closedAt"),
        announced=row.get("announced", False),
        photos=row.get("photos", 0),
        results=row.get("results", 0),
        try_ons=row.get("tryOns", 0),
    )
