"""Sees what became of a shopper's photos."""

from tests.support.world import SHOPPER, World
from tryon_worker.photos.model import Photo


def uploads(world: World) -> int:
    return len(world.genlook.control.calls("upload"))


def photos(world: World) -> list[Photo]:
    return world.container.photos.of_shopper(world.container.pseudonymizer.shopper_key(SHOPPER))


def the_photo(world: World) -> Photo:
    (photo,) = photos(world)
    return photo


def photo_used(world: World, try_on_id: str) -> str:
    """The key of the photo that a try-on was made with."""
    photo_id = world.try_on(try_on_id).photo_id
    return next(photo.key for photo in photos(world) if photo.photo_id == photo_id)
