"""Copies a finished picture from Genlook's temporary link into the result bucket."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Self

from tryon_worker.account.gcra import Priority
from tryon_worker.account.rate_limiter import Denied, RateLimiter
from tryon_worker.aws.buckets import Bucket, result_prefix
from tryon_worker.clock import DAY, Clock, Sleep
from tryon_worker.encoding import digest
from tryon_worker.genlook import (
    Generation,
    GenerationStatus,
    GenlookError,
    ResultDownloadFailed,
    ResultLinkDead,
    ResultLinkRefused,
    ResultPicture,
    ResultTooLarge,
)
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import Result, TryOn

MAX_RESULT_BYTES = 25 * 1024 * 1024
"""Genlook states no size; uploads are limited to 10 MB, and a result is one picture."""

# Up to here a picture stays in memory; a larger one goes through /tmp (512 MB by default, AWS).
_IN_MEMORY_BYTES = 8 * 1024 * 1024

_CODES: dict[type[GenlookError], str] = {
    ResultLinkDead: "RESULT_LINK_DEAD",
    ResultLinkRefused: "RESULT_LINK_REFUSED",
    ResultTooLarge: "RESULT_TOO_LARGE",
    ResultDownloadFailed: "RESULT_DOWNLOAD_FAILED",
}
"""What an event says of a picture that could not be had: Genlook has no codes for it."""

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class NoResultYet(Exception):
    """The picture could not be fetched; ``final`` if trying again cannot help.

    ``unasked`` if Genlook could not even be asked where it is.
    """

    def __init__(
        self, message: str, code: str | None = None, *, final: bool, unasked: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.final = final
        self.unasked = unasked

    @classmethod
    def because_of(cls, error: GenlookError, *, final: bool) -> Self:
        """In the words of the download's own error."""
        return cls(error.message, _CODES.get(type(error)), final=final)


@dataclass(frozen=True)
class CopyResult:
    """Fetches and stores; removes again a picture that no decision came to name.

    The ledger row, still ``SUBMITTED``, is the intent: the key follows from it, so an erasure
    finds the object whether or not the outcome was ever written.
    """

    ledger: Ledger
    details: TryOnDetails
    shoppers: Shoppers
    results: Bucket
    rate_limiter: RateLimiter
    download: Callable[[str, IO[bytes]], ResultPicture]
    generation: Callable[[str], Generation]
    clock: Clock
    sleep: Sleep
    keep_for_days: int
    asks_again: bool
    """Whether a link that has died is asked for anew at once. A round of housekeeping has no time
    for that: its next poll asks."""

    def __call__(self, try_on: TryOn, generation: Generation) -> Result:
        """Copies the picture of a completed generation.

        Raises
        ------
        NoResultYet
            There is none to be had (now).
        GenlookError
            Genlook did not say where else the picture might be.
        """
        keep = self._keep_for_days(try_on)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as picture:
            fetched = self._fetch(generation, picture)
            picture.seek(0)
            key = _key(try_on, fetched)
            self.results.write(key, picture, content_type=fetched.content_type, keep_for_days=keep)
        expires_at = int(self.clock()) + keep * DAY
        return Result(self.results.name, key, fetched.content_type, fetched.bytes, expires_at)

    def remove_unless_kept(self, try_on: TryOn, result: Result) -> None:
        """Removes the copy if the outcome that was written is not the one that has it.

        Another look may have copied the same picture to the same key and decided: then it stays,
        unless the shopper was erased since, for that sweep may have come before this copy.
        """
        found = self.ledger.get(try_on.try_on_id)
        kept = found.verdict.result if found and found.verdict else None
        owned = kept is not None and kept.key == result.key
        if not owned or self.shoppers.get(try_on.shopper_key).erased(try_on.requested_at):
            self.results.remove(result.key)

    def _fetch(self, generation: Generation, sink: IO[bytes]) -> ResultPicture:
        try:
            return self._download(generation, sink)
        except ResultLinkDead:
            # Links are temporary; asking once more may give a new one.
            if not self.asks_again:
                raise NoResultYet("the link has died", final=False, unasked=True) from None
            fresh = self._ask_once_more(generation.generation_id)
        sink.seek(0)
        sink.truncate()
        try:
            return self._download(fresh, sink)
        except ResultLinkDead as error:
            raise NoResultYet.because_of(error, final=True) from error

    def _ask_once_more(self, generation_id: str) -> Generation:
        permit = self.rate_limiter.take(Priority.POLL)
        if isinstance(permit, Denied):
            raise NoResultYet("the link has died", final=False, unasked=True)
        self.sleep(permit.wait_seconds)
        fresh = self.generation(generation_id)
        if fresh.status is not GenerationStatus.COMPLETED or not fresh.result_image_url:
            raise NoResultYet("the link has died, and there is no other yet", final=False)
        return fresh

    def _download(self, generation: Generation, sink: IO[bytes]) -> ResultPicture:
        try:
            return self.download(generation.result_image_url or "", sink)
        except ResultLinkDead:
            raise
        except (ResultTooLarge, ResultLinkRefused) as error:
            raise NoResultYet.because_of(error, final=True) from error
        except GenlookError as error:
            raise NoResultYet.because_of(error, final=False) from error

    def _keep_for_days(self, try_on: TryOn) -> int:
        request = self.details.get(try_on.shopper_key, try_on.try_on_id)
        requested = request.output.keep_for_days if request else None
        return min(requested or self.keep_for_days, self.keep_for_days)


def _key(try_on: TryOn, fetched: ResultPicture) -> str:
    extension = _EXTENSIONS.get(fetched.content_type, "img")
    name = digest(try_on.generation_id or "")[:16]
    return f"{result_prefix(try_on.shopper_key, try_on.try_on_id)}{name}.{extension}"
