"""Cuts lists into pages with opaque cursors."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from local.genlook.errors import validation_failed

T = TypeVar("T")
PAGE_DEFAULT = 50
PAGE_MAX = 200


def page(items: Sequence[T], limit: str | None, cursor: str | None) -> tuple[list[T], str | None]:
    """Cut one page out of a list; return it with the next page's cursor."""
    size = _size(limit)
    start = _start(cursor)
    chunk = list(items[start : start + size])
    more = start + size < len(items)
    return chunk, _cursor(start + size) if more else None


def _size(limit: str | None) -> int:
    if limit is None:
        return PAGE_DEFAULT
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= PAGE_MAX):
        raise validation_failed(("limit", f"Input should be between 1 and {PAGE_MAX}"))
    return int(limit)


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, b"-_", validate=True).decode().partition(":")
        start = int(number)
    except (binascii.Error, ValueError):
        word, start = "", -1
    if word != "from" or start < 0:
        raise validation_failed(("cursor", "Unknown cursor"))
    return start
