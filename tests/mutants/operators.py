"""What a mutant changes: one operator, condition, statement or constant of a module."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_SYMBOLS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_SYMBOLS |= {ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}

# A DynamoDB condition has one of these; most promises are kept by one.
_CONDITION = re.compile(r"attribute_(not_)?exists\(|#[\w{}]+ (<|<=|>|>=|=|<>) :[\w{}]+")
_OPERATORS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " = ": " <> "}
_OPERATOR = re.compile("|".join(f"(?<=[}}\\w]){operator}(?=:)" for operator in _OPERATORS))
_NESTING = re.compile(r"\(|\)| AND | OR ")


@dataclass(frozen=True)
class Mutant:
    """A module with the text from ``start`` to ``end`` replaced."""

    line: int
    start: int
    end: int
    new: str

    def of(self, source: str) -> str:
        """The whole module."""
        return source[: self.start] + self.new + source[self.end :]


class _Source:
    """A module's text and where its nodes lie in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """From where to where a node's text goes."""
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._place(node.lineno, node.col_offset)
        return start, self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        """Columns of ``ast`` count bytes."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def replaced(self, node: ast.AST, new: str) -> Mutant:
        """The mutant in which a node's text is another."""
        start, end = self.span(node)
        return Mutant(self.text.count("\n", 0, start) + 1, start, end, new)

    def of(self, node: ast.AST) -> str:
        """A node's text."""
        start, end = self.span(node)
        return self.text[start:end]


def mutants(text: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    source = _Source(text)
    tree = ast.parse(text)
    defaults = set(_defaults(tree))
    nodes = (node for node in ast.walk(tree) if node not in defaults)
    found = {mutant for node in nodes for mutant in _of_node(source, node)}
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.new))


def _of_node(source: _Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _comparison(source, node)
    elif isinstance(node, ast.BoolOp):
        yield from _terms(source, node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield source.replaced(node, source.of(node.operand))
    elif isinstance(node, ast.IfExp):
        yield from _negated(source, node.test)
    elif isinstance(node, ast.stmt):
        yield from _statement(source, node)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield source.replaced(node, f"({node.value + 1})")
    elif isinstance(node, ast.Constant | ast.JoinedStr):
        yield from _condition(source, node)
    elif isinstance(node, ast.keyword) and node.arg == "condition":
        yield from _whole_condition(source, node.value)


def _statement(source: _Source, node: ast.stmt) -> Iterator[Mutant]:
    if isinstance(node, ast.If | ast.While):
        yield from _negated(source, node.test)
    elif isinstance(node, ast.Raise) or _does_something(source, node):
        yield source.replaced(node, "pass")
    elif isinstance(node, ast.Return) and node.value is not None and not _is_false(node.value):
        yield source.replaced(node, "return None")


def _negated(source: _Source, test: ast.expr) -> Iterator[Mutant]:
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    constant = isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
    if not (negated or constant or isinstance(test, ast.Compare)):  # these have their own
        yield source.replaced(test, f"(not ({source.of(test)}))")


def _is_false(node: ast.expr) -> bool:
    """Whether a caller that asks for truth takes it for what ``None`` is."""
    return isinstance(node, ast.Constant) and not node.value


def _defaults(tree: ast.AST) -> Iterator[ast.AST]:
    """Values that parameters have if the caller gives none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            for value in (*node.defaults, *node.kw_defaults):
                if value is not None:
                    yield from ast.walk(value)


def _does_something(source: _Source, node: ast.AST) -> bool:
    """Whether a statement is a call for its effect; what is logged is no promise."""
    call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return call and not source.of(node).startswith(("logger.", "count("))


def _comparison(source: _Source, node: ast.Compare) -> Iterator[Mutant]:
    new = _COMPARISONS[type(node.ops[0])]
    left, right = source.of(node.left), source.of(node.comparators[0])
    yield source.replaced(node, f"({left} {new} {right})")


def _terms(source: _Source, node: ast.BoolOp) -> Iterator[Mutant]:
    """Each term left out."""
    word = " and " if isinstance(node.op, ast.And) else " or "
    texts = [f"({source.of(value)})" for value in node.values]
    for place in range(len(texts)):
        yield source.replaced(node, f"({word.join(texts[:place] + texts[place + 1 :])})")


def _condition(source: _Source, node: ast.Constant | ast.JoinedStr) -> Iterator[Mutant]:
    """A condition of DynamoDB with an operator changed, or a term left out."""
    text = source.of(node)
    literal = isinstance(node, ast.JoinedStr)
    if isinstance(node, ast.JoinedStr):
        # Its pieces have no text of their own; what stands between the quotes is near enough.
        value = text[2:-1]
        if text[:2] != 'f"' or '"' in value:
            return
    elif isinstance(node.value, str) and text[:1] in "\"'":
        value = node.value
    else:
        return
    if not _CONDITION.search(value) or "\n" in value or value.startswith(("SET ", "ADD ")):
        return
    changed = [
        value[: at.start()] + _OPERATORS[at[0]] + value[at.end() :]
        for at in _OPERATOR.finditer(value)
    ]
    changed += [value[:start] + value[end:] for start, end in _droppable(value)]
    for new in changed:
        yield source.replaced(node, f'f"{new}"' if literal else repr(new))


def _whole_condition(source: _Source, node: ast.expr) -> Iterator[Mutant]:
    """A condition of one term left out; the terms of others are left out one by one."""
    if not re.search(" AND | OR ", source.of(node)):
        yield source.replaced(node, '""')


def _droppable(condition: str) -> Iterator[tuple[int, int]]:
    """From where to where each term goes, with one of the words beside it, at any depth."""
    opened: list[tuple[int, list[tuple[int, int]]]] = [(0, [])]
    for at in _NESTING.finditer(condition + ")"):
        if not opened:
            return  # the other half stands in another string
        if at[0] == "(":
            opened.append((at.end(), []))
        elif at[0] != ")":
            opened[-1][1].append(at.span())
        else:
            start, words = opened.pop()
            starts = [start, *(end for _, end in words)]
            ends = [*(start for start, _ in words), at.start()]
            for place in range(len(starts) if words else 0):
                if starts[place] == ends[place]:
                    continue
                if place:
                    yield words[place - 1][0], ends[place]
                else:
                    yield start, words[0][1]
