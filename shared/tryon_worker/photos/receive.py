"""Takes a photo from the bucket to Genlook, once an object, and resumes the try-ons it lacked."""

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
from tryon_worker.photos.upload import PhotoRejected, UploadPhoto, tag
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.resume import ResumeDeferred

# Longer than an upload takes and than the upload Lambda runs (its timeout in template.yaml).
LEASE_SECONDS = 120

# Housekeeping tries a photo that arrived during an erasure again after so many seconds.
ERASURE_SECONDS = 60


@dataclass(frozen=True)
class Arrival:
    """A new object in the photo bucket."""

    key: str
    sequencer: str
    taken_at: int
    size: int


@dataclass(frozen=True)
class ReceivePhoto:
    """Claims an upload, makes it, saves how it ended, publishes that and resumes try-ons."""

    photos: Photos
    shoppers: Shoppers
    upload_quota: UploadQuota
    bucket: Bucket
    upload_photo: UploadPhoto
    publisher: Publisher
    upload_queue: UploadQueue
    resume: ResumeDeferred
    pseudonymizer: Pseudonymizer
    clock: Clock
    new_attempt: Callable[[], str]
    keep_for_days: int

    def __call__(self, arrival: Arrival) -> None:
        """Uploads a new object, or leaves it in its row for housekeeping to try again."""
        if arrival.size == 0 and arrival.key.endswith("/"):
            return  # S3 has no folders: consoles show an empty object of such a key as one
        try:
            shopper_key = self.pseudonymizer.shopper_key(shopper_of_key(arrival.key))
        except InvalidShopperId as error:
            self._reject_key(arrival, error)
            return
        claimed = self._claimed(
            Photo(
                shopper_key,
                self.pseudonymizer.photo_id(arrival.key),
                arrival.key,
                arrival.sequencer,
                self._taken_at(arrival),
                PhotoState.UPLOADING,
            )
        )
        try:
            self.photos.claim(claimed, now=int(self.clock()))
        except PhotoSuperseded as superseded:
            self._finish_repeat(superseded.photo, claimed)
        except PhotoErased:
            self._hold_or_delete(claimed)
        else:
            self._upload(claimed, first=True)

    def upload_again(self, shopper_key: str, photo_id: str) -> None:
        """Uploads a photo that has a row: Genlook deleted it, or its upload did not finish."""
        photo = self.photos.get(shopper_key, photo_id)
        if photo is None:
            return  # erased or expired
        now = int(self.clock())
        if photo.state is PhotoState.REJECTED or photo.usable(now):
            self._finish_settled(photo)
            return
        claimed = self._claimed(photo)
        try:
            self.photos.claim_again(claimed, seen=photo, now=now)
        except PhotoSuperseded:
            return  # another worker has claimed it
        except PhotoErased:
            self._hold_or_delete(claimed)
        else:
            self._upload(claimed)

    def _taken_at(self, arrival: Arrival) -> int:
        """The date that an erasure's sweep sees: the object's, or the event's if it is gone.

        S3 may date the object by the begin of the PUT, the event by its end, and by another clock.
        No listing shows a PUT that is under way. A PUT from before an erasure may end after the
        last sweep, and then only the object's date shows when it began.
        """
        with suppress(ObjectGone):
            return self.bucket.head(arrival.key).modified_at
        return arrival.taken_at

    def _reject_key(self, arrival: Arrival, error: InvalidShopperId) -> None:
        """Deletes a photo whose shopper is unknown; the event does not name its key."""
        self.bucket.remove(arrival.key)
        message = f"externalUserId in the object's key {error}"
        self.publisher.publish(
            "PhotoRejected",
            {"reason": RejectionReason.BAD_KEY, "message": message},
            occurred_at=arrival.taken_at,
        )

    def _claimed(self, photo: Photo) -> Photo:
        """The row of a new upload; of the earlier uploads it keeps only the ids at Genlook."""
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
            if first:  # a repeated upload was counted at its first try
                self._reserve_quota(claimed)
            settled = self.upload_photo(claimed, shopper_of_stored(claimed.key))
        except Unavailable as unavailable:
            self._defer(claimed, unavailable)
            return
        except PhotoRejected as rejected:
            settled = replace(
                claimed,
                state=PhotoState.REJECTED,
                reason=rejected.reason,
                code=rejected.code,
                message=str(rejected),
            )
        except Exception:
            # The queue redelivers the message within seconds. A row that is still claimed would
            # make it succeed without an upload, so it would never reach the dead-letter queue.
            self.photos.record_unknown(claimed, now=int(self.clock()))
            self.photos.defer(claimed, due_at=int(self.clock()) + RESEND_SECONDS)
            raise
        now = int(self.clock())
        settled = replace(settled, tries=0, settled_at=now)
        try:
            self.photos.settle(settled, now=now)
        except PhotoSuperseded:
            return  # a newer object replaced this one; Genlook deletes its image in time
        except PhotoErased:
            self._hold_or_delete(settled)
        else:
            self._publish_and_resume(settled)

    def _reserve_quota(self, photo: Photo) -> None:
        """Rejects a photo beyond the shopper's quota, so that one shopper cannot use up the rate.

        Raises
        ------
        PhotoRejected
            The shopper's quota of the day is used up, or the object is gone.
        """
        if self.upload_quota.reserve(photo.shopper_key, now=int(self.clock())):
            return
        tag(self.bucket, photo.key, min(RETENTIONS))  # it has no use
        raise PhotoRejected(
            RejectionReason.TOO_MANY,
            f"more than {self.upload_quota.per_shopper_per_day} photos of the shopper came today",
        )

    def _defer(self, claimed: Photo, unavailable: Unavailable) -> None:
        """Defers the upload in its row; if only a permit was denied, also sends a message for it.

        The message arrives sooner than housekeeping.
        """
        now, failed = int(self.clock()), replace(claimed, tries=claimed.tries + 1)
        if isinstance(unavailable, EndUnknown):
            self.photos.record_unknown(claimed, now=now)
        if isinstance(unavailable, NoCapacity):
            delay = backoff_seconds(unavailable.seconds, claimed.tries)
            self.photos.defer(failed, due_at=now + delay + RESEND_SECONDS)
            self.upload_queue.send_upload(claimed.shopper_key, claimed.photo_id, delay=delay)
        else:
            self.photos.defer(failed, due_at=int(now + unavailable.seconds) + 1)

    def _finish_repeat(self, known: Photo | None, ours: Photo) -> None:
        """Finishes what the first delivery of a repeated message may have left undone.

        A message about an older object has nothing left to do. An upload in flight belongs to
        another worker, or to housekeeping once its lease has expired.
        """
        if known is None or known.sequencer != sequenced(ours.sequencer):
            return
        if known.state is not PhotoState.UPLOADING:
            self._finish_settled(known)

    def _hold_or_delete(self, photo: Photo) -> None:
        """Deletes a photo from before the tombstone; holds one that came while an erasure is open.

        A photo from after the erasure request is a new consent: it is uploaded once that closes.
        """
        erased_at = self.shoppers.get(photo.shopper_key).erased_at
        if erased_at is None or photo.taken_at > erased_at:
            held = replace(photo, state=PhotoState.UPLOADING, image_id=None, settled_at=None)
            now = int(self.clock())
            self.photos.hold(held, now=now, due_at=now + ERASURE_SECONDS)
            return
        with suppress(ObjectGone):
            # The message may be old: a photo from after the erasure may have replaced its object.
            found = self.bucket.head(photo.key)
            if found.modified_at <= erased_at:
                self.bucket.delete([found])
        # Or housekeeping would take it up again until the next sweep.
        self.photos.forget(photo, now=int(self.clock()))

    def _finish_settled(self, photo: Photo) -> None:
        """Publishes for a worker that may have crashed after it settled the photo."""
        if photo.published:
            self.resume(photo.shopper_key)
            return
        now = int(self.clock())
        leased = replace(photo, lease_until=now + LEASE_SECONDS)
        with suppress(PhotoErased):
            self.photos.begin_publishing(leased)
            self._publish_and_resume(leased)

    def _publish_and_resume(self, photo: Photo) -> None:
        """Publishes the photo's event, then resumes try-ons, also if the photo was rejected."""
        self._publish(photo)
        self.resume(photo.shopper_key)
        # Last: until this write housekeeping repeats the steps above after a crash.
        if photo.reason is RejectionReason.GONE and self._was_erased(photo):
            self.photos.forget(photo, now=int(self.clock()))
        else:
            self.photos.mark_published(photo)

    def _was_erased(self, photo: Photo) -> bool:
        """Whether a sweep may have deleted the object.

        That happens if the object was put while the sweep ran, with the same bytes as the object
        that the sweep had listed, or if its PUT began before the erasure request. Its event is
        dated after the request all the same, so ``PhotoRejected`` answers it, but no row may keep
        the name of a shopper who may be erased.
        """
        return self.shoppers.get(photo.shopper_key).erased_at is not None

    def _publish(self, photo: Photo) -> None:
        fields: dict[str, str | None] = {
            "externalUserId": shopper_of_stored(photo.key),
            "key": photo.key,
        }
        if photo.state is PhotoState.READY:
            detail_type = "PhotoReady"
            fields |= {"imageId": photo.image_id, "expiresAt": iso(photo.usable_until)}
        else:
            detail_type = "PhotoRejected"
            fields |= {"reason": photo.reason, "code": photo.code, "message": photo.message}
        self.publisher.publish(detail_type, fields, occurred_at=photo.settled_at)
