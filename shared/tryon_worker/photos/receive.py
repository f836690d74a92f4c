"""Takes a photo from the bucket to Genlook, once an object, and wakes what waited for it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from tryon_worker.account.calls import EndUnknown, NoCapacity, Unavailable, backoff_seconds
from tryon_worker.account.quotas import UploadQuota
from tryon_worker.aws.buckets import Bucket, ObjectGone
from tryon_worker.aws.queues import RESEND_SECONDS, UploadQueue
from tryon_worker.clock import Clock, iso
from tryon_worker.events.fields import RETENTIONS
from tryon_worker.events.publisher import Publisher
from tryon_worker.identity import InvalidShopperId, Pseudonymizer, shopper_of_key, shopper_of_stored
from tryon_worker.photos.model import Photo, PhotoState, RejectionReason, sequenced
from tryon_worker.photos.store import PhotoErased, Photos, PhotoSuperseded
from tryon_worker.photos.upload import PhotoUnusable, SendPhoto
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.resume import ResumeDeferred

# Longer than an upload takes and than the upload Lambda lives (its timeout in template.yaml).
LEASE_SECONDS = 120

# How soon a photo that came during an erasure is looked at again.
ERASURE_SECONDS = 60


@dataclass(frozen=True)
class Arrival:
    """An object that came into the photo bucket."""

    key: str
    sequencer: str
    taken_at: int


@dataclass(frozen=True)
class ReceivePhoto:
    """Claims, sends, remembers, publishes and wakes."""

    photos: Photos
    shoppers: Shoppers
    upload_quota: UploadQuota
    bucket: Bucket
    send: SendPhoto
    publisher: Publisher
    upload_queue: UploadQueue
    resume: ResumeDeferred
    pseudonymizer: Pseudonymizer
    clock: Clock
    new_attempt: Callable[[], str]
    keep_for_days: int

    def __call__(self, arrival: Arrival) -> None:
        """Does all that is to be done for an object that came, or lets it wait in its row."""
        try:
            shopper_key = self.pseudonymizer.shopper_key(shopper_of_key(arrival.key))
        except InvalidShopperId as error:
            self._refuse_key(arrival, error)
            return
        fresh = Photo(
            shopper_key,
            self.pseudonymizer.photo_id(arrival.key),
            arrival.key,
            arrival.sequencer,
            self._taken_at(arrival),
            PhotoState.UPLOADING,
        )
        claimed = self._claimed(fresh)
        try:
            self.photos.claim(claimed, now=int(self.clock()))
        except PhotoSuperseded as superseded:
            self._seen_before(superseded.photo, claimed)
        except PhotoErased:
            self._erased(claimed)
        else:
            self._upload(claimed, first=True)

    def again(self, shopper_key: str, photo_id: str) -> None:
        """Takes up a photo whose row is known: Genlook lost it, or its upload was cut short."""
        photo = self.photos.get(shopper_key, photo_id)
        if photo is None:
            return  # erased, or its time is over
        now = int(self.clock())
        if photo.state is PhotoState.REJECTED or photo.usable(now):
            self._settled_by_another(photo)
            return
        claimed = self._claimed(photo)
        try:
            self.photos.claim_again(claimed, seen=photo, now=now)
        except PhotoSuperseded:
            return  # another worker is at it, or was
        except PhotoErased:
            self._erased(claimed)
        else:
            self._upload(claimed)

    def _taken_at(self, arrival: Arrival) -> int:
        """When the upload began: S3 may date the object by that, and the event by its end.

        No listing shows an upload in one PUT that is under way. One that began before an erasure
        may end after the last sweep, and only its object's date says so.
        """
        with suppress(ObjectGone):
            return min(arrival.taken_at, self.bucket.head(arrival.key).modified_at)
        return arrival.taken_at

    def _refuse_key(self, arrival: Arrival, error: InvalidShopperId) -> None:
        """Whose photo it is cannot be known: it must not stay, and nobody is told its key."""
        self.bucket.remove(arrival.key)
        message = f"externalUserId in the object's key {error}"
        self.publisher.publish(
            "PhotoRejected",
            {"reason": RejectionReason.BAD_KEY, "message": message},
            occurred_at=arrival.taken_at,
        )

    def _claimed(self, photo: Photo) -> Photo:
        """The row of a new upload; of what was before, only its names at Genlook stay known."""
        return Photo(
            photo.shopper_key,
            photo.photo_id,
            photo.key,
            photo.sequencer,
            photo.taken_at,
            PhotoState.UPLOADING,
            attempt=self.new_attempt(),
            tries=photo.tries,
            lease_until=int(self.clock()) + LEASE_SECONDS,
            former_ids=photo.all_ids,
            keep_for_days=photo.keep_for_days or self.keep_for_days,
        )

    def _upload(self, claimed: Photo, *, first: bool = False) -> None:
        try:
            if first:  # what goes again, because Genlook or the account had no room, was counted
                self._count(claimed)
            settled = self.send(claimed, shopper_of_stored(claimed.key))
        except Unavailable as not_served:
            self._later(claimed, not_served)
            return
        except PhotoUnusable as unusable:
            settled = replace(
                claimed,
                state=PhotoState.REJECTED,
                reason=unusable.reason,
                code=unusable.code,
                message=str(unusable),
            )
        except Exception:
            # Not dealt with here. But its message comes again within seconds, and would find it
            # claimed and be gone: what fails each time would never be a dead letter.
            self.photos.end_unknown(claimed, now=int(self.clock()))
            self.photos.defer(claimed, due_at=int(self.clock()) + RESEND_SECONDS)
            raise
        now = int(self.clock())
        settled = replace(settled, tries=0, settled_at=now)
        try:
            self.photos.settle(settled, now=now)
        except PhotoSuperseded:
            return  # a newer object under this key came meanwhile; this image just ages out
        except PhotoErased:
            self._erased(settled)
        else:
            self._settled(settled)

    def _count(self, photo: Photo) -> None:
        """Lets one shopper's photos not take up what all of them share; nothing is read of more."""
        if self.upload_quota.reserve(photo.shopper_key, now=int(self.clock())):
            return
        with suppress(ObjectGone):
            self.bucket.tag(photo.key, min(RETENTIONS))  # it is of no use to anybody
        raise PhotoUnusable(
            RejectionReason.TOO_MANY,
            f"more than {self.upload_quota.per_shopper_per_day} photos of the shopper came today",
        )

    def _later(self, claimed: Photo, not_served: Unavailable) -> None:
        """Lets it wait in its row; where just a slot was missing, its message comes by itself."""
        now, failed = int(self.clock()), replace(claimed, tries=claimed.tries + 1)
        if isinstance(not_served, EndUnknown):
            self.photos.end_unknown(claimed, now=now)
        if isinstance(not_served, NoCapacity):
            delay = backoff_seconds(not_served.seconds, claimed.tries)
            self.photos.defer(failed, due_at=now + delay + RESEND_SECONDS)
            self.upload_queue.send_upload(claimed.shopper_key, claimed.photo_id, delay=delay)
        else:
            self.photos.defer(failed, due_at=int(now + not_served.seconds) + 1)

    def _seen_before(self, known: Photo | None, ours: Photo) -> None:
        """A repeat of the message: finish what the first delivery may have left undone."""
        same = known is not None and known.sequencer == sequenced(ours.sequencer)
        # An older object's message has nothing left to do, and an upload under way is another
        # worker's, or housekeeping's once its lease is over.
        if known is not None and same and known.state is not PhotoState.UPLOADING:
            self._settled_by_another(known)

    def _erased(self, photo: Photo) -> None:
        """Photos from before the tombstone go; those of an open erasure's time wait for its end."""
        erased_at = self.shoppers.get(photo.shopper_key).erased_at
        if erased_at is None or photo.taken_at > erased_at:
            # A photo from after the request is a new consent: it goes up once the erasure closes.
            held = replace(photo, state=PhotoState.UPLOADING, image_id=None, settled_at=None)
            self.photos.hold(held, due_at=int(self.clock()) + ERASURE_SECONDS)
            return
        with suppress(ObjectGone):
            # The message is old; what lies under its key by now may be a photo from after it.
            found = self.bucket.head(photo.key)
            if found.modified_at <= erased_at:
                self.bucket.delete([found])
        self.photos.forget(photo)  # or housekeeping would ask for it until a sweep comes by

    def _settled_by_another(self, photo: Photo) -> None:
        """Its worker may have died before it said so."""
        if photo.published:
            self.resume(photo.shopper_key)
            return
        now = int(self.clock())
        telling = replace(photo, lease_until=now + LEASE_SECONDS)
        with suppress(PhotoErased):
            self.photos.tell(telling)
            self._settled(telling)

    def _settled(self, photo: Photo) -> None:
        """Tells the outside, and wakes what waited, also for a photo that proved to be none."""
        self._publish(photo)
        self.resume(photo.shopper_key)
        # Last, for until then housekeeping would come and do the rest.
        if photo.reason is RejectionReason.GONE and self._was_erased(photo):
            self.photos.forget(photo)
        else:
            self.photos.published(photo)

    def _was_erased(self, photo: Photo) -> bool:
        """Whether a sweep may have taken the object.

        It was put while the sweep ran, with the bytes of the one that the sweep had found; or its
        upload began before the request. Its event is dated after it all the same, so it is
        answered, but no row keeps the name of who may be erased.
        """
        return self.shoppers.get(photo.shopper_key).erased_at is not None

    def _publish(self, photo: Photo) -> None:
        event_fields = {"externalUserId": shopper_of_stored(photo.key), "key": photo.key}
        if photo.state is PhotoState.READY:
            detail_type = "PhotoReady"
            said = {"imageId": photo.image_id, "expiresAt": iso(photo.usable_until)}
        else:
            detail_type = "PhotoRejected"
            said = {"reason": photo.reason, "code": photo.code, "message": photo.message}
        self.publisher.publish(detail_type, {**event_fields, **said}, occurred_at=photo.settled_at)
