"""The row of a photo: how far its upload got, and its ids at Genlook."""

from dataclasses import dataclass
from enum import StrEnum

from tryon_worker.aws import keys
from tryon_worker.aws.table import Row
from tryon_worker.clock import DAY

# S3's sequencers are hex texts of varying length, to be compared after padding on the right (AWS).
_SEQUENCER_LENGTH = 32

# The row must outlive its object, which S3's lifecycle removes about a day late.
_ROW_EXTRA_SECONDS = 2 * DAY

# Each upload gives a photo a new imageId; a request may name an earlier one.
_FORMER_IDS = 10


class PhotoState(StrEnum):
    """How far the upload of a photo got."""

    UPLOADING = "UPLOADING"
    READY = "READY"
    REJECTED = "REJECTED"


class RejectionReason(StrEnum):
    """Why a photo cannot be used."""

    BAD_KEY = "BAD_KEY"
    BAD_METADATA = "BAD_METADATA"
    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY = "TOO_MANY"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    GONE = "GONE"
    REFUSED_BY_GENLOOK = "REFUSED_BY_GENLOOK"


@dataclass(frozen=True)
class Photo:
    """A photo row. Times are seconds since the epoch.

    ``first_taken_at`` is when the first photo of the key was taken, if a later one replaced it:
    Genlook keeps a replaced photo for its days, and no other row here records it.
    """

    shopper_key: str
    photo_id: str
    key: str
    sequencer: str
    taken_at: int
    state: PhotoState
    attempt: str | None = None
    tries: int = 0
    lease_until: int = 0
    image_id: str | None = None
    former_ids: tuple[str, ...] = ()
    usable_until: int = 0
    keep_for_days: int = 0
    reason: str | None = None
    code: str | None = None
    message: str | None = None
    settled_at: int | None = None
    published: bool = False
    first_taken_at: int | None = None

    @property
    def since(self) -> int:
        """When the first photo of its key was taken."""
        return self.taken_at if self.first_taken_at is None else self.first_taken_at

    @property
    def in_flight(self) -> bool:
        """Whether an upload began whose end is not recorded."""
        return self.state is PhotoState.UPLOADING and self.lease_until > 0

    def usable(self, now: int) -> bool:
        """Whether Genlook still has the photo."""
        return self.state is PhotoState.READY and now < self.usable_until

    def known_as(self, image_id: str) -> bool:
        """Whether Genlook gave the photo this id, in its last upload or an earlier one."""
        return image_id == self.image_id or image_id in self.former_ids

    @property
    def all_ids(self) -> tuple[str, ...]:
        """The ids that Genlook gave the photo, the latest last."""
        latest = (self.image_id,) if self.image_id else ()
        return (*self.former_ids, *latest)[-_FORMER_IDS:]


def sequenced(sequencer: str) -> str:
    """``sequencer`` in a form that DynamoDB's text comparison orders as S3 does."""
    return sequencer.upper().ljust(_SEQUENCER_LENGTH, "0")


def photo_row(photo: Photo, due_at: int) -> Row:
    """The row of a photo, which housekeeping takes up at ``due_at``."""
    return {
        "shopperKey": photo.shopper_key,
        "photoId": photo.photo_id,
        "key": photo.key,
        "sequencer": sequenced(photo.sequencer),
        "takenAt": photo.taken_at,
        "firstTakenAt": photo.since,
        "state": photo.state,
        "attempt": photo.attempt,
        "tries": photo.tries,
        "leaseUntil": photo.lease_until,
        "imageId": photo.image_id,
        "formerIds": list(photo.former_ids),
        "usableUntil": photo.usable_until,
        "keepForDays": photo.keep_for_days,
        "reason": photo.reason,
        "code": photo.code,
        "message": photo.message,
        "settledAt": photo.settled_at,
        "published": photo.published,
        "dueAt": due_at,
        "dueShard": keys.due_shard(photo.photo_id),
        "ttl": photo.taken_at + photo.keep_for_days * DAY + _ROW_EXTRA_SECONDS,
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
        tries=row.get("tries", 0),
        lease_until=row.get("leaseUntil", 0),
        image_id=row.get("imageId"),
        former_ids=tuple(row.get("formerIds", ())),
        usable_until=row.get("usableUntil", 0),
        keep_for_days=row.get("keepForDays", 0),
        reason=row.get("reason"),
        code=row.get("code"),
        message=row.get("message"),
        settled_at=row.get("settledAt"),
        published=row.get("published", False),
        first_taken_at=row["firstTakenAt"],
    )
