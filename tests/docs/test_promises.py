"""Each test and file that docs/PROMISES.md names is there, and each promise is on the page."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.template.test_rules import RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "PROMISES.md").read_text()
NAMED = sorted(set(re.findall(r"[`'](tests/[\w/]+\.py)::([\w:]+)(?:\[(\w+)\])?[`']", PAGE)))
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]


@cache
def names_in(file: str) -> set[str]:
    """The tests of a file as pytest names them, those of classes included."""
    found = set()
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (one for one in node.body if isinstance(one, ast.FunctionDef))
            found |= {f"{node.name}::{one.name}" for one in inner}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


@pytest.mark.parametrize(("file", "name", "rule"), NAMED)
def test_the_test_is_there(file: str, name: str, rule: str) -> None:
    assert name in names_in(file)
    assert not rule or rule in {one.__name__ for one in RULES}


def test_nothing_with_the_form_of_a_test_is_passed_over() -> None:
    named = {f"{file}::{name}" + (f"[{rule}]" if rule else "") for file, name, rule in NAMED}
    assert set(re.findall(r"tests/[^`' ]+::[^`' ]+", PAGE)) == named


def test_each_file_is_there() -> None:
    files = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|yaml|json|md))`", PAGE))
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_each_claim_says_where_it_is_kept_and_what_would_be_red() -> None:
    claims = [row for row in ROWS if row[0].strip() != "what"]
    assert claims
    for what, kept_in, red in claims:
        places = re.findall(r"`([^`]+)`", kept_in)
        assert places, what
        assert [place for place in places if not (ROOT / place).is_file()] == [], what
        assert 1 <= len(re.findall(r"`tests/[^`]+::[^`]+`", red)) <= 3, what


def test_all_five_promises_are_there() -> None:
    assert re.findall(r"^### P(\d): ", PAGE, re.MULTILINE) == ["1", "2", "3", "4", "5"]


def test_each_command_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", PAGE)) <= targets


def test_the_readme_leads_to_it() -> None:
    assert "`docs/PROMISES.md`" in (ROOT / "README.md").read_text()
