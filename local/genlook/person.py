"""Finds the person in a photo and frames it 4:5 around them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from cv2.data import haarcascades
from PIL import Image

from local.genlook.images import flatten

Grey = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
LOOK_SIDE = 512
"""Detection runs on a small copy: a face that matters is large enough there."""
ASPECT = 4 / 5
FACE_SHARE_ABOVE = 0.30
"""Where the middle of the face comes to lie in the frame, from the top."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[float, float]:
        """Return the middle."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True)
class Person:
    """Where a person was seen: the face if it showed, else the body's outline."""

    face: Box | None
    body: Box | None


def select_photo(image: Image.Image) -> Person:
    """Look for a face (from the front, then either side), then for a standing body."""
    scale = max(image.size) / LOOK_SIDE
    grey = _grey(image)
    face = _largest_face(grey)
    body = None if face else _largest_body(grey)
    return Person(_scaled(face, scale), _scaled(body, scale))


def crop_to_person(image: Image.Image) -> Image.Image:
    """Cut the picture to 4:5 with the person inside; to its middle if nobody is seen."""
    width, height = image.size
    frame_width = min(width, round(height * ASPECT))
    frame_height = min(height, round(frame_width / ASPECT))
    x, y = _focus(image, frame_height)
    left = round(min(max(x - frame_width / 2, 0), width - frame_width))
    top = round(min(max(y - frame_height / 2, 0), height - frame_height))
    return image.crop((left, top, left + frame_width, top + frame_height))


def _focus(image: Image.Image, frame_height: int) -> tuple[float, float]:
    """Return the point that the frame's middle should hold."""
    person = select_photo(image)
    if person.face:
        x, y = person.face.centre
        return x, y + (0.5 - FACE_SHARE_ABOVE) * frame_height
    if person.body:
        return person.body.centre
    return image.width / 2, image.height / 2


def _grey(image: Image.Image) -> Grey:
    small = flatten(image).convert("L")
    scale = LOOK_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.asarray(small.resize(size), dtype=np.uint8)


def _largest_face(grey: Grey) -> Box | None:
    mirrored = np.ascontiguousarray(grey[:, ::-1])
    for name, picture, flipped in (
        ("haarcascade_frontalface_alt2.xml", grey, False),
        ("haarcascade_profileface.xml", grey, False),
        ("haarcascade_profileface.xml", mirrored, True),
    ):
        found = _cascade(name).detectMultiScale(picture, 1.1, 4, minSize=(32, 32))
        box = _largest(found)
        if box and flipped:
            return Box(grey.shape[1] - box.left - box.width, box.top, box.width, box.height)
        if box:
            return box
    return None


def _largest_body(grey: Grey) -> Box | None:
    return _largest(_cascade("haarcascade_fullbody.xml").detectMultiScale(grey, 1.05, 3))


def _largest(found: object) -> Box | None:
    """Return the largest of OpenCV's rectangles (an empty tuple if there are none)."""
    rectangles = [[int(n) for n in row] for row in np.asarray(found).reshape(-1, 4)]
    if not rectangles:
        return None
    left, top, width, height = max(rectangles, key=lambda row: row[2] * row[3])
    return Box(left, top, width, height)


def _scaled(box: Box | None, scale: float) -> Box | None:
    if box is None:
        return None
    values = (box.left, box.top, box.width, box.height)
    return Box(*(round(value * scale) for value in values))


def _cascade(name: str) -> cv2.CascadeClassifier:
    """Load a cascade anew: one object must not be shared by threads, and loading is quick."""
    return cv2.CascadeClassifier(str(Path(haarcascades) / name))
