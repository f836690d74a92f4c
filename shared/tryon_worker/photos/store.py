"""The rows of photos, the only record of an upload; no row outlives the shopper's tombstone."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write, delete, overwrite, update
from tryon_worker.photos.model import Photo, PhotoState, photo_of, photo_row, sequenced
from tryon_worker.shoppers import Shopper, Shoppers, shopper_of

# Housekeeping takes up a photo that is settled but not published after so many seconds.
_UNPUBLISHED_SECONDS = 60


class PhotoSuperseded(Exception):
    """The row belongs to another attempt or a newer object; ``photo`` is its present state."""

    def __init__(self, photo: Photo | None) -> None:
        super().__init__("the photo's row has changed")
        self.photo = photo


class PhotoErased(Exception):
    """The shopper was erased after the photo was taken, or an erasure is open."""


class Photos:
    """Reads photo rows and writes their transitions.

    ``late_seconds`` is how long Genlook may take to carry out an upload whose response was lost.
    """

    def __init__(self, table: Table, shoppers: Shoppers, late_seconds: int = 0) -> None:
        self._table = table
        self._shoppers = shoppers
        self._late_seconds = late_seconds

    def claim(self, photo: Photo, *, now: int) -> None:
        """Claims the upload of a new object for ``photo.attempt``, or one whose lease has expired.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload.
        """
        while True:
            seen = self.get(photo.shopper_key, photo.photo_id)
            if seen is not None and seen.attempt == photo.attempt:
                return  # our own claim, whose response was lost
            if seen is not None and not _can_claim(seen, photo, now):
                raise PhotoSuperseded(seen)
            with suppress(PhotoSuperseded):  # the row has changed since: read again
                self._claim(photo, seen, now)
                return

    def claim_again(self, photo: Photo, *, seen: Photo, now: int) -> None:
        """Claims another upload of a photo if its row still is as ``seen``, whatever its state.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload any more.
        """
        if seen.lease_until >= now:
            raise PhotoSuperseded(seen)
        self._claim(photo, seen, now)

    def hold(self, photo: Photo, *, now: int, due_at: int) -> None:
        """Saves a photo that arrived while an erasure is open, to be uploaded at ``due_at``.

        A newer photo keeps the row, and so does the same photo if another worker uploads it or has
        settled it.
        """
        guard = self._shoppers.not_erased(photo.shopper_key, made_at=photo.taken_at)
        while True:
            seen = self.get(photo.shopper_key, photo.photo_id)
            if (
                seen is not None
                and seen.attempt != photo.attempt
                and not _can_claim(seen, photo, now)
            ):
                return
            self._wait_for(seen, photo, now)
            write = _write_photo(
                replace(photo, state=PhotoState.UPLOADING, lease_until=0),
                due_at,
                **_still_as(seen),
            )
            try:
                self._table.transact([write, guard])
            except ConditionFailed as failed:
                if failed.at(1):
                    return  # erased again meanwhile
                continue  # the row has changed: read again
            return

    def defer(self, photo: Photo, *, due_at: int) -> None:
        """Releases a claim; housekeeping sends the upload again at ``due_at``."""
        write = update(
            _row_key(photo),
            "SET #leaseUntil = :over, #dueAt = :due, #tries = :tries",
            condition="#attempt = :attempt",
            attempt=photo.attempt,
            over=0,
            due=due_at,
            tries=photo.tries,
        )
        with suppress(ConditionFailed):  # erased, or a newer photo has the row
            self._table.write(write)

    def record_unknown(self, photo: Photo, *, now: int) -> None:
        """Lets an erasure wait for an upload that Genlook may have taken, or may still take."""
        self._shoppers.extend_in_flight(photo.shopper_key, now + self._late_seconds)

    def settle(self, photo: Photo, *, now: int) -> None:
        """Saves how the upload of ``photo.attempt`` ended; ``photo`` still carries its lease.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            The upload is of no use; the erasure's last sweep removes it from Genlook.
        """
        write = _write_photo(
            replace(photo, lease_until=0),
            now + _UNPUBLISHED_SECONDS,
            condition="#attempt = :attempt",
            attempt=photo.attempt,
        )
        guard = self._shoppers.photos_changed(photo.shopper_key, made_at=photo.taken_at, now=now)
        try:
            self._table.transact([write, guard])
        except ConditionFailed as failed:
            if failed.at(1):
                raise PhotoErased from failed
            found = _photo_found(failed)
            if found is None or (found.attempt, found.state) != (photo.attempt, photo.state):
                raise PhotoSuperseded(found) from failed
            # Otherwise it is our own write, whose response was lost.

    def begin_publishing(self, photo: Photo) -> None:
        """Lets an erasure wait until ``photo.lease_until``, before this worker publishes.

        Raises
        ------
        PhotoErased
            Nothing may be published about the photo any more.
        """
        while True:
            shopper = self._shoppers.get(photo.shopper_key)
            try:
                self._table.write(self._in_flight(photo, shopper, photo.lease_until))
            except ConditionFailed as failed:
                if _is_erased(photo, failed.old.get(0)):
                    raise PhotoErased from failed
                continue  # another worker extended the time: read again
            return

    def mark_published(self, photo: Photo) -> None:
        """Notes that the photo's event was published."""
        with suppress(ConditionFailed):  # a newer photo under the same key has the row
            self._table.write(
                update(
                    _row_key(photo),
                    "SET #published = :yes REMOVE #dueAt, #dueShard",
                    condition="#attempt = :attempt AND #state = :state",
                    attempt=photo.attempt,
                    state=photo.state,
                    yes=True,
                )
            )

    def mark_stale(self, photo: Photo) -> None:
        """Notes that Genlook lost the ``imageId``, so the next try-on uploads the photo again."""
        with suppress(ConditionFailed):  # uploaded again already
            self._table.write(
                update(
                    _row_key(photo),
                    "SET #usableUntil = :never",
                    condition="#imageId = :image",
                    image=photo.image_id,
                    never=0,
                )
            )

    def forget(self, photo: Photo, *, now: int) -> None:
        """Removes the row of a photo, unless a newer photo has it."""
        while True:
            seen = self.get(photo.shopper_key, photo.photo_id)
            if seen is None or seen.sequencer != sequenced(photo.sequencer):
                return
            self._wait_for(seen, photo, now)
            with suppress(ConditionFailed):  # the row has changed since: read again
                self._table.write(delete(_row_key(photo), **_still_as(seen)))
                return

    def forget_before(self, photo: Photo, erased_at: int) -> None:
        """Removes from the row of ``photo`` what is older than an erasure.

        That is the whole row; or, if a later photo has it, the time of the first photo of the key.
        """
        key = _row_key(photo)
        try:
            self._table.write(delete(key, condition="#takenAt <= :erased", erased=erased_at))
        except ConditionFailed:
            with suppress(ConditionFailed):
                self._table.write(
                    update(
                        key,
                        "SET #firstTakenAt = #takenAt",
                        condition="#firstTakenAt <= :erased",
                        erased=erased_at,
                    )
                )

    def get(self, shopper_key: str, photo_id: str) -> Photo | None:
        """The photo's row, if there is one."""
        row = self._table.get(keys.photo(shopper_key, photo_id))
        return photo_of(row) if row else None

    def of_shopper(self, shopper_key: str) -> list[Photo]:
        """Every photo of a shopper, the newest first."""
        rows = self._table.query(keys.shopper(shopper_key), "PHOTO#")
        photos = [photo_of(row) for row in rows]
        return sorted(photos, key=lambda photo: (photo.taken_at, photo.sequencer), reverse=True)

    def may_serve(self, shopper_key: str) -> bool:
        """Whether a photo of a shopper is here or on its way to Genlook."""
        photos = self.of_shopper(shopper_key)
        return any(photo.state is not PhotoState.REJECTED for photo in photos)

    def _wait_for(self, seen: Photo | None, ours: Photo, now: int) -> None:
        """Lets an erasure wait for another worker's upload, whose row is about to go.

        That worker may have crashed during its call, and only the row shows it.
        """
        if seen is not None and seen.in_flight and seen.attempt != ours.attempt:
            self.record_unknown(seen, now=now)

    def _claim(self, photo: Photo, seen: Photo | None, now: int) -> None:
        """Claims the row if it still is as ``seen``.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            The row has changed, or the shopper was erased.
        """
        until = photo.lease_until
        if seen is not None and seen.in_flight:
            # The previous worker may have crashed during its call, so that upload's end is unknown.
            until = max(until, now + self._late_seconds)
        write = _write_photo(
            photo,
            photo.lease_until,
            **_still_as(seen),
        )
        while True:
            shopper = self._shoppers.get(photo.shopper_key)
            try:
                self._table.transact([write, self._in_flight(photo, shopper, until)])
            except ConditionFailed as failed:
                if failed.at(0):
                    found = _photo_found(failed)
                    if found is None or found.attempt != photo.attempt:
                        raise PhotoSuperseded(found) from failed
                    return  # our own claim, whose response was lost
                if _is_erased(photo, failed.old.get(1)):
                    raise PhotoErased from failed
                continue  # another worker extended the time: read again
            return

    def _in_flight(self, photo: Photo, shopper: Shopper, until: int) -> Write:
        return self._shoppers.in_flight(
            photo.shopper_key, shopper, until=until, made_at=photo.taken_at
        )


def _row_key(photo: Photo) -> Key:
    return keys.photo(photo.shopper_key, photo.photo_id)


def _write_photo(photo: Photo, due_at: int, *, condition: str, **values: object) -> Write:
    """Replaces the row of the photo's key, but keeps the time of the first photo of the key."""
    return overwrite(
        _row_key(photo),
        photo_row(photo, due_at),
        once="firstTakenAt",
        condition=condition,
        **values,
    )


def _still_as(seen: Photo | None) -> dict[str, Any]:
    """The condition that a row still is as it was read."""
    if seen is None:
        return {"condition": "attribute_not_exists(#pk)"}
    return {"condition": "#attempt = :seen", "seen": seen.attempt}


def _photo_found(failed: ConditionFailed) -> Photo | None:
    """The photo whose row failed the condition of a transaction's first write."""
    row = failed.old.get(0)
    return photo_of(row) if row else None


def _can_claim(seen: Photo, photo: Photo, now: int) -> bool:
    """Whether ``photo`` is newer than the row, or the same and no worker has its upload."""
    sequencer = sequenced(photo.sequencer)
    is_idle = seen.state is PhotoState.UPLOADING and seen.lease_until < now
    return seen.sequencer < sequencer or (seen.sequencer == sequencer and is_idle)


def _is_erased(photo: Photo, row: Row | None) -> bool:
    """Whether the shopper's root row forbids to leave anything of the photo."""
    shopper = shopper_of(row)
    return bool(shopper.erasing) or shopper.erased(photo.taken_at)
