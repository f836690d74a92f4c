"""Writes one JSON object piece by piece: what is in it need not fit into memory."""

import json
from collections.abc import Iterable
from typing import IO, Any


class Sheet:
    """A JSON object that grows field by field, in UTF-8."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._between = "{"

    def field(self, name: str, value: Any) -> None:
        """Writes one field."""
        self._put(f"{self._between}{json.dumps(name)}:{_json(value)}")
        self._between = ","

    def items(self, name: str, values: Iterable[Any]) -> int:
        """Writes a field that is a list; how many items it has."""
        self._put(f"{self._between}{json.dumps(name)}:[")
        self._between = ","
        count = 0
        for value in values:
            self._put(f"{',' if count else ''}\n{_json(value)}")
            count += 1
        self._put("]")
        return count

    def end(self) -> int:
        """Ends the object; how many bytes it has."""
        self._put("}\n")
        return self._sink.tell()

    def _put(self, text: str) -> None:
        self._sink.write(text.encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=sorted)
