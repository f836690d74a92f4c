"""Accepts wishes: accepted means written, so the ledger row comes before the message."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tryon_worker.clock import DAY, Clock
from tryon_worker.identity import Identities, photo_prefixes
from tryon_worker.queues import NUDGE_SECONDS, TryOnQueue
from tryon_worker.store.entry import Entry, State, entry_of
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import ConditionFailed, Table
from tryon_worker.wishes import Wish, WishedProduct

# Well within the life of a ledger row: a wish that is older might have been forgotten.
MAX_AGE_SECONDS = 30 * DAY

# Of an order that came in bulk so many are tried at once, one a second: as many as of an order
# that did not. The next round of housekeeping may be a minute away.
FIRST_OF_BULK = 10


class Ask(Protocol):
    """How first steps are asked for."""

    def __call__(self, try_on_ids: Sequence[str], *, wished_at: int) -> None:
        """Asks for them."""


class Refusal(StrEnum):
    """Why a wish was not accepted."""

    TOO_OLD = "TOO_OLD"
    CUSTOMER_ERASED = "CUSTOMER_ERASED"
    CONFLICTING_REPEAT = "CONFLICTING_REPEAT"
    BUCKET_NOT_ALLOWED = "BUCKET_NOT_ALLOWED"
    PHOTO_NOT_THEIRS = "PHOTO_NOT_THEIRS"


class WishRefused(Exception):
    """The wish cannot be accepted; ``field`` is what is wrong with it."""

    def __init__(self, reason: Refusal, field: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


@dataclass(frozen=True)
class Accept:
    """Writes a wish down and asks for its first step."""

    table: Table
    ledger: Ledger
    requests: Requests
    shoppers: Shoppers
    identities: Identities
    tryon_queue: TryOnQueue
    clock: Clock
    image_buckets: frozenset[str]

    def __call__(self, try_on_id: str, wish: Wish, *, wished_at: int, bulk: bool = False) -> None:
        """Accepts a wish and asks for its first step; the same one again changes nothing.

        Raises
        ------
        WishRefused
            Nothing was written.
        """
        if self.write(try_on_id, wish, wished_at=wished_at, bulk=bulk):
            self.ask([try_on_id], wished_at=wished_at)

    def write(self, try_on_id: str, wish: Wish, *, wished_at: int, bulk: bool = False) -> bool:
        """Writes a wish down; whether its first step is still to be asked for.

        Raises
        ------
        WishRefused
            Nothing was written.
        """
        now = int(self.clock())
        if wished_at < now - MAX_AGE_SECONDS:
            raise WishRefused(Refusal.TOO_OLD, "time", "is more than 30 days ago")
        check_buckets(wish.product, self.image_buckets)
        check_photo(wish)
        # A producer gives its events their time: a wish of the future would pass every tombstone.
        made_at = min(wished_at, now)
        entry = self._entry(try_on_id, wish, wished_at=made_at, now=now, bulk=bulk)
        return self._write(entry, wish)

    def ask(self, try_on_ids: Sequence[str], *, wished_at: int) -> None:
        """Asks for the first steps; what is not asked for here, housekeeping finds."""
        self.tryon_queue.send_steps(try_on_ids, wished_at=wished_at)

    def ask_in_line(self, try_on_ids: Sequence[str], *, wished_at: int) -> None:
        """Asks for the first steps of an order that came in bulk, as far as they can go soon.

        A shopper waits for it. The others are let go when their turn comes.
        """
        first = [(one, wished_at) for one in try_on_ids[:FIRST_OF_BULK]]
        self.tryon_queue.send_apart(first, apart=1)

    def _entry(self, try_on_id: str, wish: Wish, *, wished_at: int, now: int, bulk: bool) -> Entry:
        shopper_key = self.identities.shopper_key(wish.external_user_id)
        return Entry(
            try_on_id=try_on_id,
            shopper_key=shopper_key,
            state=State.ACCEPTED,
            payload_hash=wish.payload_hash(shopper_key),
            wished_at=wished_at,
            accepted_at=now,
            bulk=bulk,
            due_at=now if bulk else now + NUDGE_SECONDS,
        )

    def _write(self, entry: Entry, wish: Wish) -> bool:
        """Writes both rows; whether the first step is still to be asked for."""
        writes = [
            self.ledger.acceptance(entry),
            self.shoppers.not_erased(entry.shopper_key, made_at=entry.wished_at),
            self.requests.acceptance(
                entry.shopper_key, entry.try_on_id, wish, wished_at=entry.wished_at
            ),
        ]
        try:
            self.table.transact(writes)
        except ConditionFailed as failed:
            known = failed.old.get(0)
            if known is not None:
                return self._repeat(entry, entry_of(known))
            raise WishRefused(
                Refusal.CUSTOMER_ERASED, "externalUserId", "was erased after this was asked for"
            ) from failed
        return True

    @staticmethod
    def _repeat(entry: Entry, known: Entry) -> bool:
        if known.payload_hash != entry.payload_hash:
            raise WishRefused(
                Refusal.CONFLICTING_REPEAT,
                "requestId",
                "was used before with another shopper, product, photo or output",
            )
        # The first delivery may have died between its write and its message.
        return known.state is State.ACCEPTED


def check_photo(wish: Wish) -> None:
    """Refuses a photo by a key that no photo of the shopper can have: it would never come.

    Raises
    ------
    WishRefused
        The key is not below the shopper's own prefix.
    """
    key = wish.photo.key if wish.photo else None
    if key is not None and not key.startswith(photo_prefixes(wish.external_user_id)):
        raise WishRefused(
            Refusal.PHOTO_NOT_THEIRS,
            "photo.key",
            "is not photos/{externalUserId}/{name} of the same shopper",
        )


def check_buckets(
    product: WishedProduct, allowed: frozenset[str], *, path: str = "product.images"
) -> None:
    """Refuses product images, which lie at ``path``, in buckets that the stack may not read.

    Raises
    ------
    WishRefused
        A bucket is not among ``allowed``.
    """
    for place, image in enumerate(product.images or ()):
        if image.s3 is not None and image.s3.bucket not in allowed:
            raise WishRefused(
                Refusal.BUCKET_NOT_ALLOWED,
                f"{path}.{place}.s3.bucket",
                "is not in the stack's parameter ProductImageBuckets",
            )
