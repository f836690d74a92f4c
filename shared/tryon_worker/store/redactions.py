"""The rows of requests to forget a whole shop: open until nobody from before them is found."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.store import keys
from tryon_worker.store.leases import FIRST_SECONDS, taking
from tryon_worker.store.shoppers import ROOT_SECONDS
from tryon_worker.store.table import ConditionFailed, Key, Row, Table, put, update


class Stage(StrEnum):
    """What a walk is at, in this order; the last two say how it ended."""

    ROWS = "ROWS"
    PHOTOS = "PHOTOS"
    ERASURES = "ERASURES"
    RESULTS = "RESULTS"
    LAST = "LAST"
    NOT_LAST = "NOT_LAST"


@dataclass(frozen=True)
class Walk:
    """How far a walk got, without a name.

    It stands behind the row ``after``, whose keys are hashes, ids of try-ons and of products. It
    ``found`` so many shoppers whose erasure was not opened, and ``erased`` counts those whose is
    closed.
    """

    began_at: int
    stage: Stage = Stage.ROWS
    after: Key | None = None
    found: int = 0
    erased: int = 0


@dataclass(frozen=True)
class Redaction:
    """A request to forget a shop. Times are seconds since the epoch.

    ``shoppers`` is how many were erased, once it is closed; ``rounds`` how often in a row a walk
    found nobody new; ``walk`` one that ran out of time.
    """

    request_key: str
    request_id: str
    asked_at: int
    shoppers: int = 0
    rounds: int = 0
    closed_at: int | None = None
    announced: bool = False
    walk: Walk | None = None

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return keys.redaction(self.request_key)


class Redactions:
    """Opens, follows and closes them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, request_key: str, *, request_id: str, now: int, asked_at: int) -> Redaction:
        """Writes a request down; a repeat finds what is there."""
        fresh = Redaction(request_key, request_id, asked_at)
        row = {
            "requestKey": request_key,
            "requestId": request_id,
            "askedAt": asked_at,
            "dueAt": now + FIRST_SECONDS,
            "dueShard": keys.due_shard(request_key),
        }
        try:
            self._table.write(put(fresh.key, row, condition="attribute_not_exists(#pk)"))
        except ConditionFailed as failed:
            return _redaction_of(failed.old.get(0) or row)
        return fresh

    def get(self, request_key: str) -> Redaction | None:
        """The row of a request."""
        row = self._table.get(keys.redaction(request_key))
        return _redaction_of(row) if row else None

    def take(self, redaction: Redaction, *, now: int, lease_until: int) -> Redaction | None:
        """Takes an open request for a walk; ``None`` if another worker has it, or it is closed."""
        try:
            row = self._table.write(taking(redaction.key, _OPEN, now=now, lease_until=lease_until))
        except ConditionFailed:
            return None
        return _redaction_of(row)

    def leave(
        self, redaction: Redaction, *, rounds: int, due_at: int, walk: Walk | None = None
    ) -> None:
        """Gives it back until ``due_at``; a ``walk`` that is not over goes on from there."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    redaction.key,
                    "SET #dueAt = :due, #rounds = :rounds, #walk = :walk REMOVE #leaseUntil",
                    condition=_OPEN,
                    due=due_at,
                    rounds=rounds,
                    walk=walk and _walk_row(walk),
                )
            )

    def close(self, redaction: Redaction, *, shoppers: int, now: int) -> Redaction:
        """Nobody from before the request is left; so many ``shoppers`` were erased for it."""
        closing = update(
            redaction.key,
            "SET #closedAt = :now, #shoppers = :shoppers, #dueAt = :due, #ttl = :ttl "
            "REMOVE #leaseUntil, #walk",
            condition=_OPEN,
            shoppers=shoppers,
            now=now,
            due=now + FIRST_SECONDS,
            ttl=now + ROOT_SECONDS,
        )
        with suppress(ConditionFailed):
            return _redaction_of(self._table.write(closing))
        return self.get(redaction.request_key) or redaction

    def announced(self, redaction: Redaction) -> None:
        """Notes that ``ShopErased`` was published."""
        self._table.write(
            update(redaction.key, "SET #announced = :yes REMOVE #dueAt, #dueShard", yes=True)
        )


_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#closedAt)"


def _redaction_of(row: Row) -> Redaction:
    return Redaction(
        request_key=row["requestKey"],
        request_id=row["requestId"],
        asked_at=row["askedAt"],
        shoppers=row.get("shoppers", 0),
        rounds=row.get("rounds", 0),
        closed_at=row.get("closedAt"),
        announced=row.get("announced", False),
        walk=_walk_of(row["walk"]) if row.get("walk") else None,
    )


def _walk_row(walk: Walk) -> Row:
    return {
        "beganAt": walk.began_at,
        "stage": walk.stage,
        "after": list(walk.after) if walk.after else None,
        "found": walk.found,
        "erased": walk.erased,
    }


def _walk_of(row: Row) -> Walk:
    return Walk(
        began_at=row["beganAt"],
        stage=Stage(row["stage"]),
        after=(row["after"][0], row["after"][1]) if row["after"] else None,
        found=row["found"],
        erased=row["erased"],
    )
