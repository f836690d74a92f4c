"""The table in memory, as far as budget and durations need it: a row, and updates on a condition.

That it judges conditions as the engine does is shown by a test that gives both the same calls.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

from tryon_worker.aws.keys import Key
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write

_COMPARED = re.compile(r"#(\w+) (<=|<|>|=) :(\w+)")
_ABSENT = re.compile(r"attribute_not_exists\(#(\w+)\)")
_SET = re.compile(r"#(\w+) = :(\w+)")
_HOW: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
}


class MemoryTable(Table):
    """Rows by key."""

    def __init__(self) -> None:
        self._rows: dict[Key, Row] = {}

    def get(self, key: Key) -> Row | None:
        """The row at ``key``."""
        row = self._rows.get(key)
        return None if row is None else dict(row)

    def write(self, write: Write) -> Row:
        """Does an update that only sets attributes."""
        row = self._rows.get(write.key, {})
        if not _holds(write, row):
            raise ConditionFailed({0: dict(row) or None})
        named = _SET.findall(write.expression.removeprefix("SET "))
        self._rows[write.key] = {**row, **{name: write.values[value] for name, value in named}}
        return dict(self._rows[write.key])


def _holds(write: Write, row: Row) -> bool:
    """Whether every part of the condition holds: alternatives in brackets, joined by AND."""
    parts = write.condition.split(" AND ") if write.condition else []
    return all(
        any(_clause(clause, write, row) for clause in part.strip("()").split(" OR "))
        for part in parts
    )


def _clause(clause: str, write: Write, row: Row) -> bool:
    if absent := _ABSENT.match(clause + ")"):
        return absent[1] not in row
    compared = _COMPARED.match(clause)
    if compared is None:
        raise ValueError(f"not known here: {clause}")
    name, how, value = compared.groups()
    return name in row and _HOW[how](row[name], write.values[value])
