"""Forgets everybody: opens the erasure of each shopper that is found, until none is any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tryon_worker.clock import Clock
from tryon_worker.events import Publisher
from tryon_worker.identity import (
    PHOTO_PREFIX,
    Identities,
    UnusableShopperId,
    shopper_of_key,
    shopper_of_stored,
)
from tryon_worker.objects import RESULT_PREFIX, Bucket
from tryon_worker.observability import logger
from tryon_worker.queues import ErasureQueue
from tryon_worker.store import keys
from tryon_worker.store.bulk import Bulk, in_batches
from tryon_worker.store.erasures import Erasures
from tryon_worker.store.leases import LEASE_SECONDS
from tryon_worker.store.redactions import Redaction, Redactions
from tryon_worker.store.table import Row
from tryon_worker.wishes import Wish

# Shoppers whose erasures one call opens: some 20 ms each, well within the Lambda's time.
AT_ONCE = 500

# Between walks: the erasures take their time, and each walk reads the whole table.
FIRST_PAUSE_SECONDS = 600
LONGEST_PAUSE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class RedactShop:
    """Walks over all rows and photos, again and again, and leaves the erasing to ``Erase``.

    Where a walk stands is nowhere written down: it would be a shopper's name. Each begins anew and
    passes over those whose erasure it finds opened by the same request, so one that was killed
    loses nothing. The last walk finds nobody, when all that was in queues has had its time.
    """

    redactions: Redactions
    erasures: Erasures
    bulk: Bulk
    photo_bucket: Bucket
    result_bucket: Bucket
    erasure_queue: ErasureQueue
    publisher: Publisher
    identities: Identities
    clock: Clock
    late_seconds: int

    def __call__(self, request_id: str) -> None:
        """Begins; a repeat of a request goes on with it, or does nothing."""
        request_key = self.identities.request_key(request_id)
        self._go_on(self.redactions.open(request_key, request_id=request_id, now=int(self.clock())))

    def again(self, request_key: str) -> None:
        """Takes up a request that is open, or not yet announced."""
        redaction = self.redactions.get(request_key)
        if redaction is not None:
            self._go_on(redaction)

    def _go_on(self, redaction: Redaction) -> None:
        if redaction.closed_at is None:
            now = int(self.clock())
            taken = self.redactions.take(redaction, now=now, lease_until=now + LEASE_SECONDS)
            if taken is None:
                return  # another worker is at it; housekeeping looks how it ended
            redaction = self._guarded_walk(taken)
        if redaction.closed_at is not None and not redaction.announced:
            self.publisher.publish(
                "ShopErased",
                {"requestId": redaction.request_id, "shoppers": redaction.shoppers},
                occurred_at=redaction.closed_at,
            )
            self.redactions.announced(redaction)

    def _guarded_walk(self, redaction: Redaction) -> Redaction:
        try:
            return self._walk(redaction)
        except Exception:
            # What nobody foresaw: the message comes again, and must find the row free.
            due_at = int(self.clock()) + FIRST_PAUSE_SECONDS
            self.redactions.leave(redaction, rounds=redaction.rounds, due_at=due_at)
            raise

    def _walk(self, redaction: Redaction) -> Redaction:
        found = 0
        for batch in in_batches(self._shoppers(redaction)):
            new = self._unopened(redaction, dict(batch))
            self._open(redaction, new)
            found += len(new)
            if found >= AT_ONCE:
                break
        logger.info(
            "walked over a shop", extra={"requestKey": redaction.request_key, "found": found}
        )
        now = int(self.clock())
        late = now > redaction.asked_at + self.late_seconds
        if not found and late:
            erased = self._erased(redaction)
            if erased is not None:
                self._sweep_results(redaction)
                return self.redactions.close(redaction, shoppers=erased, now=now)
        rounds = 0 if found else redaction.rounds + 1
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(rounds, 8))
        due_at = now if found >= AT_ONCE else now + pause
        self.redactions.leave(redaction, rounds=rounds, due_at=due_at)
        return redaction

    def _unopened(self, redaction: Redaction, shoppers: dict[str, str]) -> dict[str, str]:
        """Those whose erasure this request has not opened."""
        places = {keys.erasure(key, redaction.request_key): key for key in shoppers}
        rows = self.bulk.get(list(places))
        return {key: shoppers[key] for place, key in places.items() if place not in rows}

    def _erased(self, redaction: Redaction) -> int | None:
        """How many shoppers this request erased; ``None`` while any erasure is open.

        Whoever asked for it: its sweep hides the shopper from a walk, and Genlook may be down.
        """
        ours = 0
        for row in self.bulk.of_kinds("ERASURE", attributes=("requestKey", "announced")):
            if "announced" not in row:
                return None
            ours += row["requestKey"] == redaction.request_key
        return ours

    def _open(self, redaction: Redaction, shoppers: dict[str, str]) -> None:
        """Written down first: what the messages do not reach, housekeeping does."""
        for shopper_key, external_user_id in shoppers.items():
            self.erasures.open(
                shopper_key,
                redaction.request_key,
                request_id=redaction.request_id,
                external_user_id=external_user_id,
                now=int(self.clock()),
            )
        self.erasure_queue.send_sweeps(list(shoppers), redaction.request_key)

    def _shoppers(self, redaction: Redaction) -> Iterator[tuple[str, str]]:
        """Keys and ids of all who left anything before the request, each once."""
        seen = set()
        for external_user_id in self._names(redaction.asked_at):
            shopper_key = self.identities.shopper_key(external_user_id)
            if shopper_key not in seen:
                seen.add(shopper_key)
                yield shopper_key, external_user_id

    def _names(self, asked_at: int) -> Iterator[str]:
        for row in self.bulk.of_kinds("REQUEST", "PHOTO", "REPORT", attributes=_ATTRIBUTES):
            name, left_at = _left(row)
            if name and left_at <= asked_at:
                yield name
        # Photos of which no message has come yet. A key that names nobody is deleted elsewhere.
        for key, put_at in self.photo_bucket.listing(PHOTO_PREFIX):
            if put_at <= asked_at:
                try:
                    yield shopper_of_key(key)
                except UnusableShopperId:
                    continue

    def _sweep_results(self, redaction: Redaction) -> None:
        """Pictures whose rows went before them, and with them the way to their shopper."""
        old = (
            key
            for key, put_at in self.result_bucket.listing(RESULT_PREFIX)
            if put_at <= redaction.asked_at
        )
        for batch in in_batches(old, 1000):
            self.result_bucket.delete(batch)


_ATTRIBUTES: Sequence[str] = (
    "wish",
    "wishedAt",
    "key",
    "firstTakenAt",
    "externalUserId",
    "askedAt",
)


def _left(row: Row) -> tuple[str, int]:
    """Whose row it is, and since when; an answered question names nobody any more."""
    if "wish" in row:
        return Wish.from_row(row["wish"]).external_user_id, row["wishedAt"]
    if "key" in row:
        return shopper_of_stored(row["key"]), row["firstTakenAt"]
    return row.get("externalUserId", ""), row.get("askedAt", 0)
