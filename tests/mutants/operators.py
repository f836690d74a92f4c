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
_CONDITION = re.compile(r"attribute_(not_)?exists\(|#\w+ (<|<=|>|>=|=|<>) :\w+")
_OPERATORS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " = ": " <> "}


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
    found: dict[Mutant, None] = {}
    for node in ast.walk(ast.parse(text)):
        for mutant in _of_node(source, node):
            found[mutant] = None
    return sorted(found, key=lambda mutant: (mutant.start, mutant.new))


def _of_node(source: _Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _comparison(source, node)
    elif isinstance(node, ast.BoolOp):
        yield from _terms(source, node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield source.replaced(node, source.of(node.operand))
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        if not isinstance(node.test, ast.Compare):  # that has mutants of its own
            yield source.replaced(node.test, f"(not ({source.of(node.test)}))")
    elif isinstance(node, ast.Raise) or _does_something(source, node):
        yield source.replaced(node, "pass")
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield source.replaced(node, f"({node.value + 1})")
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _condition(source, node, node.value)


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


def _condition(source: _Source, node: ast.Constant, value: str) -> Iterator[Mutant]:
    """A condition of DynamoDB with an operator changed, or a term left out."""
    if not _CONDITION.search(value) or "\n" in value or value.startswith(("SET ", "ADD ")):
        return
    if source.of(node)[:1] not in "\"'":
        return  # a piece of an f-string has no text of its own
    for old, new in _OPERATORS.items():
        if old in value:
            yield source.replaced(node, repr(value.replace(old, new, 1)))
    for word in (" AND ", " OR "):
        terms = value.split(word)
        if len(terms) > 1 and value.count("(") == value.count(")"):
            for place in range(len(terms)):
                left = word.join(terms[:place] + terms[place + 1 :])
                if left.count("(") == left.count(")"):
                    yield source.replaced(node, repr(left))
