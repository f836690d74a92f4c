"""Walks over the pages of a call, each of which is a call of its own."""

from collections.abc import Callable, Iterator
from typing import Any

Call = Callable[..., dict[str, Any]]


class Paginator:
    """What ``client.get_paginator`` returns: asks for one page after another."""

    def __init__(self, call: Call, token_out: str, token_in: str, size: str) -> None:
        self._call = call
        self._token_out = token_out
        self._token_in = token_in
        self._size = size

    def through(self, gate: Callable[[Call], Call]) -> "Paginator":
        """Return the same with each of its calls passed through ``gate``."""
        return Paginator(gate(self._call), self._token_out, self._token_in, self._size)

    def paginate(self, **given: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages; what changes between two of them is seen."""
        asked = dict(given)
        if page_size := asked.pop("PaginationConfig", {}).get("PageSize"):
            asked[self._size] = page_size
        while True:
            page = self._call(**asked)
            yield page
            if page.get(self._token_out) is None:
                return
            asked[self._token_in] = page[self._token_out]
