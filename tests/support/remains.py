"""What is left of a shopper anywhere: rows, objects, messages, lines, and at the stand-in."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any
from urllib.parse import quote, quote_plus

from tests.support.world import World
from tryon_worker.observability import logger


def spellings(shopper: str) -> set[str]:
    """Every way in which a shopper's id may stand in a text."""
    data = shopper.encode()
    found = {shopper, quote(shopper, safe=""), quote(shopper, safe="!'()*"), quote_plus(shopper)}
    found |= {json.dumps(shopper)[1:-1], repr(shopper)[1:-1], repr(data)[2:-1], data.hex()}
    for shift in range(3):
        # In a longer base64 text it may begin at any of three places; its ends mix with the rest.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * shift + data).decode()[4 if shift else 0 : -4])
    return found


def named_in(text: str, shopper: str) -> list[str]:
    """The spellings of a shopper's id that are in ``text``."""
    return sorted(spelling for spelling in spellings(shopper) if spelling in text)


def rows_about(world: World, shopper: str) -> list[str]:
    """Rows that name a shopper, and those that an erasure must not leave at all."""
    found = [str(row) for row in world.rows() if named_in(str(row), shopper)]
    personal = ("PHOTO#", "DETAILS#")
    return found + [row["sk"] for row in world.rows() if row["sk"].startswith(personal)]


def objects_in(world: World, bucket: str) -> list[str]:
    """Every object in each of its versions, and the uploads of parts that were never finished."""
    versions = world.s3.list_object_versions(Bucket=bucket)
    uploads = world.s3.list_multipart_uploads(Bucket=bucket)
    lists = (
        versions.get("Versions", []),
        versions.get("DeleteMarkers", []),
        uploads.get("Uploads", []),
    )
    return [item["Key"] for items in lists for item in items]


def held_by_genlook(world: World, shopper: str) -> list[str]:
    """What the stand-in's own memory has of a shopper, or of anybody's pictures."""
    state = world.genlook.state
    held = repr([state.photos, state.generations, state.product_pictures])
    pictures = {
        kind: count
        for kind, count in world.genlook.control.store().items()
        if kind in {"photos", "snapshots", "results"} and count
    }
    return named_in(held, shopper) + [f"{count} {kind}" for kind, count in pictures.items()]


class Lines:
    """What the worker wrote to its log, as Lambda would keep it."""

    def __init__(self, written: io.StringIO) -> None:
        self._written = written

    @property
    def text(self) -> str:
        return self._written.getvalue()


@contextmanager
def listening() -> Iterator[Lines]:
    """Keeps every line: ours of every level, and of libraries what Lambda's own handler lets by."""
    written = io.StringIO()
    ours, theirs = logging.StreamHandler(written), logging.StreamHandler(written)
    ours.setFormatter(logger.registered_formatter)
    theirs.setLevel(logging.WARNING)
    powertools: Any = logging.getLogger(logger.service)
    powertools.addHandler(ours)
    logging.getLogger().addHandler(theirs)
    try:
        with redirect_stdout(written):  # metrics are printed
            yield Lines(written)
    finally:
        powertools.removeHandler(ours)
        logging.getLogger().removeHandler(theirs)
