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

# Longer than the erasure Lambda runs (its timeout in template.yaml).
LEASE_SECONDS = 360

# Housekeeping takes up a request that its first worker did not finish after so many seconds.
FIRST_SECONDS = 60

_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#closedAt)"
_CLOSED = "attribute_exists(#closedAt)"
_EXPORT_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#reportedAt)"


def _claim(key: Key, is_open: str, *, now: int, lease_until: int) -> Write:
    """Claims a request for which the condition ``is_open`` holds and that no worker has."""
    return update(
        key,
        "SET #leaseUntil = :lease, #dueAt = :lease",
        condition=f"{is_open} AND (attribute_not_exists(#leaseUntil) OR #leaseUntil < :now)",
        lease=lease_until,
        now=now,
    )


def _release(key: Key, is_open: str, changes: str = "", **values: object) -> Write:
    """Gives a request back, to be resumed when it is due, and makes ``changes`` to its row."""
    return update(
        key, f"SET #dueAt = :due{changes} REMOVE #leaseUntil", condition=is_open, **values
    )


def _mark_published(key: Key, is_closed: str, *, also_remove: str = "") -> Write:
    """Notes that the closing event of a request was published: housekeeping is done with it."""
    return update(
        key,
        f"SET #published = :yes REMOVE #dueAt, #dueShard{also_remove}",
        condition=is_closed,
        yes=True,
    )


CLOCK_SECONDS = 5
"""The clocks of S3, the bus and the functions may differ by this much (AWS keeps them closer).

So what the shopper did within these seconds after the erasure request counts as done before it.
"""


@dataclass(frozen=True)
class Erasure:
    """An erasure request. Times are seconds since the epoch.

    ``erased_at`` is the tombstone's time. The row keeps the shopper's id only until the erasure is
    closed. ``tries`` counts the sweeps in a row that failed. ``lease_until`` is 0 if the last
    worker gave its lease back.
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
        """The key of its row."""
        return keys.erasure(self.shopper_key, self.request_key)


class Erasures:
    """Opens, claims and closes erasure requests."""

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
        """Writes the tombstone and the request's row together; a repeat returns the row there is.

        ``erased_at`` is written once, so what the shopper does later stays. It is the later of the
        request's time and ``now``, plus ``CLOCK_SECONDS``.
        """
        erased_at = max(asked_at, now) + CLOCK_SECONDS
        while True:
            fresh = Erasure(shopper_key, request_key, request_id, erased_at, external_user_id)
            write = put(fresh.key, _erasure_row(fresh), condition="attribute_not_exists(#pk)")
            tombstone = self._shoppers.erasure_opened(shopper_key, request_key, erased_at=erased_at)
            try:
                self._table.transact([write, tombstone])
            except ConditionFailed as failed:
                if not failed.at(0):
                    # A worker whose clock is ahead has set a later tombstone, which must not move
                    # back.
                    erased_at = max(erased_at, (failed.old.get(1) or {}).get("erasedAt", 0))
                    continue
                found = failed.old.get(0) or self._table.get(fresh.key)
                if found is None:
                    raise
                return _erasure_of(found)
            return fresh

    def get(self, shopper_key: str, request_key: str) -> Erasure | None:
        """The request's row, if there is one."""
        row = self._table.get(keys.erasure(shopper_key, request_key))
        return _erasure_of(row) if row else None

    def claim(self, erasure: Erasure, *, now: int, lease_until: int) -> Erasure | None:
        """Claims an open erasure for a sweep; ``None`` if another worker has it, or it is closed.

        Without the claim a slow second worker could delete the customer at Genlook after the
        erasure is closed, and so remove what the shopper did since.
        """
        try:
            row = self._table.write(_claim(erasure.key, _OPEN, now=now, lease_until=lease_until))
        except ConditionFailed:
            return None
        return _erasure_of(row)

    def count(self, erasure: Erasure, *, photos: int, results: int, try_ons: int) -> None:
        """Adds what a sweep removed to the row's counts.

        One write in a transaction: the SDK repeats a write whose response was lost, and only a
        transaction has a token that makes it count once.
        """
        counted = update(
            erasure.key,
            "ADD #photos :photos, #results :results, #tryOns :tryOns",
            condition=_OPEN,
            photos=photos,
            results=results,
            tryOns=try_ons,
        )
        with suppress(ConditionFailed):  # another worker claimed it after our lease, and closed it
            self._table.transact([counted])

    def release(self, erasure: Erasure, *, due_at: int, tries: int) -> None:
        """Releases an open erasure; housekeeping resumes it at ``due_at``."""
        with suppress(ConditionFailed):
            self._table.write(
                _release(erasure.key, _OPEN, ", #tries = :tries", due=due_at, tries=tries)
            )

    def close(self, erasure: Erasure, *, now: int) -> Erasure:
        """Forgets the shopper's id and lets new photos and requests go on.

        A closed erasure stays as it is, because its event may be published already.
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
        root = self._shoppers.erasure_closed(erasure.shopper_key, erasure.request_key)
        with suppress(ConditionFailed):
            self._table.transact([closing, root])
        return self.get(erasure.shopper_key, erasure.request_key) or erasure

    def mark_published(self, erasure: Erasure) -> None:
        """Notes that ``CustomerErased`` was published."""
        with suppress(ConditionFailed):
            self._table.write(_mark_published(erasure.key, _CLOSED, also_remove=", #requestId"))


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


def _erasure_of(row: Row) -> Erasure:
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
    """The stages of a walk in their order; LAST and NOT_LAST are how it ends."""

    ROWS = "ROWS"
    PHOTOS = "PHOTOS"
    ERASURES = "ERASURES"
    RESULTS = "RESULTS"
    LAST = "LAST"
    NOT_LAST = "NOT_LAST"


@dataclass(frozen=True)
class Walk:
    """How far a walk got. It holds no shopper's id.

    ``after`` is the key of the last row it read, made of hashes, try-on ids and product ids.
    ``found`` counts the shoppers whose erasure it opened, ``erased`` the erasures that are closed.
    """

    began_at: int
    stage: Stage = Stage.ROWS
    after: Key | None = None
    found: int = 0
    erased: int = 0


@dataclass(frozen=True)
class Redaction:
    """A request to erase a whole shop. Times are seconds since the epoch.

    ``shoppers`` counts the erased shoppers once it is closed, ``rounds`` the walks in a row that
    found no further shopper. ``walk`` is a walk that ran out of time.
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
        """The key of its row."""
        return keys.redaction(self.request_key)


class Redactions:
    """Opens, claims and closes shop redactions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, request_key: str, *, request_id: str, now: int, asked_at: int) -> Redaction:
        """Writes the request's row; a repeat returns the row there is."""
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
        """The request's row, if there is one."""
        row = self._table.get(keys.redaction(request_key))
        return _redaction_of(row) if row else None

    def claim(self, redaction: Redaction, *, now: int, lease_until: int) -> Redaction | None:
        """Claims an open request for a walk; ``None`` if another worker has it, or it is closed."""
        try:
            row = self._table.write(_claim(redaction.key, _OPEN, now=now, lease_until=lease_until))
        except ConditionFailed:
            return None
        return _redaction_of(row)

    def release(
        self, redaction: Redaction, *, rounds: int, due_at: int, walk: Walk | None = None
    ) -> None:
        """Releases it until ``due_at``; the next worker goes on with an unfinished ``walk``."""
        with suppress(ConditionFailed):
            self._table.write(
                _release(
                    redaction.key,
                    _OPEN,
                    ", #rounds = :rounds, #walk = :walk",
                    due=due_at,
                    rounds=rounds,
                    walk=walk and _walk_row(walk),
                )
            )

    def close(self, redaction: Redaction, *, shoppers: int, now: int) -> Redaction:
        """Closes it; ``shoppers`` is how many were erased for it."""
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

    def mark_published(self, redaction: Redaction) -> None:
        """Notes that ``ShopErased`` was published."""
        with suppress(ConditionFailed):
            self._table.write(_mark_published(redaction.key, _CLOSED))


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


# Longer than any message lives (14 days), so that a repeat finds the report.
_REPORTED_SECONDS = 30 * DAY


class DataRequestErased(Exception):
    """The shopper was erased after the data request: there is nothing to report."""


@dataclass(frozen=True)
class DataRequest:
    """A request for the data of a shopper. Times are seconds since the epoch.

    The row keeps the shopper's id only until the report is written. ``photos``, ``results`` and
    ``try_ons`` count what the report lists.
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
        """The key of its row."""
        return keys.data_request(self.shopper_key, self.request_key)


class DataRequests:
    """Opens, claims, closes and removes data requests."""

    def __init__(self, table: Table, shoppers: Shoppers) -> None:
        self._table = table
        self._shoppers = shoppers

    def open(self, data_request: DataRequest) -> DataRequest:
        """Writes the request's row; a repeat returns the row there is.

        Raises
        ------
        DataRequestErased
            The shopper was erased after the request.
        """
        write = put(
            data_request.key, _data_request_row(data_request), condition="attribute_not_exists(#pk)"
        )
        guard = self._shoppers.not_erased(data_request.shopper_key, made_at=data_request.asked_at)
        try:
            self._table.transact([write, guard])
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if known is None:
                raise DataRequestErased from failed
            return _data_request_of(known)
        return data_request

    def get(self, shopper_key: str, request_key: str) -> DataRequest | None:
        """The request's row, if there is one."""
        row = self._table.get(keys.data_request(shopper_key, request_key))
        return _data_request_of(row) if row else None

    def claim(self, data_request: DataRequest, *, now: int, lease_until: int) -> bool:
        """Claims an open request; ``False`` if another worker has it, or it must wait.

        It waits while an erasure of the shopper is open.
        """
        guard = self._shoppers.accepts_writes(
            data_request.shopper_key, made_at=data_request.asked_at
        )
        try:
            self._table.transact(
                [_claim(data_request.key, _EXPORT_OPEN, now=now, lease_until=lease_until), guard]
            )
        except ConditionFailed:
            return False
        return True

    def release(self, data_request: DataRequest, *, due_at: int) -> None:
        """Releases an open request; housekeeping resumes it at ``due_at``."""
        with suppress(ConditionFailed):
            self._table.write(_release(data_request.key, _EXPORT_OPEN, due=due_at))

    def close(self, data_request: DataRequest, *, now: int) -> DataRequest:
        """Saves the report's counts and forgets the shopper's id.

        Raises
        ------
        DataRequestErased
            The shopper was erased meanwhile, so the report must be deleted.
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
            ttl=now + _REPORTED_SECONDS,
        )
        guard = self._shoppers.not_erased(data_request.shopper_key, made_at=data_request.asked_at)
        try:
            self._table.transact([closing, guard])
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if failed.at(1) or known is None:
                raise DataRequestErased from failed
            return _data_request_of(known)  # our own write, whose response was lost
        return self.get(data_request.shopper_key, data_request.request_key) or data_request

    def mark_published(self, data_request: DataRequest) -> None:
        """Notes that ``DataReported`` was published."""
        with suppress(ConditionFailed):  # the shopper was erased meanwhile
            self._table.write(_mark_published(data_request.key, "attribute_exists(#reportedAt)"))

    def before(self, shopper_key: str, erased_at: int) -> Iterator[DataRequest]:
        """The requests from before an erasure, which its sweep removes."""
        for row in self._table.query(keys.shopper(shopper_key), "DATA_REQUEST#"):
            data_request = _data_request_of(row)
            if data_request.asked_at <= erased_at:
                yield data_request

    def remove(self, data_request: DataRequest) -> None:
        """Removes the request's row."""
        self._table.write(delete(data_request.key))


def _data_request_row(data_request: DataRequest) -> Row:
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


def _data_request_of(row: Row) -> DataRequest:
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
