"""DynamoDB's condition and update expressions, as far as the worker writes them.

An expression is compiled once and then applied to many rows. Rows and values are in the form of
the wire (``{"S": "text"}``), so that nothing is lost by a conversion. moto has a parser for them
too, but it parses the text at each call and copies the whole table for each transaction: the
explorer makes millions of calls.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

Value = dict[str, Any]
"""A value on the wire: its type's letter and what it is."""

Row = dict[str, Value]
Names = Mapping[str, str]
Values = Mapping[str, Value]

Condition = Callable[[Row, Names, Values], bool]
Operand = Callable[[Row, Names, Values], Value | None]
Change = Callable[[Row, Row, Names, Values], None]
"""Changes the second row by what the first, the row as it was, and the values say."""

_TOKENS = re.compile(r"\s*(<>|<=|>=|[()=<>,+-]|[#:]?\w+)")
_SETS = {"SS", "NS", "BS"}


class ExpressionInvalid(ValueError):
    """The expression is not one that DynamoDB would take, or one that is not known here."""


@cache
def condition(text: str) -> Condition:
    """Compile a condition or key condition expression.

    Raises
    ------
    ExpressionInvalid
        It cannot be parsed.
    """
    parser = _Parser(text)
    compiled = parser.any_of()
    parser.end()
    return compiled


@cache
def update(text: str) -> Change:
    """Compile an update expression.

    Raises
    ------
    ExpressionInvalid
        It cannot be parsed.
    """
    parser = _Parser(text)
    changes: list[Change] = []
    while parser.left:
        changes += parser.clause()

    def change(before: Row, row: Row, names: Names, values: Values) -> None:
        for one in changes:
            one(before, row, names, values)

    return change


@cache
def placeholders(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ``#names`` and ``:values`` that an expression uses."""
    used = _TOKENS.findall(text)
    return (
        frozenset(token for token in used if token.startswith("#")),
        frozenset(token for token in used if token.startswith(":")),
    )


class _Parser:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKENS.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise ExpressionInvalid(text)
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._tokens)

    def end(self) -> None:
        if self.left:
            raise ExpressionInvalid(f"{self._text}: unexpected {self._peek()}")

    # --- conditions: OR binds least, then AND, then NOT

    def any_of(self) -> Condition:
        parts = [self._all_of()]
        while self._take_if("OR"):
            parts.append(self._all_of())
        if len(parts) == 1:
            return parts[0]
        return lambda row, names, values: any(part(row, names, values) for part in parts)

    def _all_of(self) -> Condition:
        parts = [self._negatable()]
        while self._take_if("AND"):
            parts.append(self._negatable())
        if len(parts) == 1:
            return parts[0]
        return lambda row, names, values: all(part(row, names, values) for part in parts)

    def _negatable(self) -> Condition:
        if self._take_if("NOT"):
            inner = self._negatable()
            return lambda row, names, values: not inner(row, names, values)
        if self._take_if("("):
            inner = self.any_of()
            self._take(")")
            return inner
        if self._peek() in _PREDICATES:
            return self._predicate()
        return self._comparison()

    def _predicate(self) -> Condition:
        holds = _PREDICATES[self._next()]
        arguments = self._arguments()
        return lambda row, names, values: holds(*(one(row, names, values) for one in arguments))

    def _comparison(self) -> Condition:
        left = self._operand()
        how = self._next()
        if how == "IN":
            options = self._arguments()
            return lambda row, names, values: any(
                _equal(left(row, names, values), option(row, names, values)) for option in options
            )
        if how not in _COMPARISONS:
            raise ExpressionInvalid(f"{self._text}: {how}")
        holds, right = _COMPARISONS[how], self._operand()
        return lambda row, names, values: holds(left(row, names, values), right(row, names, values))

    # --- updates

    def clause(self) -> list[Change]:
        verb = self._next()
        if verb not in {"SET", "REMOVE", "ADD", "DELETE"}:
            raise ExpressionInvalid(f"{self._text}: {verb}")
        read = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}
        changes = [read[verb]()]
        while self._take_if(","):
            changes.append(read[verb]())
        return changes

    def _set(self) -> Change:
        name = self._next()
        self._take("=")
        value = self._sum()

        def change(before: Row, row: Row, names: Names, values: Values) -> None:
            found = value(before, names, values)
            if found is None:
                raise ExpressionInvalid("an operand refers to an attribute that is not there")
            row[names[name]] = found

        return change

    def _sum(self) -> Operand:
        left = self._value()
        sign = self._peek()
        if sign not in {"+", "-"}:
            return left
        self._next()
        right, factor = self._value(), 1 if sign == "+" else -1

        def added(row: Row, names: Names, values: Values) -> Value | None:
            one, other = left(row, names, values), right(row, names, values)
            if one is None or other is None:
                return None
            return {"N": _text(Decimal(one["N"]) + factor * Decimal(other["N"]))}

        return added

    def _value(self) -> Operand:
        if self._peek() != "if_not_exists":
            return self._operand()
        self._next()
        there, otherwise = self._arguments()

        def found(row: Row, names: Names, values: Values) -> Value | None:
            value = there(row, names, values)
            return otherwise(row, names, values) if value is None else value

        return found

    def _remove(self) -> Change:
        name = self._next()
        return lambda _before, row, names, _values: (row.pop(names[name], None), None)[1]

    def _add(self) -> Change:
        name, placeholder = self._next(), self._next()

        def change(before: Row, row: Row, names: Names, values: Values) -> None:
            attribute, value = names[name], values[placeholder]
            row[attribute] = _added(before.get(attribute), value)

        return change

    def _delete(self) -> Change:
        name, placeholder = self._next(), self._next()

        def change(before: Row, row: Row, names: Names, values: Values) -> None:
            attribute, value = names[name], values[placeholder]
            if attribute not in before:
                return
            (kind,) = value
            left = [item for item in before[attribute].get(kind, []) if item not in value[kind]]
            if left:
                row[attribute] = {kind: left}
            else:  # DynamoDB keeps no empty set
                row.pop(attribute, None)

        return change

    # --- words

    def _arguments(self) -> list[Operand]:
        self._take("(")
        arguments = [self._operand()]
        while self._take_if(","):
            arguments.append(self._operand())
        self._take(")")
        return arguments

    def _operand(self) -> Operand:
        word = self._next()
        if word.startswith("#"):
            return lambda row, names, _values: row.get(names[word])
        if word.startswith(":"):
            return lambda _row, _names, values: values[word]
        raise ExpressionInvalid(f"{self._text}: {word} is neither a #name nor a :value")

    def _peek(self) -> str:
        return self._tokens[self._at] if self.left else ""

    def _next(self) -> str:
        word = self._peek()
        if not word:
            raise ExpressionInvalid(f"{self._text}: ends too soon")
        self._at += 1
        return word

    def _take(self, word: str) -> None:
        if self._next() != word:
            raise ExpressionInvalid(f"{self._text}: {word} is missing")

    def _take_if(self, word: str) -> bool:
        taken = self._peek() == word
        self._at += taken
        return taken


def _equal(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None:
        return False
    (kind,), (other_kind,) = one, other
    if kind != other_kind:
        return False
    if kind == "N":
        return Decimal(one[kind]) == Decimal(other[kind])
    if kind in _SETS:
        return set(one[kind]) == set(other[kind])
    return bool(one[kind] == other[kind])


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Value | None, Value | None], bool]:
    """Compare two values of one type that has an order; what is absent is never less or more."""

    def compared(one: Value | None, other: Value | None) -> bool:
        if one is None or other is None:
            return False
        (kind,), (other_kind,) = one, other
        if kind != other_kind or kind not in {"N", "S", "B"}:
            return False
        if kind == "N":
            return holds(Decimal(one[kind]), Decimal(other[kind]))
        if kind == "S":  # by bytes, as DynamoDB does
            return holds(one[kind].encode(), other[kind].encode())
        return holds(one[kind], other[kind])

    return compared


def _contains(whole: Value | None, part: Value | None) -> bool:
    if whole is None or part is None:
        return False
    (kind,), (part_kind,) = whole, part
    if kind in _SETS:
        return kind[0] == part_kind and part[part_kind] in whole[kind]
    if kind == "L":
        return any(_equal(item, part) for item in whole[kind])
    return kind == part_kind == "S" and part["S"] in whole["S"]


def _begins_with(whole: Value | None, part: Value | None) -> bool:
    if whole is None or part is None or "S" not in whole:
        return False
    return bool(whole["S"].startswith(part["S"]))


def _added(before: Value | None, value: Value) -> Value:
    """Add a number to a number, or members to a set; an attribute that is not there begins at 0."""
    (kind,) = value
    if kind == "N":
        return {"N": _text(Decimal(before["N"] if before else "0") + Decimal(value["N"]))}
    if kind not in _SETS:
        raise ExpressionInvalid(f"ADD takes a number or a set, not {kind}")
    there = before[kind] if before else []
    return {kind: [*there, *(item for item in value[kind] if item not in there)]}


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


_COMPARISONS: dict[str, Callable[[Value | None, Value | None], bool]] = {
    "=": _equal,
    # An attribute that is not there differs from every value (DynamoDB).
    "<>": lambda one, other: not _equal(one, other),
    "<": _ordered(lambda one, other: one < other),
    "<=": _ordered(lambda one, other: one <= other),
    ">": _ordered(lambda one, other: one > other),
    ">=": _ordered(lambda one, other: one >= other),
}
_PREDICATES: dict[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "begins_with": _begins_with,
    "contains": _contains,
}
