"""Erases a whole shop: opens the erasure of each shopper it finds, until it finds no more."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tryon_worker.aws import keys
from tryon_worker.aws.buckets import RESULT_PREFIX, Bucket
from tryon_worker.aws.queues import ErasureQueue
from tryon_worker.aws.table import Row, Table, in_batches
from tryon_worker.clock import Clock, TimeLeft, no_deadline
from tryon_worker.erasure.store import (
    CLOCK_SECONDS,
    LEASE_SECONDS,
    Erasures,
    Redaction,
    Redactions,
    Stage,
    Walk,
)
from tryon_worker.events.publisher import Publisher
from tryon_worker.events.schemas import TryOnRequest
from tryon_worker.identity import (
    PHOTO_PREFIX,
    InvalidShopperId,
    Pseudonymizer,
    shopper_of_prefix,
    shopper_of_stored,
)
from tryon_worker.observability import logger

# With fewer seconds left a worker begins no further step of a walk. A step reads a thousand rows or
# objects and opens the erasures of all their shoppers: 20 ms each, and much more if DynamoDB is
# slow.
STEP_SECONDS = 90

# S3 lists and deletes at most so many objects in one call (AWS).
_OBJECTS = 1000

# Pauses between walks: the erasures need time, and each walk reads the whole table.
FIRST_PAUSE_SECONDS = 600
LONGEST_PAUSE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class RedactShop:
    """Walks over all rows and photos repeatedly, and leaves the erasing to ``Erase``.

    A walk skips shoppers whose erasure the same request has opened. A walk that runs out of time
    saves the key of its last row, which names no shopper. The key of an object would name one, so
    the next worker lists the objects from the start; meanwhile the erasures remove those from
    before the request. The last walk is the first that finds no further shopper after everything
    that was in queues at the request has been handled.
    """

    redactions: Redactions
    erasures: Erasures
    table: Table
    photo_bucket: Bucket
    result_bucket: Bucket
    erasure_queue: ErasureQueue
    publisher: Publisher
    pseudonymizer: Pseudonymizer
    clock: Clock
    late_seconds: int

    def __call__(
        self, request_id: str, time_left: TimeLeft = no_deadline, *, asked_at: int = 0
    ) -> None:
        """Begins a redaction; a repeat of the request goes on with it, or does nothing.

        ``asked_at`` is the time of the request's event. ``time_left`` gives the seconds this worker
        still has; another worker does the rest.
        """
        request_key = self.pseudonymizer.request_key(request_id)
        now = int(self.clock())
        redaction = self.redactions.open(
            request_key, request_id=request_id, asked_at=max(asked_at, now) + CLOCK_SECONDS, now=now
        )
        self._advance(redaction, time_left)

    def resume(self, request_key: str, time_left: TimeLeft = no_deadline) -> None:
        """Goes on with a request that is open or not yet published."""
        redaction = self.redactions.get(request_key)
        if redaction is not None:
            self._advance(redaction, time_left)

    def _advance(self, redaction: Redaction, time_left: TimeLeft) -> None:
        if redaction.closed_at is None:
            now = int(self.clock())
            claimed = self.redactions.claim(redaction, now=now, lease_until=now + LEASE_SECONDS)
            if claimed is None:
                return  # another worker has it; housekeeping comes back when its lease ends
            redaction = self._try_walk(claimed, time_left)
        if redaction.closed_at is not None and not redaction.published:
            self.publisher.publish(
                "ShopErased",
                {"requestId": redaction.request_id, "shoppers": redaction.shoppers},
                occurred_at=redaction.closed_at,
            )
            self.redactions.mark_published(redaction)

    def _try_walk(self, redaction: Redaction, time_left: TimeLeft) -> Redaction:
        try:
            return self._walk(redaction, time_left)
        except Exception:
            # After an unforeseen error the queue redelivers the message, which must be able to
            # claim the row.
            due_at = int(self.clock()) + FIRST_PAUSE_SECONDS
            self.redactions.release(
                redaction, rounds=redaction.rounds, due_at=due_at, walk=redaction.walk
            )
            raise

    def _walk(self, redaction: Redaction, time_left: TimeLeft) -> Redaction:
        steps = {
            Stage.ROWS: self._rows,
            Stage.PHOTOS: self._photos,
            Stage.ERASURES: self._erasures,
            Stage.RESULTS: self._results,
        }
        walk = redaction.walk or Walk(int(self.clock()))
        while step := steps.get(walk.stage):
            walk = step(redaction, walk, time_left)
            if walk.stage in steps and time_left() < STEP_SECONDS:
                logger.info("walk cut short", extra={"requestKey": redaction.request_key})
                now = int(self.clock())
                self.redactions.release(redaction, rounds=redaction.rounds, due_at=now, walk=walk)
                return redaction
        logger.info(
            "walked over a shop", extra={"requestKey": redaction.request_key, "found": walk.found}
        )
        now = int(self.clock())
        if walk.stage is Stage.LAST:
            return self.redactions.close(redaction, shoppers=walk.erased, now=now)
        rounds = 0 if walk.found else redaction.rounds + 1
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(rounds, 8))
        self.redactions.release(redaction, rounds=rounds, due_at=now + pause)
        return redaction

    # --- the steps of a walk: each returns how far the walk is after it

    def _rows(self, redaction: Redaction, walk: Walk, _: TimeLeft) -> Walk:
        """Opens the erasures of the shoppers in the next rows."""
        rows, after = self.table.scan(
            "DETAILS", "PHOTO", "DATA_REQUEST", attributes=_ATTRIBUTES, after=walk.after
        )
        shoppers = (
            external_user_id
            for external_user_id, made_at in map(_shopper_of, rows)
            if external_user_id and made_at <= redaction.asked_at
        )
        found = walk.found + self._open(redaction, shoppers)
        stage = Stage.PHOTOS if after is None else Stage.ROWS
        return replace(walk, stage=stage, after=after, found=found)

    def _photos(self, redaction: Redaction, walk: Walk, time_left: TimeLeft) -> Walk:
        """Opens the erasures of shoppers whose photos have no row yet."""
        for batch in in_batches(self.photo_bucket.listing(PHOTO_PREFIX), _OBJECTS):
            old = [found.key for found in batch if found.modified_at <= redaction.asked_at]
            walk = replace(walk, found=walk.found + self._open(redaction, _shoppers_of(old)))
            if time_left() < STEP_SECONDS:
                return walk
        late = walk.began_at > redaction.asked_at + self.late_seconds
        return replace(walk, stage=Stage.ERASURES if late and not walk.found else Stage.NOT_LAST)

    def _erasures(self, redaction: Redaction, walk: Walk, _: TimeLeft) -> Walk:
        """Counts the closed erasures of this request; the walk is not the last while any is open.

        Erasures of other requests count too: a sweep removes the rows by which a walk finds the
        shopper, while Genlook, if it is down, still has the photos.
        """
        rows, after = self.table.scan(
            "ERASURE", attributes=("requestKey", "published"), after=walk.after
        )
        for row in rows:
            if "published" not in row:
                return replace(walk, stage=Stage.NOT_LAST)
        ours = sum(row["requestKey"] == redaction.request_key for row in rows)
        stage = Stage.RESULTS if after is None else Stage.ERASURES
        return replace(walk, stage=stage, after=after, erased=walk.erased + ours)

    def _results(self, redaction: Redaction, walk: Walk, time_left: TimeLeft) -> Walk:
        """Deletes results whose rows have expired, so no row leads to their shopper any more."""
        for batch in in_batches(self.result_bucket.listing(RESULT_PREFIX), _OBJECTS):
            self.result_bucket.delete(
                [found for found in batch if found.modified_at <= redaction.asked_at]
            )
            if time_left() < STEP_SECONDS:
                return walk
        return replace(walk, stage=Stage.LAST)

    def _open(self, redaction: Redaction, external_user_ids: Iterable[str]) -> int:
        """Opens the erasures that this request has not opened yet, and returns their number.

        It writes the rows first, so that housekeeping resumes an erasure whose message is lost.
        """
        shoppers = {self.pseudonymizer.shopper_key(name): name for name in external_user_ids}
        found = 0
        for batch in in_batches(shoppers.items()):
            new = self._unopened(redaction, dict(batch))
            for shopper_key, external_user_id in new.items():
                self.erasures.open(
                    shopper_key,
                    redaction.request_key,
                    request_id=redaction.request_id,
                    external_user_id=external_user_id,
                    asked_at=redaction.asked_at - CLOCK_SECONDS,  # ``open`` adds them
                    now=int(self.clock()),
                )
            self.erasure_queue.send_sweeps(list(new), redaction.request_key)
            found += len(new)
        return found

    def _unopened(self, redaction: Redaction, shoppers: dict[str, str]) -> dict[str, str]:
        """The shoppers whose erasure this request has not opened yet."""
        row_keys = {keys.erasure(key, redaction.request_key): key for key in shoppers}
        rows = self.table.get_many(list(row_keys))
        return {key: shoppers[key] for row_key, key in row_keys.items() if row_key not in rows}


_ATTRIBUTES: Sequence[str] = (
    "request",
    "requestedAt",
    "key",
    "firstTakenAt",
    "externalUserId",
    "askedAt",
)


def _shopper_of(row: Row) -> tuple[str, int]:
    """The shopper of a row and when it was made; a closed data request names no shopper."""
    if "request" in row:
        return TryOnRequest.from_row(row["request"]).external_user_id, row["requestedAt"]
    if "key" in row:
        return shopper_of_stored(row["key"]), row["firstTakenAt"]
    return row.get("externalUserId", ""), row.get("askedAt", 0)


def _shoppers_of(photo_keys: Iterable[str]) -> Iterator[str]:
    """The shoppers that the keys name. ``ReceivePhoto`` deletes an object whose key is invalid."""
    for key in photo_keys:
        with suppress(InvalidShopperId):
            yield shopper_of_prefix(key)
