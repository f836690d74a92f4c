"""Selects the photo of the shopper that a try-on uses."""

from dataclasses import dataclass

from tryon_worker.aws.queues import UploadQueue
from tryon_worker.events.schemas import PhotoChoice, TryOnRequest
from tryon_worker.genlook import PersonById, PersonByUrl
from tryon_worker.identity import Pseudonymizer
from tryon_worker.photos.model import Photo, PhotoState, RejectionReason
from tryon_worker.photos.store import Photos


@dataclass(frozen=True)
class PhotoFound:
    """The photo to use; ``photo`` is its row, if it has one."""

    person: PersonById | PersonByUrl
    photo: Photo | None = None


@dataclass(frozen=True)
class NoPhotoYet:
    """No photo can be used now; one may come."""


@dataclass(frozen=True)
class RejectedPhoto:
    """The photo that the request names was rejected."""

    code: str | None
    message: str | None


@dataclass(frozen=True)
class PhotoSelector:
    """Selects among the shopper's photo rows."""

    photos: Photos
    upload_queue: UploadQueue
    pseudonymizer: Pseudonymizer

    def __call__(
        self, shopper_key: str, request: TryOnRequest, *, now: int
    ) -> PhotoFound | NoPhotoYet | RejectedPhoto:
        """Selects the photo that the request names, or else the shopper's newest."""
        choice = request.photo
        if choice is not None and choice.url is not None:
            return PhotoFound(PersonByUrl(choice.url))
        photos = self.photos.of_shopper(shopper_key)
        if choice is None:
            return self._newest(photos, now)
        return self._named(self._chosen(choice, photos), now)

    def may_come(self, shopper_key: str, request: TryOnRequest) -> bool:
        """Whether a photo that the request can use is here or on its way to Genlook."""
        if request.photo is None:
            return self.photos.may_serve(shopper_key)
        chosen = self._chosen(request.photo, self.photos.of_shopper(shopper_key))
        return chosen is not None and chosen.state is not PhotoState.REJECTED

    def _chosen(self, choice: PhotoChoice, photos: list[Photo]) -> Photo | None:
        if choice.image_id is not None:
            # Only among the shopper's own rows: the id alone would give access to any photo.
            image_id = choice.image_id
            return next((photo for photo in photos if photo.known_as(image_id)), None)
        photo_id = self.pseudonymizer.photo_id(choice.key or "")
        return next((photo for photo in photos if photo.photo_id == photo_id), None)

    def _newest(self, photos: list[Photo], now: int) -> PhotoFound | NoPhotoYet:
        """The newest photo that is not rejected, even if its upload is not finished yet."""
        for photo in photos:
            if photo.state is not PhotoState.REJECTED:
                return self._usable(photo, now)
        return NoPhotoYet()

    def _named(self, photo: Photo | None, now: int) -> PhotoFound | NoPhotoYet | RejectedPhoto:
        if photo is None:
            return NoPhotoYet()
        if photo.state is PhotoState.REJECTED and photo.reason != RejectionReason.GONE:
            return RejectedPhoto(photo.code, photo.message)
        return self._usable(photo, now)

    def _usable(self, photo: Photo, now: int) -> PhotoFound | NoPhotoYet:
        if photo.usable(now) and photo.image_id:
            return PhotoFound(PersonById(photo.image_id), photo)
        if photo.state is PhotoState.READY:
            # Genlook has deleted it by now. If the object is still there, it is uploaded again.
            self.upload_queue.send_upload(photo.shopper_key, photo.photo_id)
        return NoPhotoYet()
