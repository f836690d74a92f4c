"""The photo rows, an upload's only record; none outlives the shopper's tombstone."""

from contextlib import suppress
from dataclasses import replace

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write, delete, overwrite, update
from tryon_worker.photos.model import Photo, PhotoState, photo_of, photo_row, sequenced
from tryon_worker.shoppers import Shopper, Shoppers, shopper_of

# What is settled and not yet published is looked at by housekeeping after so many seconds.
_UNTOLD_SECONDS = 60


class PhotoSuperseded(Exception):
    """The row already stands for this upload or a newer one; ``photo`` is what it says."""

    def __init__(self, photo: Photo | None) -> None:
        super().__init__("the photo's row has moved on")
        self.photo = photo


class PhotoErased(Exception):
    """The shopper was erased after the photo was made, or is being erased now."""


class Photos:
    """Reads photo rows and moves them.

    ``late_seconds`` is how long Genlook may sit on an upload whose answer never came.
    """

    def __init__(self, table: Table, shoppers: Shoppers, late_seconds: int = 0) -> None:
        self._table = table
        self._shoppers = shoppers
        self._late_seconds = late_seconds

    def claim(self, photo: Photo, *, now: int) -> None:
        """Takes the upload of a new object for ``photo.attempt``, or one whose claim ran out.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload.
        """
        while True:
            seen = self.get(photo.shopper_key, photo.photo_id)
            if seen is not None and seen.attempt == photo.attempt:
                return None  # our own claim, whose answer was lost
            if seen is not None and not _may_be_claimed(seen, photo, now):
                raise PhotoSuperseded(seen)
            with suppress(_Moved):
                return self._claim(photo, seen, now)

    def claim_again(self, photo: Photo, *, seen: Photo, now: int) -> None:
        """Takes the upload of a photo whose row is as ``seen``, though it may have been ready.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload any more.
        """
        if seen.lease_until >= now:
            raise PhotoSuperseded(seen)
        try:
            self._claim(photo, seen, now)
        except _Moved as moved:
            raise PhotoSuperseded(moved.photo) from moved

    def hold(self, photo: Photo, *, due_at: int) -> None:
        """Notes a photo that came while an erasure is open, to be uploaded at ``due_at``."""
        waiting = replace(photo, state=PhotoState.UPLOADING, lease_until=0)
        write = _overwritten(
            waiting,
            due_at,
            condition="attribute_not_exists(#pk) OR #sequencer <= :sequencer",
            sequencer=sequenced(photo.sequencer),
        )
        guard = self._shoppers.not_erased(photo.shopper_key, made_at=photo.taken_at)
        with suppress(ConditionFailed):  # erased again meanwhile, or a newer photo took the row
            self._table.transact([write, guard])

    def defer(self, photo: Photo, *, due_at: int) -> None:
        """Gives a claim back; housekeeping asks for the upload again at ``due_at``."""
        write = update(
            keys.photo(photo.shopper_key, photo.photo_id),
            "SET #leaseUntil = :over, #dueAt = :due, #tries = :tries",
            condition="#attempt = :attempt",
            attempt=photo.attempt,
            over=0,
            due=due_at,
            tries=photo.tries,
        )
        with suppress(ConditionFailed):  # erased, or a newer photo took the row
            self._table.write(write)

    def end_unknown(self, photo: Photo, *, now: int) -> None:
        """Nobody knows whether Genlook took the upload, or will: an erasure waits for it."""
        self._shoppers.extend_in_flight(photo.shopper_key, now + self._late_seconds)

    def settle(self, photo: Photo, *, now: int) -> None:
        """Keeps what became of the upload of ``photo.attempt``, whose lease ``photo`` still has.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            It became of no use; what it left at Genlook the erasure's last sweep removes.
        """
        write = _overwritten(
            replace(photo, lease_until=0),
            now + _UNTOLD_SECONDS,
            condition="#attempt = :attempt",
            attempt=photo.attempt,
        )
        guard = self._shoppers.photos_changed(photo.shopper_key, made_at=photo.taken_at, now=now)
        self._transact(photo, write, guard)

    def tell(self, photo: Photo) -> None:
        """Says, before the outside hears of a photo that another worker settled, that it will.

        Raises
        ------
        PhotoErased
            Nothing may be said of it any more.
        """
        while True:
            shopper = self._shoppers.get(photo.shopper_key)
            try:
                self._table.write(self._in_flight(photo, shopper, photo.lease_until))
            except ConditionFailed as failed:
                if _erased(photo, failed.old.get(0)):
                    raise PhotoErased from failed
                continue  # another moved the time forward: look again
            return

    def published(self, photo: Photo) -> None:
        """Notes that the outside knows what became of the photo."""
        with suppress(ConditionFailed):  # a newer photo under the same key took the row
            self._table.write(
                update(
                    keys.photo(photo.shopper_key, photo.photo_id),
                    "SET #published = :yes REMOVE #dueAt, #dueShard",
                    condition="#attempt = :attempt AND #state = :state",
                    attempt=photo.attempt,
                    state=photo.state,
                    yes=True,
                )
            )

    def mark_stale(self, photo: Photo) -> None:
        """Genlook did not know the ``imageId``: whoever needs the photo next uploads it again."""
        with suppress(ConditionFailed):  # uploaded again already
            self._table.write(
                update(
                    keys.photo(photo.shopper_key, photo.photo_id),
                    "SET #usableUntil = :never",
                    condition="#imageId = :image",
                    image=photo.image_id,
                    never=0,
                )
            )

    def forget(self, photo: Photo) -> None:
        """Removes the row of a photo, unless a newer one has taken it."""
        with suppress(ConditionFailed):
            self._table.write(
                delete(
                    keys.photo(photo.shopper_key, photo.photo_id),
                    condition="#sequencer = :sequencer",
                    sequencer=sequenced(photo.sequencer),
                )
            )

    def forget_before(self, photo: Photo, erased_at: int) -> None:
        """Removes what the row of ``photo`` says of photos from before an erasure.

        That is the whole row, or, where a later photo took it, since when its key has had photos.
        """
        place = keys.photo(photo.shopper_key, photo.photo_id)
        try:
            self._table.write(delete(place, condition="#takenAt <= :erased", erased=erased_at))
        except ConditionFailed:
            with suppress(ConditionFailed):
                self._table.write(
                    update(
                        place,
                        "SET #firstTakenAt = #takenAt",
                        condition="#firstTakenAt <= :erased",
                        erased=erased_at,
                    )
                )

    def get(self, shopper_key: str, photo_id: str) -> Photo | None:
        """The photo row of that name."""
        row = self._table.get(keys.photo(shopper_key, photo_id))
        return photo_of(row) if row else None

    def of_shopper(self, shopper_key: str) -> list[Photo]:
        """Every photo of a shopper, the newest first."""
        rows = self._table.query(keys.shopper(shopper_key), "PHOTO#")
        photos = [photo_of(row) for row in rows]
        return sorted(photos, key=lambda photo: (photo.taken_at, photo.sequencer), reverse=True)

    def _claim(self, photo: Photo, seen: Photo | None, now: int) -> None:
        """Takes the row as it was ``seen``.

        Raises
        ------
        _Moved
            It is not as it was seen.
        """
        until = photo.lease_until
        if seen is not None and seen.under_way:
            # Whoever had it may have died within its call: nobody knows that upload's end.
            until = max(until, now + self._late_seconds)
        write = _overwritten(
            photo,
            photo.lease_until,
            condition="attribute_not_exists(#pk)" if seen is None else "#attempt = :seen",
            seen=seen.attempt if seen else None,
        )
        while True:
            shopper = self._shoppers.get(photo.shopper_key)
            try:
                self._table.transact([write, self._in_flight(photo, shopper, until)])
            except ConditionFailed as failed:
                if failed.at(0):
                    return self._found(photo, failed)
                if _erased(photo, failed.old.get(1)):
                    raise PhotoErased from failed
                continue  # another moved the time forward: look again
            return None

    def _in_flight(self, photo: Photo, shopper: Shopper, until: int) -> Write:
        return self._shoppers.in_flight(
            photo.shopper_key, shopper, until=until, made_at=photo.taken_at
        )

    @staticmethod
    def _found(photo: Photo, failed: ConditionFailed) -> None:
        """Nothing, if the row has our own claim: its answer was lost."""
        old = failed.old.get(0)
        found = photo_of(old) if old else None
        if found is None or found.attempt != photo.attempt:
            raise _Moved(found) from failed

    def _transact(self, photo: Photo, write: Write, guard: Write) -> None:
        try:
            self._table.transact([write, guard])
        except ConditionFailed as failed:
            if failed.at(1):
                raise PhotoErased from failed
            old = failed.old.get(0)
            found = photo_of(old) if old else None
            if found is not None and (found.attempt, found.state) == (photo.attempt, photo.state):
                return  # our own write, whose answer was lost
            raise PhotoSuperseded(found) from failed


def _overwritten(photo: Photo, due_at: int, *, condition: str, **values: object) -> Write:
    """A photo takes the row of its key, and leaves there since when the key has had photos."""
    return overwrite(
        keys.photo(photo.shopper_key, photo.photo_id),
        photo_row(photo, due_at),
        once="firstTakenAt",
        condition=condition,
        **values,
    )


class _Moved(Exception):
    """The row is not as it was seen."""

    def __init__(self, photo: Photo | None) -> None:
        super().__init__("the photo's row has moved on")
        self.photo = photo


def _may_be_claimed(seen: Photo, photo: Photo, now: int) -> bool:
    """Whether an object's upload may be begun: it is newer, or nobody is at it any more."""
    sequencer = sequenced(photo.sequencer)
    idle = seen.state is PhotoState.UPLOADING and seen.lease_until < now
    return seen.sequencer < sequencer or (seen.sequencer == sequencer and idle)


def _erased(photo: Photo, row: Row | None) -> bool:
    """Whether a shopper's root row forbids what would be left of a photo."""
    shopper = shopper_of(row)
    return bool(shopper.erasing) or shopper.erased(photo.taken_at)
