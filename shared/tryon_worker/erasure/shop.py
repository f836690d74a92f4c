"""Forgets everybody: opens the erasure of each shopper that is found, until none is any more."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tryon_worker.aws import keys
from tryon_worker.aws.buckets import RESULT_PREFIX, Bucket
from tryon_worker.aws.queues import ErasureQueue
from tryon_worker.aws.table import BatchReader, Row, in_batches
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
    shopper_of_key,
    shopper_of_stored,
)
from tryon_worker.observability import logger

# No further step of a walk is begun with less. One reads a thousand rows or objects, and opens the
# erasures of all whom they name: 20 ms each, and many times that where DynamoDB is slow.
STEP_SECONDS = 90

# S3 lists so many objects a call, and deletes so many (AWS).
_OBJECTS = 1000

# Between walks: the erasures take their time, and each walk reads the whole table.
FIRST_PAUSE_SECONDS = 600
LONGEST_PAUSE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class RedactShop:
    """Walks over all rows and photos, again and again, and leaves the erasing to ``Erase``.

    A walk passes over those whose erasure it finds opened by the same request. One that runs out
    of time writes down behind which row it goes on: that is no name. Among objects it would be one,
    so there it begins anew: what is from before the request goes meanwhile, as its shopper is
    erased. The last walk finds nobody, when all that was in queues has had its time.
    """

    redactions: Redactions
    erasures: Erasures
    bulk: BatchReader
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
        """Begins; a repeat of a request goes on with it, or does nothing.

        ``asked_at`` is the time of the request's event. ``time_left`` are the seconds the worker
        still has: what it does not get to, another does.
        """
        request_key = self.pseudonymizer.request_key(request_id)
        now = int(self.clock())
        redaction = self.redactions.open(
            request_key, request_id=request_id, asked_at=max(asked_at, now) + CLOCK_SECONDS, now=now
        )
        self._advance(redaction, time_left)

    def resume(self, request_key: str, time_left: TimeLeft = no_deadline) -> None:
        """Takes up a request that is open, or not yet published."""
        redaction = self.redactions.get(request_key)
        if redaction is not None:
            self._advance(redaction, time_left)

    def _advance(self, redaction: Redaction, time_left: TimeLeft) -> None:
        if redaction.closed_at is None:
            now = int(self.clock())
            taken = self.redactions.claim(redaction, now=now, lease_until=now + LEASE_SECONDS)
            if taken is None:
                return  # another worker is at it; housekeeping looks how it ended
            redaction = self._guarded_walk(taken, time_left)
        if redaction.closed_at is not None and not redaction.published:
            self.publisher.publish(
                "ShopErased",
                {"requestId": redaction.request_id, "shoppers": redaction.shoppers},
                occurred_at=redaction.closed_at,
            )
            self.redactions.mark_published(redaction)

    def _guarded_walk(self, redaction: Redaction, time_left: TimeLeft) -> Redaction:
        try:
            return self._walk(redaction, time_left)
        except Exception:
            # What nobody foresaw: the message comes again, and must find the row free.
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

    # --- the steps of a walk, each of which says where it stands after it

    def _rows(self, redaction: Redaction, walk: Walk, _: TimeLeft) -> Walk:
        """Opens the erasures of those whom some rows name."""
        rows, after = self.bulk.of_kinds(
            "DETAILS", "PHOTO", "DATA_REQUEST", attributes=_ATTRIBUTES, after=walk.after
        )
        left = (name for name, left_at in map(_left, rows) if left_at <= redaction.asked_at)
        found = walk.found + self._open(redaction, filter(None, left))
        stage = Stage.PHOTOS if after is None else Stage.ROWS
        return replace(walk, stage=stage, after=after, found=found)

    def _photos(self, redaction: Redaction, walk: Walk, time_left: TimeLeft) -> Walk:
        """The same for photos of which no message has come yet."""
        for batch in in_batches(self.photo_bucket.listing(PHOTO_PREFIX), _OBJECTS):
            old = [one.key for one in batch if one.modified_at <= redaction.asked_at]
            walk = replace(walk, found=walk.found + self._open(redaction, _named(old)))
            if time_left() < STEP_SECONDS:
                return walk
        late = walk.began_at > redaction.asked_at + self.late_seconds
        return replace(walk, stage=Stage.ERASURES if late and not walk.found else Stage.NOT_LAST)

    def _erasures(self, redaction: Redaction, walk: Walk, _: TimeLeft) -> Walk:
        """Counts those that are closed; it is not the last walk while any is open.

        Whoever asked for it: its sweep hides the shopper from a walk, and Genlook may be down.
        """
        rows, after = self.bulk.of_kinds(
            "ERASURE", attributes=("requestKey", "published"), after=walk.after
        )
        for row in rows:
            if "published" not in row:
                return replace(walk, stage=Stage.NOT_LAST)
        ours = sum(row["requestKey"] == redaction.request_key for row in rows)
        stage = Stage.RESULTS if after is None else Stage.ERASURES
        return replace(walk, stage=stage, after=after, erased=walk.erased + ours)

    def _results(self, redaction: Redaction, walk: Walk, time_left: TimeLeft) -> Walk:
        """Removes pictures whose rows went before them, and with them the way to their shopper."""
        for batch in in_batches(self.result_bucket.listing(RESULT_PREFIX), _OBJECTS):
            self.result_bucket.delete(
                [one for one in batch if one.modified_at <= redaction.asked_at]
            )
            if time_left() < STEP_SECONDS:
                return walk
        return replace(walk, stage=Stage.LAST)

    def _open(self, redaction: Redaction, names: Iterable[str]) -> int:
        """Opens the erasures of shoppers; of how many none was opened by this request before.

        Written down first: what the messages do not reach, housekeeping does.
        """
        shoppers = {self.pseudonymizer.shopper_key(name): name for name in names}
        found = 0
        for batch in in_batches(shoppers.items()):
            new = self._unopened(redaction, dict(batch))
            for shopper_key, external_user_id in new.items():
                self.erasures.open(
                    shopper_key,
                    redaction.request_key,
                    request_id=redaction.request_id,
                    external_user_id=external_user_id,
                    asked_at=redaction.asked_at - CLOCK_SECONDS,  # which ``open`` adds again
                    now=int(self.clock()),
                )
            self.erasure_queue.send_sweeps(list(new), redaction.request_key)
            found += len(new)
        return found

    def _unopened(self, redaction: Redaction, shoppers: dict[str, str]) -> dict[str, str]:
        """Those whose erasure this request has not opened."""
        places = {keys.erasure(key, redaction.request_key): key for key in shoppers}
        rows = self.bulk.get(list(places))
        return {key: shoppers[key] for place, key in places.items() if place not in rows}


_ATTRIBUTES: Sequence[str] = (
    "request",
    "requestedAt",
    "key",
    "firstTakenAt",
    "externalUserId",
    "askedAt",
)


def _left(row: Row) -> tuple[str, int]:
    """Whose row it is, and since when; an answered question names nobody any more."""
    if "request" in row:
        return TryOnRequest.from_row(row["request"]).external_user_id, row["requestedAt"]
    if "key" in row:
        return shopper_of_stored(row["key"]), row["firstTakenAt"]
    return row.get("externalUserId", ""), row.get("askedAt", 0)


def _named(keys: Iterable[str]) -> Iterator[str]:
    """Whom the keys of photos name. A key that names nobody is deleted elsewhere."""
    for key in keys:
        with suppress(InvalidShopperId):
            yield shopper_of_key(key)
