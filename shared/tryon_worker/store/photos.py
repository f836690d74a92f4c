"""The photo rows: an upload's only record."""

from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from tryon_worker.clock import DAY
from tryon_worker.store import keys
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import ConditionFailed, Row, Table, Write, put, update

# S3's sequencers are hex texts of changing length, compared after padding on the right (AWS).
_SEQUENCER_LENGTH = 32


class PhotoState(StrEnum):
    """Where a photo stands."""

    UPLOADING = "UPLOADING"
    READY = "READY"
    REJECTED = "REJECTED"


@dataclass(frozen=True)
class Photo:
    """A photo row. Times are seconds since the epoch."""

    shopper_key: str
    photo_id: str
    key: str
    sequencer: str
    taken_at: int
    state: PhotoState
    attempt: str | None = None
    lease_until: int = 0
    image_id: str | None = None
    usable_until: int = 0
    keep_for_days: int = 0
    reason: str | None = None
    code: str | None = None
    message: str | None = None
    announced: bool = False

    def usable(self, now: int) -> bool:
        """Whether Genlook still has it."""
        return self.state is PhotoState.READY and now < self.usable_until


class PhotoSuperseded(Exception):
    """The row already stands for this upload or a newer one; ``photo`` is what it says."""

    def __init__(self, photo: Photo | None) -> None:
        super().__init__("the photo's row has moved on")
        self.photo = photo


class PhotoErased(Exception):
    """The shopper was erased after the photo was made, or is being erased now."""


class Photos:
    """Reads photo rows and moves them; no move outlives the shopper's tombstone."""

    def __init__(self, table: Table, shoppers: Shoppers) -> None:
        self._table = table
        self._shoppers = shoppers

    def claim(self, photo: Photo, *, now: int, again: bool = False) -> None:
        """Takes an upload for ``photo.attempt``: of a newer object, or where a claim ran out.

        ``again`` also takes what is ready, for Genlook may have lost it.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            There is nothing to upload.
        """
        done = "" if again else " AND NOT #state IN (:ready, :rejected)"
        write = put(
            keys.photo(photo.shopper_key, photo.photo_id),
            _row(photo),
            condition="attribute_not_exists(#pk) OR #sequencer < :sequencer OR "
            f"(#sequencer = :sequencer AND #leaseUntil < :now{done})",
            sequencer=padded(photo.sequencer),
            ready=PhotoState.READY,
            rejected=PhotoState.REJECTED,
            now=now,
        )
        guard = self._shoppers.may_leave_traces(photo.shopper_key, made_at=photo.taken_at)
        self._transact([write, guard])

    def hold(self, photo: Photo, *, due_at: int) -> None:
        """Notes a photo that came while an erasure is open, to be uploaded at ``due_at``."""
        waiting = replace(photo, state=PhotoState.UPLOADING, lease_until=due_at)
        write = put(
            keys.photo(photo.shopper_key, photo.photo_id),
            _row(waiting),
            condition="attribute_not_exists(#pk) OR #sequencer <= :sequencer",
            sequencer=padded(photo.sequencer),
        )
        guard = self._shoppers.not_erased(photo.shopper_key, made_at=photo.taken_at)
        with suppress(ConditionFailed):  # erased again meanwhile, or a newer photo took the row
            self._table.transact([write, guard])

    def park(self, photo: Photo, *, due_at: int) -> None:
        """Gives a claim back; housekeeping asks for the upload again at ``due_at``."""
        with suppress(ConditionFailed):  # erased, or a newer photo took the row
            self._table.write(
                update(
                    keys.photo(photo.shopper_key, photo.photo_id),
                    "SET #leaseUntil = :over, #dueAt = :due",
                    condition="#attempt = :attempt",
                    attempt=photo.attempt,
                    over=0,
                    due=due_at,
                )
            )

    def settle(self, photo: Photo, *, now: int) -> None:
        """Keeps what became of the upload of ``photo.attempt``: ready, or rejected.

        Raises
        ------
        PhotoSuperseded, PhotoErased
            It became of no use; what it left at Genlook is the caller's to remove.
        """
        write = put(
            keys.photo(photo.shopper_key, photo.photo_id),
            _row(photo),
            condition="#attempt = :attempt AND #sequencer = :sequencer",
            attempt=photo.attempt,
            sequencer=padded(photo.sequencer),
        )
        guard = self._shoppers.photos_changed(photo.shopper_key, made_at=photo.taken_at, now=now)
        self._transact([write, guard])

    def announced(self, photo: Photo) -> None:
        """Notes that the outside knows what became of the photo."""
        with suppress(ConditionFailed):  # a newer photo under the same key took the row
            self._table.write(
                update(
                    keys.photo(photo.shopper_key, photo.photo_id),
                    "SET #announced = :yes REMOVE #dueAt, #dueShard",
                    condition="#attempt = :attempt",
                    attempt=photo.attempt,
                    yes=True,
                )
            )

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

    def get(self, shopper_key: str, photo_id: str) -> Photo | None:
        """The photo row of that name."""
        row = self._table.get(keys.photo(shopper_key, photo_id))
        return photo_of(row) if row else None

    def of_shopper(self, shopper_key: str) -> list[Photo]:
        """Every photo of a shopper, the newest first."""
        rows = self._table.query(keys.shopper(shopper_key), "PHOTO#")
        photos = [photo_of(row) for row in rows]
        return sorted(photos, key=lambda photo: (photo.taken_at, photo.sequencer), reverse=True)

    def _transact(self, writes: list[Write]) -> None:
        try:
            self._table.transact(writes)
        except ConditionFailed as failed:
            if failed.at(1):
                raise PhotoErased from failed
            old = failed.old.get(0)
            raise PhotoSuperseded(photo_of(old) if old else None) from failed


def padded(sequencer: str) -> str:
    """``sequencer`` in a form that DynamoDB compares as S3 means it."""
    return sequencer.ljust(_SEQUENCER_LENGTH, "0")


def _row(photo: Photo) -> Row:
    settled = photo.state in (PhotoState.READY, PhotoState.REJECTED) and photo.announced
    return {
        "shopperKey": photo.shopper_key,
        "photoId": photo.photo_id,
        "key": photo.key,
        "sequencer": padded(photo.sequencer),
        "takenAt": photo.taken_at,
        "state": photo.state,
        "attempt": photo.attempt,
        "leaseUntil": photo.lease_until,
        "imageId": photo.image_id,
        "usableUntil": photo.usable_until,
        "keepForDays": photo.keep_for_days,
        "reason": photo.reason,
        "code": photo.code,
        "message": photo.message,
        "announced": photo.announced,
        "dueAt": None if settled else photo.lease_until,
        "dueShard": None if settled else keys.due_shard(photo.photo_id),
        "ttl": photo.taken_at + photo.keep_for_days * DAY + DAY,
    }


def photo_of(row: Row) -> Photo:
    """The photo that a row holds."""
    return Photo(
        shopper_key=row["shopperKey"],
        photo_id=row["photoId"],
        key=row["key"],
        sequencer=row["sequencer"],
        taken_at=row["takenAt"],
        state=PhotoState(row["state"]),
        attempt=row.get("attempt"),
        lease_until=row.get("leaseUntil", 0),
        image_id=row.get("imageId"),
        usable_until=row.get("usableUntil", 0),
        keep_for_days=row.get("keepForDays", 0),
        reason=row.get("reason"),
        code=row.get("code"),
        message=row.get("message"),
        announced=row.get("announced", False),
    )
