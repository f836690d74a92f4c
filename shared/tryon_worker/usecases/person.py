"""Finds the picture of the shopper that a try-on is to be made with."""

from dataclasses import dataclass

from tryon_worker.genlook import PersonById, PersonByUrl
from tryon_worker.identity import Identities
from tryon_worker.queues import UploadQueue
from tryon_worker.store.photo import Photo, PhotoState, Rejection
from tryon_worker.store.photos import Photos
from tryon_worker.wishes import PhotoChoice, Wish


@dataclass(frozen=True)
class Found:
    """The picture; ``photo`` is its row, where it has one."""

    person: PersonById | PersonByUrl
    photo: Photo | None = None


@dataclass(frozen=True)
class NotYet:
    """There is none that can be used now; one may come."""


@dataclass(frozen=True)
class Rejected:
    """The very photo that the wish names is none."""

    code: str | None
    message: str | None


@dataclass(frozen=True)
class FindPerson:
    """Looks through the shopper's photo rows."""

    photos: Photos
    upload_queue: UploadQueue
    identities: Identities

    def __call__(self, shopper_key: str, wish: Wish, *, now: int) -> Found | NotYet | Rejected:
        """The picture that the wish names, or else the shopper's newest photo."""
        choice = wish.photo
        if choice is not None and choice.url is not None:
            return Found(PersonByUrl(choice.url))
        photos = self.photos.of_shopper(shopper_key)
        if choice is None:
            return self._newest(photos, now)
        return self._named(self._chosen(choice, photos), now)

    def may_come(self, shopper_key: str, wish: Wish) -> bool:
        """Whether a photo that the wish can have is here, or on its way to Genlook."""
        photos = self.photos.of_shopper(shopper_key)
        if wish.photo is not None:
            chosen = self._chosen(wish.photo, photos)
            photos = [chosen] if chosen else []
        return any(photo.state is not PhotoState.REJECTED for photo in photos)

    def _chosen(self, choice: PhotoChoice, photos: list[Photo]) -> Photo | None:
        if choice.image_id is not None:
            # Only among the shopper's own rows: an id alone would show anybody's photo.
            image_id = choice.image_id
            return next((p for p in photos if p.known_as(image_id)), None)
        photo_id = self.identities.photo_id(choice.key or "")
        return next((p for p in photos if p.photo_id == photo_id), None)

    def _newest(self, photos: list[Photo], now: int) -> Found | NotYet:
        """The newest that is not rejected; one that is on its way is worth waiting for."""
        for photo in photos:
            if photo.state is not PhotoState.REJECTED:
                return self._usable(photo, now)
        return NotYet()

    def _named(self, photo: Photo | None, now: int) -> Found | NotYet | Rejected:
        if photo is None:
            return NotYet()
        if photo.state is PhotoState.REJECTED and photo.reason != Rejection.GONE:
            return Rejected(photo.code, photo.message)
        return self._usable(photo, now)

    def _usable(self, photo: Photo, now: int) -> Found | NotYet:
        if photo.usable(now) and photo.image_id:
            return Found(PersonById(photo.image_id), photo)
        if photo.state is PhotoState.READY:
            # Genlook has deleted it by now; if the object is still there it goes up again.
            self.upload_queue.send_upload(photo.shopper_key, photo.photo_id)
        return NotYet()
