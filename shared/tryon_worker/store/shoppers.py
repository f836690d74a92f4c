"""The root row of a shopper: the tombstone that each writer checks, what photos came, what goes up.

All lie in one row because a transaction may name a row only once (DynamoDB). A photo that becomes
ready must respect the tombstone and let a deferral that saw no photo fail. An upload says here that
it has begun, and not in its photo's row, which a newer photo of the same key takes over.
"""

from dataclasses import dataclass

from tryon_worker.clock import DAY
from tryon_worker.store import keys
from tryon_worker.store.table import Table, Write, check, update

# Longer than the ledger (100 days) and than any message: what arrives late finds the tombstone.
ROOT_SECONDS = 400 * DAY

# Event times have whole seconds (S3, EventBridge): what happened within the second of the erasure
# counts as before it.
_AFTER_ERASURE = "(attribute_not_exists(#erasedAt) OR #erasedAt < :made)"
_NOT_ERASING = "attribute_not_exists(#erasing)"


@dataclass(frozen=True)
class Shopper:
    """What the root row says."""

    erased_at: int | None = None
    erasing: frozenset[str] = frozenset()
    photo_revision: int = 0
    uploads: frozenset[str] = frozenset()

    @property
    def uploads_until(self) -> int:
        """When the last upload that is under way, or was when its worker died, can end."""
        return max((int(intent.partition("#")[0]) for intent in self.uploads), default=0)

    def erased(self, made_at: int) -> bool:
        """Whether what was made at ``made_at`` belongs to what was erased."""
        return self.erased_at is not None and made_at <= self.erased_at


class Shoppers:
    """Reads root rows, and makes the checks that others put into their transactions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, shopper_key: str) -> Shopper:
        """What is known of a shopper; of an unknown one, nothing."""
        row = self._table.get(keys.root(shopper_key)) or {}
        return Shopper(
            row.get("erasedAt"),
            frozenset(row.get("erasing", ())),
            row.get("photoRevision", 0),
            frozenset(row.get("uploads", ())),
        )

    def not_erased(self, shopper_key: str, *, made_at: int) -> Write:
        """Holds if what was made at ``made_at`` is not erased; an open erasure is no obstacle."""
        return check(keys.root(shopper_key), _AFTER_ERASURE, made=made_at)

    def may_leave_traces(self, shopper_key: str, *, made_at: int) -> Write:
        """Holds if something may now be left outside the table: no erasure is open either."""
        return check(keys.root(shopper_key), f"{_AFTER_ERASURE} AND {_NOT_ERASING}", made=made_at)

    def photos_as_seen(self, shopper_key: str, revision: int, *, made_at: int) -> Write:
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

    def upload_begins(self, shopper_key: str, intent: str, *, made_at: int, now: int) -> Write:
        """Says that an upload may leave something at Genlook, and an event about it outside."""
        return update(
            keys.root(shopper_key),
            "SET #ttl = :ttl ADD #uploads :intent",
            condition=f"{_AFTER_ERASURE} AND {_NOT_ERASING}",
            made=made_at,
            intent={intent},
            ttl=now + ROOT_SECONDS,
        )

    def upload_ends(self, shopper_key: str, intent: str) -> Write:
        """Nothing more comes of it."""
        return update(keys.root(shopper_key), "DELETE #uploads :intent", intent={intent})

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

    def erasure_opened(self, shopper_key: str, request_key: str, *, now: int) -> Write:
        """Sets the tombstone, which only ever moves forward."""
        return update(
            keys.root(shopper_key),
            "SET #erasedAt = :now, #ttl = :ttl ADD #erasing :request, #photoRevision :one",
            condition="attribute_not_exists(#erasedAt) OR #erasedAt <= :now",
            now=now,
            ttl=now + ROOT_SECONDS,
            request={request_key},
            one=1,
        )

    def erasure_closed(self, shopper_key: str, request_key: str) -> Write:
        """Lets the shopper's new photos and wishes go on."""
        return update(keys.root(shopper_key), "DELETE #erasing :request", request={request_key})
