"""Takes a photo from the bucket to Genlook, once an object, and wakes what waited for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from tryon_worker.breaker import Breaker, ShutBy
from tryon_worker.budget import Budget, NoSlot
from tryon_worker.clock import DAY, Clock, Sleep, iso
from tryon_worker.events import Publisher
from tryon_worker.gcra import CallClass
from tryon_worker.genlook import (
    AccountRefused,
    GenlookError,
    InvalidApiKey,
    RateLimited,
    Refused,
    UploadedImage,
)
from tryon_worker.identity import Identities, UnusableShopperId, shopper_of_key
from tryon_worker.objects import Bucket, Head, ObjectGone
from tryon_worker.observability import logger
from tryon_worker.pictures import MAX_PHOTO_BYTES, content_type_of
from tryon_worker.secrets import Secret
from tryon_worker.store.photos import (
    Photo,
    PhotoErased,
    Photos,
    PhotoState,
    PhotoSuperseded,
    padded,
)
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.usecases.photo_metadata import InvalidMetadata, PhotoOptions
from tryon_worker.usecases.wake import WakeDeferred

# Longer than an upload takes and than the upload Lambda lives (its timeout in template.yaml).
LEASE_SECONDS = 120

# Housekeeping comes each minute: nothing is gained by a shorter wait.
RETRY_SECONDS = 30
ERASURE_SECONDS = 60


class Rejection(StrEnum):
    """Why a photo cannot be used."""

    BAD_KEY = "BAD_KEY"
    BAD_METADATA = "BAD_METADATA"
    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    GONE = "GONE"
    REFUSED_BY_GENLOOK = "REFUSED_BY_GENLOOK"


class Unusable(Exception):
    """The photo is none that Genlook takes."""

    def __init__(self, reason: Rejection, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = code


class NotNow(Exception):
    """The upload has to wait; ``seconds`` at least."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"waits {seconds} s")
        self.seconds = seconds


class Upload(Protocol):
    """How a photo is sent; ``GenlookClient.upload_image`` is one."""

    def __call__(
        self,
        data: bytes,
        *,
        filename: str,
        content_type: str,
        external_user_id: str,
        crop: bool | None,
        keep_for_days: int | None,
    ) -> UploadedImage:
        """Sends a photo."""


@dataclass(frozen=True)
class Arrival:
    """An object that came into the photo bucket."""

    key: str
    sequencer: str
    taken_at: int


@dataclass(frozen=True)
class ReceivePhoto:
    """Validates, uploads, remembers, announces and wakes."""

    photos: Photos
    shoppers: Shoppers
    bucket: Bucket
    budget: Budget
    breaker: Breaker
    publisher: Publisher
    wake: WakeDeferred
    identities: Identities
    upload: Upload
    api_key: Secret
    clock: Clock
    sleep: Sleep
    new_attempt: Callable[[], str]
    keep_for_days: int

    def __call__(self, arrival: Arrival) -> None:
        """Does all that is to be done for an object that came, or lets it wait in its row."""
        try:
            external_user_id = shopper_of_key(arrival.key)
        except UnusableShopperId as error:
            # Whose photo it is cannot be known: it must not stay, and nobody is told its key.
            self.bucket.delete([arrival.key])
            message = f"externalUserId in the object's key {error}"
            self.publisher.publish(
                "PhotoRejected", {"reason": Rejection.BAD_KEY, "message": message}
            )
            return
        shopper_key = self.identities.shopper_key(external_user_id)
        photo_id = self.identities.photo_id(arrival.key)
        fresh = Photo(
            shopper_key,
            photo_id,
            arrival.key,
            arrival.sequencer,
            arrival.taken_at,
            PhotoState.UPLOADING,
        )
        self._receive(fresh, external_user_id, again=False)

    def again(self, shopper_key: str, photo_id: str) -> None:
        """Takes up a photo whose row is known: Genlook lost it, or its upload was cut short."""
        photo = self.photos.get(shopper_key, photo_id)
        if photo is None:
            return  # erased, or its time is over
        if photo.usable(int(self.clock())):
            self._settled(photo, shopper_of_key(photo.key))
        else:
            self._receive(photo, shopper_of_key(photo.key), again=True)

    def _receive(self, photo: Photo, external_user_id: str, *, again: bool) -> None:
        now = int(self.clock())
        claimed = replace(
            photo,
            state=PhotoState.UPLOADING,
            attempt=self.new_attempt(),
            lease_until=now + LEASE_SECONDS,
            keep_for_days=photo.keep_for_days or self.keep_for_days,
            image_id=None,
            announced=False,
        )
        try:
            self.photos.claim(claimed, now=now, again=again)
        except PhotoSuperseded as superseded:
            return self._seen_before(superseded.photo, claimed, external_user_id)
        except PhotoErased:
            return self._erased(claimed)
        try:
            settled = self._send(claimed, external_user_id)
        except NotNow as not_now:
            return self.photos.park(claimed, due_at=int(self.clock() + not_now.seconds) + 1)
        except Unusable as unusable:
            settled = replace(
                claimed,
                state=PhotoState.REJECTED,
                reason=unusable.reason,
                code=unusable.code,
                message=str(unusable),
            )
        try:
            self.photos.settle(settled, now=int(self.clock()))
        except PhotoSuperseded:
            return None  # a newer object under this key came meanwhile; this image just ages out
        except PhotoErased:
            return self._erased(settled)
        return self._settled(settled, external_user_id)

    def _seen_before(self, known: Photo | None, ours: Photo, external_user_id: str) -> None:
        """A repeat of the message: finish what the first delivery may have left undone."""
        same = known is not None and known.sequencer == padded(ours.sequencer)
        # An older object's message has nothing left to do, and an upload under way is another
        # worker's, or housekeeping's once its lease is over.
        if known is not None and same and known.state is not PhotoState.UPLOADING:
            self._settled(known, external_user_id)

    def _erased(self, photo: Photo) -> None:
        """Photos from before the tombstone go; those of an open erasure's time wait for its end."""
        shopper = self.shoppers.get(photo.shopper_key)
        if shopper.erased(photo.taken_at):
            self.bucket.delete([photo.key])
        else:
            # A photo from after the request is a new consent: it goes up once the erasure closes.
            self.photos.hold(photo, due_at=int(self.clock()) + ERASURE_SECONDS)

    def _send(self, photo: Photo, external_user_id: str) -> Photo:
        options, data, content_type = self._load(photo)
        self._wait_for_slot()
        try:
            image = self.upload(
                data,
                filename=f"photo.{content_type.partition('/')[2]}",
                content_type=content_type,
                external_user_id=external_user_id,
                crop=options.crop,
                keep_for_days=options.keep_for_days,
            )
        except GenlookError as error:
            raise self._meaning(error) from error
        return replace(
            photo,
            state=PhotoState.READY,
            image_id=image.image_id,
            keep_for_days=options.keep_for_days,
            usable_until=int(self.clock()) + options.keep_for_days * DAY,
        )

    def _load(self, photo: Photo) -> tuple[PhotoOptions, bytes, str]:
        """The photo with its wishes; nothing is sent that Genlook would surely refuse."""
        try:
            head = self.bucket.head(photo.key)
            self._check_size(head)
            options = PhotoOptions.of(head.metadata, default_keep=self.keep_for_days)
            self.bucket.tag(photo.key, options.keep_for_days)
            data = self.bucket.read(photo.key)
        except ObjectGone as error:
            raise Unusable(Rejection.GONE, "the object is not in the bucket any more") from error
        except InvalidMetadata as error:
            raise Unusable(Rejection.BAD_METADATA, str(error)) from error
        content_type = content_type_of(data)
        if content_type is None:
            raise Unusable(
                Rejection.NOT_AN_IMAGE, "the bytes are not of a JPEG, PNG, WebP or HEIC picture"
            )
        return options, data, content_type

    @staticmethod
    def _check_size(head: Head) -> None:
        if head.size == 0:
            raise Unusable(Rejection.EMPTY, "the object has no bytes")
        if head.size > MAX_PHOTO_BYTES:
            raise Unusable(
                Rejection.TOO_LARGE, f"{head.size} bytes are more than {MAX_PHOTO_BYTES}"
            )

    def _wait_for_slot(self) -> None:
        slot = self.budget.take(CallClass.UPLOAD)
        if isinstance(slot, NoSlot):
            raise NotNow(slot.retry_seconds)
        self.sleep(slot.wait_seconds)

    def _meaning(self, error: GenlookError) -> Unusable | NotNow:
        """What a failed upload means: the photo is refused, or it is tried again."""
        logger.info(
            "upload ended in an error",
            extra={"kind": type(error).__name__, "code": error.code, "status": error.status},
        )
        if isinstance(error, RateLimited):
            self.budget.pause(error.retry_after)
        elif isinstance(error, InvalidApiKey) and not self.api_key.reread():
            self.breaker.shut(ShutBy.INVALID_API_KEY)
        elif isinstance(error, Refused) and not isinstance(error, AccountRefused):
            return Unusable(Rejection.REFUSED_BY_GENLOOK, error.message, error.code)
        return NotNow(RETRY_SECONDS)

    def _settled(self, photo: Photo, external_user_id: str) -> None:
        """Tells the outside, and wakes what waited, also for a photo that proved to be none."""
        if not photo.announced:
            self._announce(photo, external_user_id)
            self.photos.announced(photo)
        self.wake(photo.shopper_key)

    def _announce(self, photo: Photo, external_user_id: str) -> None:
        about = {"externalUserId": external_user_id, "key": photo.key}
        if photo.state is PhotoState.READY:
            self.publisher.publish(
                "PhotoReady",
                {**about, "imageId": photo.image_id, "expiresAt": iso(photo.usable_until)},
            )
        else:
            rejected = {"reason": photo.reason, "code": photo.code, "message": photo.message}
            self.publisher.publish("PhotoRejected", {**about, **rejected})
