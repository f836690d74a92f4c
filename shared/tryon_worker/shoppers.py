"""The root row of a shopper: the tombstone, the revision of the photos, and ``inFlightUntil``.

They share one row because a transaction may name a row only once (DynamoDB): a photo that becomes
ready must check the tombstone and also make a deferral fail that saw no photo. Before a worker
leaves something outside the table (a photo at Genlook, an event) it moves ``inFlightUntil``
forward. Nothing moves it back, so an erasure that waits for it waits for every worker.
"""

from contextlib import suppress
from dataclasses import dataclass

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write, check, update
from tryon_worker.clock import DAY

# Longer than the ledger (100 days) and any message, so that late work always finds the tombstone.
ROOT_SECONDS = 400 * DAY

# Event times have whole seconds (S3, EventBridge), so the second of the erasure counts as before
# it.
_AFTER_ERASURE = "(attribute_not_exists(#erasedAt) OR #erasedAt < :made)"
_NOT_ERASING = "attribute_not_exists(#erasing)"
_IS_LATER = "(attribute_not_exists(#inFlightUntil) OR #inFlightUntil < :until)"


class PhotosChanged(Exception):
    """A photo of the shopper was added or removed since the photos were read: read again."""


@dataclass(frozen=True)
class Shopper:
    """A shopper's root row."""

    erased_at: int | None = None
    erasing: frozenset[str] = frozenset()
    photo_revision: int = 0
    in_flight_until: int = 0

    def erased(self, made_at: int) -> bool:
        """Whether the erasure covers what was made at ``made_at``."""
        return self.erased_at is not None and made_at <= self.erased_at


def shopper_of(row: Row | None) -> Shopper:
    """The shopper of a root row; an unknown shopper has the defaults."""
    row = row or {}
    return Shopper(
        row.get("erasedAt"),
        frozenset(row.get("erasing", ())),
        row.get("photoRevision", 0),
        row.get("inFlightUntil", 0),
    )


class Shoppers:
    """Reads root rows, and builds the writes that other stores put into their transactions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, shopper_key: str) -> Shopper:
        """Reads a shopper's root row; an unknown shopper has the defaults."""
        return shopper_of(self._table.get(keys.root(shopper_key)))

    def not_erased(self, shopper_key: str, *, made_at: int) -> Write:
        """Checks that no erasure covers what was made at ``made_at``; one may be open."""
        return check(keys.root(shopper_key), _AFTER_ERASURE, made=made_at)

    def accepts_writes(self, shopper_key: str, *, made_at: int) -> Write:
        """Checks that no erasure covers ``made_at`` and none is open."""
        return check(keys.root(shopper_key), f"{_AFTER_ERASURE} AND {_NOT_ERASING}", made=made_at)

    def photos_unchanged(self, shopper_key: str, revision: int, *, made_at: int) -> Write:
        """Checks ``not_erased``, and that no photo changed since ``revision`` was read."""
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
        """Extends ``inFlightUntil`` to ``until``; ``seen`` is the row as it was read.

        The write fails if the shopper was erased, or if another worker extended the time since.
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
            condition=f"{_AFTER_ERASURE} AND {_NOT_ERASING} AND {_IS_LATER}",
            made=made_at,
            until=until,
            ttl=until + ROOT_SECONDS,
        )

    def extend_in_flight(self, shopper_key: str, until: int) -> None:
        """Extends ``inFlightUntil``, also while an erasure is open."""
        with suppress(ConditionFailed):  # it is later already
            self._table.write(
                update(
                    keys.root(shopper_key),
                    "SET #inFlightUntil = :until, #ttl = :ttl",
                    condition=_IS_LATER,
                    until=until,
                    ttl=until + ROOT_SECONDS,
                )
            )

    def photos_changed(self, shopper_key: str, *, made_at: int, now: int) -> Write:
        """Increments the photo revision and checks ``accepts_writes``."""
        return update(
            keys.root(shopper_key),
            "SET #ttl = :ttl ADD #photoRevision :one",
            condition=f"{_AFTER_ERASURE} AND {_NOT_ERASING}",
            made=made_at,
            one=1,
            ttl=now + ROOT_SECONDS,
        )

    def erasure_opened(self, shopper_key: str, request_key: str, *, erased_at: int) -> Write:
        """Sets the tombstone, which never moves back."""
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
        """Lets the shopper's new photos and requests go on once no other erasure is open."""
        return update(keys.root(shopper_key), "DELETE #erasing :request", request={request_key})
