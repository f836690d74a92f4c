"""The photo rows: an upload's only record. No move of one outlives the shopper's tombstone."""

from contextlib import suppress
from dataclasses import replace

from tryon_worker.store import keys
from tryon_worker.store.photo import Photo, PhotoState, photo_of, photo_row, sequenced
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import ConditionFailed, Table, Write, delete, overwrite, update

# What is settled and not yet announced is looked at by housekeeping after so many seconds.
_UNTOLD_SECONDS = 60


class PhotoSuperseded(Exception):
    """The row already stands for this upload or a newer one; ``photo`` is what it says."""

    def __init__(self, photo: Photo | None) -> None:
        super().__init__("the photo's row has moved on")
        self.photo = photo


class PhotoErased(Exception):
    """The shopper was erased after the photo was made, or is being erased now."""


class Photos:
    """Reads photo rows and moves them."""

    def __init__(self, table: Table, shoppers: Shoppers) -> None:
        self._table = table
        self._shoppers = shoppers

    def claim(self, photo: Photo, *, now: int) -> None:
        """Takes the upload of a new object for ``photo.attempt``, or one whose claim ran out.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload.
        """
        self._claim(
            photo,
            now,
            "attribute_not_exists(#pk) OR #sequencer < :sequencer OR "
            "(#sequencer = :sequencer AND #leaseUntil < :now AND #state = :uploading)",
            sequencer=sequenced(photo.sequencer),
            uploading=PhotoState.UPLOADING,
        )

    def claim_again(self, photo: Photo, *, seen: Photo, now: int) -> None:
        """Takes the upload of a photo whose row is as ``seen``, though it may have been ready.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload any more.
        """
        self._claim(photo, now, "#attempt = :seen AND #leaseUntil < :now", seen=seen.attempt)

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

    def park(self, photo: Photo, *, due_at: int) -> None:
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
            self._table.transact([write, self._over(photo)])

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

    def tell(self, photo: Photo, *, now: int) -> None:
        """Says, before the outside hears of a photo that another worker settled, that it will.

        Raises
        ------
        PhotoErased
            Nothing may be said of it any more.
        """
        begins = self._begins(photo, now)
        try:
            self._table.write(begins)
        except ConditionFailed as failed:
            raise PhotoErased from failed

    def announced(self, photo: Photo) -> None:
        """Notes that the outside knows what became of the photo."""
        with suppress(ConditionFailed):  # a newer photo under the same key took the row
            self._table.write(
                update(
                    keys.photo(photo.shopper_key, photo.photo_id),
                    "SET #announced = :yes REMOVE #dueAt, #dueShard",
                    condition="#attempt = :attempt AND #state = :state",
                    attempt=photo.attempt,
                    state=photo.state,
                    yes=True,
                )
            )
        self._table.write(self._over(photo))

    def doubt(self, photo: Photo) -> None:
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

    def _claim(self, photo: Photo, now: int, condition: str, **values: object) -> None:
        write = _overwritten(photo, photo.lease_until, condition=condition, now=now, **values)
        self._transact(photo, write, self._begins(photo, now))

    def _begins(self, photo: Photo, now: int) -> Write:
        return self._shoppers.upload_begins(
            photo.shopper_key, _intent(photo), made_at=photo.taken_at, now=now
        )

    def _over(self, photo: Photo) -> Write:
        return self._shoppers.upload_ends(photo.shopper_key, _intent(photo))

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


def _intent(photo: Photo) -> str:
    """What an erasure waits for: until when the upload may last, and whose it is."""
    return f"{photo.lease_until}#{photo.attempt}"
