"""The rows of privacy requests: erasures, shop redactions and data requests."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write, delete, put, update
from tryon_worker.clock import DAY
from tryon_worker.shoppers import ROOT_SECONDS, Shoppers

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


CLOCK_SECONDS = 5
"""By so much the clocks of S3, of the bus and of our functions may differ (AWS keeps them closer).

What was done so soon after an erasure was asked for counts as done before it.
"""


@dataclass(frozen=True)
class Erasure:
    """An erasure request. Times are seconds since the epoch.

    ``erased_at`` is the tombstone's time. The shopper's id is kept only while it is needed to find
    what lies elsewhere; ``tries`` is how often in a row a sweep could not be finished.
    ``lease_until`` is 0 where the last worker gave its lease back.
    """

    shopper_key: str
    request_key: str
    request_id: str
    erased_at: int
    external_user_id: str | None
    tries: int = 0
    lease_until: int = 0
    closed_at: int | None = None
    published: bool = False
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
        write = put(fresh.key, _erasure_row(fresh), condition="attribute_not_exists(#pk)")
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

    def claim(self, erasure: Erasure, *, now: int, lease_until: int) -> Erasure | None:
        """Takes an open erasure for a sweep; ``None`` if another worker has it, or it is closed.

        Two at once would be harmless but for the one that is slower than the closing: it would
        have Genlook forget what the shopper did after it.
        """
        try:
            row = self._table.write(
                taking(erasure.key, _ERASURE_OPEN, now=now, lease_until=lease_until)
            )
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
            condition=_ERASURE_OPEN,
            photos=photos,
            results=results,
            tryOns=try_ons,
        )
        with suppress(ConditionFailed):  # closed by the worker that took it when our lease ended
            self._table.transact([counted])

    def release(self, erasure: Erasure, *, due_at: int, tries: int) -> None:
        """Gives an open erasure back until ``due_at``."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    erasure.key,
                    "SET #dueAt = :due, #tries = :tries REMOVE #leaseUntil",
                    condition=_ERASURE_OPEN,
                    due=due_at,
                    tries=tries,
                )
            )

    def close(self, erasure: Erasure, *, now: int) -> Erasure:
        """Forgets the shopper's id and lets new photos and requests go on.

        What is closed already stays as it is: it may have been published.
        """
        closing = update(
            erasure.key,
            "SET #closedAt = :now, #ttl = :ttl, #dueAt = :due "
            "REMOVE #externalUserId, #leaseUntil, #tries",
            condition=_ERASURE_OPEN,
            now=now,
            due=now + FIRST_SECONDS,
            ttl=now + ROOT_SECONDS,
        )
        freeing = self._shoppers.erasure_closed(erasure.shopper_key, erasure.request_key)
        with suppress(ConditionFailed):
            self._table.transact([closing, freeing])
        return self.get(erasure.shopper_key, erasure.request_key) or erasure

    def mark_published(self, erasure: Erasure) -> None:
        """Notes that ``CustomerErased`` was published."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    erasure.key,
                    "SET #published = :yes REMOVE #dueAt, #dueShard, #requestId",
                    condition="attribute_exists(#closedAt)",
                    yes=True,
                )
            )


_ERASURE_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#closedAt)"


def _erasure_row(erasure: Erasure) -> Row:
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
        lease_until=row.get("leaseUntil", 0),
        closed_at=row.get("closedAt"),
        published=row.get("published", False),
        photos=row.get("photos", 0),
        results=row.get("results", 0),
        try_ons=row.get("tryOns", 0),
    )


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
    published: bool = False
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

    def claim(self, redaction: Redaction, *, now: int, lease_until: int) -> Redaction | None:
        """Takes an open request for a walk; ``None`` if another worker has it, or it is closed."""
        try:
            row = self._table.write(
                taking(redaction.key, _REDACTION_OPEN, now=now, lease_until=lease_until)
            )
        except ConditionFailed:
            return None
        return _redaction_of(row)

    def release(
        self, redaction: Redaction, *, rounds: int, due_at: int, walk: Walk | None = None
    ) -> None:
        """Gives it back until ``due_at``; a ``walk`` that is not over goes on from there."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    redaction.key,
                    "SET #dueAt = :due, #rounds = :rounds, #walk = :walk REMOVE #leaseUntil",
                    condition=_REDACTION_OPEN,
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
            condition=_REDACTION_OPEN,
            shoppers=shoppers,
            now=now,
            due=now + FIRST_SECONDS,
            ttl=now + ROOT_SECONDS,
        )
        with suppress(ConditionFailed):
            return _redaction_of(self._table.write(closing))
        return self.get(redaction.request_key) or redaction

    def mark_published(self, redaction: Redaction) -> None:
        """Notes that ``ShopErased`` was published."""
        self._table.write(
            update(redaction.key, "SET #published = :yes REMOVE #dueAt, #dueShard", yes=True)
        )


_REDACTION_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#closedAt)"


def _redaction_of(row: Row) -> Redaction:
    return Redaction(
        request_key=row["requestKey"],
        request_id=row["requestId"],
        asked_at=row["askedAt"],
        shoppers=row.get("shoppers", 0),
        rounds=row.get("rounds", 0),
        closed_at=row.get("closedAt"),
        published=row.get("published", False),
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


# Longer than any message lives (14 days): a repeat of an answered question finds the answer.
_ANSWERED_SECONDS = 30 * DAY


class DataRequestErased(Exception):
    """The shopper was erased after the question was asked: there is nothing to report."""


@dataclass(frozen=True)
class DataRequest:
    """A question about a shopper. Times are seconds since the epoch.

    The shopper's id is kept only until the report is written; ``photos``, ``results`` and
    ``try_ons`` are what it counts.
    """

    shopper_key: str
    request_key: str
    request_id: str
    event_id: str
    event_type: str
    asked_at: int
    external_user_id: str | None
    lease_until: int = 0
    reported_at: int | None = None
    expires_at: int = 0
    size: int = 0
    published: bool = False
    photos: int = 0
    results: int = 0
    try_ons: int = 0

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return keys.export_shopper(self.shopper_key, self.request_key)


class DataRequests:
    """Opens, takes, closes and forgets questions."""

    def __init__(self, table: Table, shoppers: Shoppers) -> None:
        self._table = table
        self._shoppers = shoppers

    def open(self, data_request: DataRequest) -> DataRequest:
        """Writes a question down; a repeat finds what is there.

        Raises
        ------
        DataRequestErased
            It is older than the shopper's erasure.
        """
        write = put(
            data_request.key, _export_row(data_request), condition="attribute_not_exists(#pk)"
        )
        guard = self._shoppers.not_erased(data_request.shopper_key, made_at=data_request.asked_at)
        try:
            self._table.transact([write, guard])
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if known is None:
                raise DataRequestErased from failed
            return data_request_of(known)
        return data_request

    def get(self, shopper_key: str, request_key: str) -> DataRequest | None:
        """The row of a question."""
        row = self._table.get(keys.export_shopper(shopper_key, request_key))
        return data_request_of(row) if row else None

    def claim(self, data_request: DataRequest, *, now: int, lease_until: int) -> bool:
        """Takes an open question; ``False`` where another worker has it, or it must wait.

        What is being erased is no matter for a report: it waits until the erasure is closed.
        """
        guard = self._shoppers.accepts_writes(
            data_request.shopper_key, made_at=data_request.asked_at
        )
        try:
            self._table.transact(
                [taking(data_request.key, _EXPORT_OPEN, now=now, lease_until=lease_until), guard]
            )
        except ConditionFailed:
            return False
        return True

    def release(self, data_request: DataRequest, *, due_at: int) -> None:
        """Gives an open question back until ``due_at``."""
        with suppress(ConditionFailed):
            self._table.write(
                update(
                    data_request.key,
                    "SET #dueAt = :due REMOVE #leaseUntil",
                    condition=_EXPORT_OPEN,
                    due=due_at,
                )
            )

    def close(self, data_request: DataRequest, *, now: int) -> DataRequest:
        """Notes that the report was written and what it counts, and forgets the shopper's id.

        Raises
        ------
        DataRequestErased
            The shopper was erased meanwhile: what was written must go again.
        """
        closing = update(
            data_request.key,
            "SET #reportedAt = :now, #expiresAt = :expires, #size = :size, #photos = :photos, "
            "#results = :results, #tryOns = :tryOns, #dueAt = :due, #ttl = :ttl "
            "REMOVE #externalUserId, #leaseUntil",
            condition=_EXPORT_OPEN,
            now=now,
            expires=data_request.expires_at,
            size=data_request.size,
            photos=data_request.photos,
            results=data_request.results,
            tryOns=data_request.try_ons,
            due=now + FIRST_SECONDS,
            ttl=now + _ANSWERED_SECONDS,
        )
        guard = self._shoppers.not_erased(data_request.shopper_key, made_at=data_request.asked_at)
        try:
            self._table.transact([closing, guard])
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if failed.at(1) or known is None:
                raise DataRequestErased from failed
            return data_request_of(known)  # our own write, whose answer was lost
        return self.get(data_request.shopper_key, data_request.request_key) or data_request

    def mark_published(self, data_request: DataRequest) -> None:
        """Notes that ``DataReported`` was published."""
        with suppress(ConditionFailed):  # the shopper was erased meanwhile
            self._table.write(
                update(
                    data_request.key,
                    "SET #published = :yes REMOVE #dueAt, #dueShard",
                    condition="attribute_exists(#reportedAt)",
                    yes=True,
                )
            )

    def before(self, shopper_key: str, erased_at: int) -> Iterator[DataRequest]:
        """The questions that an erasure sweeps away: those from before it."""
        for row in self._table.query(keys.shopper(shopper_key), "DATA_REQUEST#"):
            data_request = data_request_of(row)
            if data_request.asked_at <= erased_at:
                yield data_request

    def remove(self, data_request: DataRequest) -> None:
        """Forgets a question."""
        self._table.write(delete(data_request.key))


_EXPORT_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#reportedAt)"


def _export_row(data_request: DataRequest) -> Row:
    return {
        "shopperKey": data_request.shopper_key,
        "requestKey": data_request.request_key,
        "requestId": data_request.request_id,
        "eventId": data_request.event_id,
        "eventType": data_request.event_type,
        "askedAt": data_request.asked_at,
        "externalUserId": data_request.external_user_id,
        "dueAt": data_request.asked_at + FIRST_SECONDS,
        "dueShard": keys.due_shard(data_request.request_key),
    }


def data_request_of(row: Row) -> DataRequest:
    """The question that a row holds."""
    return DataRequest(
        shopper_key=row["shopperKey"],
        request_key=row["requestKey"],
        request_id=row["requestId"],
        event_id=row["eventId"],
        event_type=row["eventType"],
        asked_at=row["askedAt"],
        external_user_id=row.get("externalUserId"),
        lease_until=row.get("leaseUntil", 0),
        reported_at=row.get("reportedAt"),
        expires_at=row.get("expiresAt", 0),
        size=row.get("size", 0),
        published=row.get("published", False),
        photos=row.get("photos", 0),
        results=row.get("results", 0),
        try_ons=row.get("tryOns", 0),
    )
