"""What the metadata of a photo's object may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tryon_worker.fields import RETENTIONS

_CROP = {"true": True, "false": False}


class InvalidMetadata(ValueError):
    """A value that is none of those allowed."""


@dataclass(frozen=True)
class PhotoOptions:
    """``crop`` is ``None`` where Genlook's default shall hold."""

    crop: bool | None
    keep_for_days: int

    @classmethod
    def of(cls, metadata: Mapping[str, str], *, default_keep: int) -> Self:
        """The options in an object's metadata; the retention is never longer than the stack's.

        Raises
        ------
        InvalidMetadata
            A value cannot be understood.
        """
        crop = metadata.get("crop")
        if crop is not None and crop not in _CROP:
            raise InvalidMetadata("crop must be true or false")
        keep = metadata.get("keep-for-days", str(default_keep))
        if keep not in {str(days) for days in RETENTIONS}:
            raise InvalidMetadata("keep-for-days must be 1, 3 or 7")
        return cls(_CROP[crop] if crop else None, min(int(keep), default_keep))
