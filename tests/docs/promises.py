"""Writes docs/PROMISES.md from the claims, the tests that are marked with them, and a frame.

    make docs

A test names the claim that it proves: ``@pytest.mark.promise("P4", "nothing-left-here")``. A rule
of the template carries the marker itself. The markers are read from the source: importing every
test to find them would take seconds.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.docs.claims import SECTIONS, Claim

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "PROMISES.md"
FRAME = Path(__file__).with_name("promises_frame.md")

_RULES = "tests/template/rules/"
_RULE_TEST = "tests/template/test_rules.py::test_the_template_keeps_the_rule"
_CHAIN = "tests/chain/"
_HEAD = "| claim | kept in | tests that fail without it |\n|---|---|---|\n"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mark:
    """A claim that a test names; ``test`` is empty where the marker stands on no test."""

    section: str
    claim: str
    test: str
    place: str


@cache
def marks() -> tuple[Mark, ...]:
    """All markers below ``tests/``, in the order of the tree."""
    files = sorted((ROOT / "tests").rglob("*.py"))
    return tuple(mark for file in files for mark in marks_in(file.relative_to(ROOT).as_posix()))


def marks_in(file: str, text: str | None = None) -> Iterator[Mark]:
    """The markers of one file."""
    source = (ROOT / file).read_text() if text is None else text
    if "mark.promise" not in source:
        return
    tree = ast.parse(source)
    tests = {
        id(decorator): test
        for test, function in _tests(file, tree)
        for decorator in function.decorator_list
    }
    # `pytestmark` and `marks=` are found too, and are on no test: the page could not name one.
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.promise":
            section, claim = (ast.literal_eval(one) for one in node.args)
            yield Mark(section, claim, tests.get(id(node), ""), f"{file}:{node.lineno}")


def _tests(file: str, tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """What pytest collects of a file, by the name under which it runs alone."""
    if file.startswith(_RULES):
        yield from ((f"{_RULE_TEST}[{one.name}]", one) for one in _functions(tree.body))
    elif Path(file).name.startswith("test_"):
        yield from ((f"{file}::{one.name}", one) for one in _named_tests(tree.body))
        for group in tree.body:
            if isinstance(group, ast.ClassDef) and group.name.startswith("Test"):
                for one in _named_tests(group.body):
                    yield f"{file}::{group.name}::{one.name}", one


def _functions(body: list[ast.stmt]) -> Iterator[Function]:
    return (one for one in body if isinstance(one, Function))


def _named_tests(body: list[ast.stmt]) -> Iterator[Function]:
    return (one for one in _functions(body) if one.name.startswith("test"))


def proofs_of(section: str, claim: str) -> list[str]:
    """The tests that are marked with a claim; those that need the whole stack come last."""
    named = (mark.test for mark in marks() if (mark.section, mark.claim) == (section, claim))
    return sorted(named, key=lambda test: test.startswith(_CHAIN))


def page() -> str:
    """What docs/PROMISES.md has to say."""
    text = FRAME.read_text()
    for place, sections in (
        ("{promises}", [one for one in SECTIONS if one.is_promise]),
        ("{decisions}", [one for one in SECTIONS if not one.is_promise]),
    ):
        tables = (f"### {s.heading}\n\n{_HEAD}{_rows(s.name, s.claims)}" for s in sections)
        text = text.replace(place + "\n", "\n".join(tables))
    return text


def _rows(section: str, claims: tuple[Claim, ...]) -> str:
    rows = ((one.text, _code(one.kept_in), _code(proofs_of(section, one.id))) for one in claims)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _code(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    changed = page() != PAGE.read_text()
    PAGE.write_text(page())
    sys.stdout.write(
        f"{PAGE.relative_to(ROOT)} {'is written anew' if changed else 'was current'}\n"
    )
