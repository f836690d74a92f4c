"""Writes that met another transaction on the same row: refused by DynamoDB, not queued."""

import random
from collections.abc import Callable
from typing import TypeVar

from tryon_worker.clock import Sleep

_Done = TypeVar("_Done")

# Ten items of one order share the shopper's rows. Eight tries with full jitter up to 0.8 s spread
# them out.
_TRIES = 8
_BASE_SECONDS = 0.025
_CEILING_SECONDS = 0.8


class Disturbed(Exception):
    """Another transaction holds one of the rows at this moment; nothing was decided."""


class StillRunning(Disturbed):
    """A transaction of the same token goes on: its first try, whose answer the SDK lost."""


class Contention(Exception):
    """Other writers kept the rows busy through every try; nothing was written. Try again."""


def until_undisturbed(attempt: Callable[[], _Done], sleep: Sleep) -> _Done:
    """What ``attempt`` returns, tried again while it is ``Disturbed``.

    Raises
    ------
    Contention
        It was every time.
    """
    for turn in range(_TRIES):
        try:
            return attempt()
        except Disturbed:
            ceiling = min(_CEILING_SECONDS, _BASE_SECONDS * 2**turn)
            sleep(random.uniform(0, ceiling))  # noqa: S311  jitter, not a secret
    raise Contention("the rows stayed busy")
