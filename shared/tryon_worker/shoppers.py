"""The root row of a shopper: the tombstone, the revision of the photos, and what is in flight.

All lie in one row because a transaction may name a row only once (DynamoDB). A photo that becomes
ready must respect the tombstone and let a deferral that saw no photo fail. Whoever is about to
leave something outside the table (a photo at Genlook, an event) first moves ``inFlightUntil``
forward; nothing takes it back, so an erasure that waits for it misses nobody.
"""

from contextlib import suppress
from dataclasses import dataclass

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write, check, update
from tryon_worker.clock import DAY

# Longer than the ledger (100 days) and than any message: what arrives late finds the tombstone.
ROOT_SECONDS = 400 * DAY

# Event times have whole seconds (S3, EventBridge): what happened within the second of the erasure
# counts as before it.
_AFTER_ERASURE = "(attribute_not_exists(#erasedAt) OR #erasedAt < :made)"
_NOT_ERASING = "attribute_not_exists(#erasing)"
_EARLIER = "(attribute_not_exists(#inFlightUntil) OR #inFlightUntil < :until)"


class PhotosChanged(Exception):
    """A photo of the shopper came or went since it was looked for: look again."""


@dataclass(frozen=True)
class Shopper:
    """What the root row says."""

    erased_at: int | None = None
    erasing: frozenset[str] = frozenset()
    photo_revision: int = 0
    in_flight_until: int = 0

    def erased(self, made_at: int) -> bool:
        """Whether what was made at ``made_at`` belongs to what was erased."""
        return self.erased_at is not None and made_at <= self.erased_at


def shopper_of(row: Row | None) -> Shopper:
    """What a root row says; of an unknown shopper, nothing."""
    row = row or {}
    return Shopper(
        row.get("erasedAt"),
        frozenset(row.get("erasing", ())),
        row.get("photoRevision", 0),
        row.get("inFlightUntil", 0),
    )


class Shoppers:
    """Reads root rows, and makes the checks that others put into their transactions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, shopper_key: str) -> Shopper:
        """What is known of a shopper; of an unknown one, nothing."""
        return shopper_of(self._table.get(keys.root(shopper_key)))

    def not_erased(self, shopper_key: str, *, made_at: int) -> Write:
        """Holds if what was made at ``made_at`` is not erased; an open erasure is no obstacle."""
        return check(keys.root(shopper_key), _AFTER_ERASURE, made=made_at)

    def accepts_writes(self, shopper_key: str, *, made_at: int) -> Write:
        """Holds if something may now be left outside the table: no erasure is open either."""
        return check(keys.root(shopper_key), f"{_AFTER_ERASURE} AND {_NOT_ERASING}", made=made_at)

    def photos_unchanged(self, shopper_key: str, revision: int, *, made_at: int) -> Write:
        """Holds if no photo changed since ``revision`` was read."""
        unchanged = (
            "#photoRevision = :revision" if revision else "attribute_not_exists(#photoRevision)"
        )
        return check(
            keys.root(shopper_key),
            f"{_AFTER_ERASURE} AND {unchanged}",
            made=made_at,
            revision=revision,
        )

    def in_flight(self, shopper_key: str, seen: Shopper, *, until: int, made_at: int) -> Write:
        """Says that something may be left outside until then; ``seen`` is the row as it was read.

        It fails if the shopper was erased, or if another moved the time meanwhile: read again.
        """
        if until <= seen.in_flight_until:
            return check(
                keys.root(shopper_key),
                f"{_AFTER_ERASURE} AND {_NOT_ERASING} AND #inFlightUntil >= :until",
                made=made_at,
                until=until,
            )
        return update(
            keys.root(shopper_key),
            "SET #inFlightUntil = :until, #ttl = :ttl",
            condition=f"{_AFTER_ERASURE} AND {_NOT_ERASING} AND {_EARLIER}",
            made=made_at,
            until=until,
            ttl=until + ROOT_SECONDS,
        )

    def extend_in_flight(self, shopper_key: str, until: int) -> None:
        """Moves the time forward, also while an erasure is open; never back."""
        with suppress(ConditionFailed):  # it is later already
            self._table.write(
                update(
                    keys.root(shopper_key),
                    "SET #inFlightUntil = :until, #ttl = :ttl",
                    condition=_EARLIER,
                    until=until,
                    ttl=until + ROOT_SECONDS,
                )
            )

    def photos_changed(self, shopper_key: str, *, made_at: int, now: int) -> Write:
        """Counts the revision up, if what was made at ``made_at`` is not erased."""
        return update(
            keys.root(shopper_key),
            "SET #ttl = :ttl ADD #photoRevision :one",
            condition=f"{_AFTER_ERASURE} AND {_NOT_ERASING}",
            made=made_at,
            one=1,
            ttl=now + ROOT_SECONDS,
        )

    def erasure_opened(self, shopper_key: str, request_key: str, *, erased_at: int) -> Write:
        """Sets the tombstone, which only ever moves forward."""
        return update(
            keys.root(shopper_key),
            "SET #erasedAt = :at, #ttl = :ttl ADD #erasing :request, #photoRevision :one",
            condition="attribute_not_exists(#erasedAt) OR #erasedAt <= :at",
            at=erased_at,
            ttl=erased_at + ROOT_SECONDS,
            request={request_key},
            one=1,
        )

    def erasure_closed(self, shopper_key: str, request_key: str) -> Write:
        """Lets the shopper's new photos and requests go on."""
        return update(keys.root(shopper_key), "DELETE #erasing :request", request={request_key})
