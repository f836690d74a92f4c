"""docs/PROMISES.md says what the claims and the markers on the tests say, and no claim is bare."""

import re
import subprocess
import sys

import pytest

from tests.docs.claims import SECTIONS
from tests.docs.promises import PAGE, ROOT, marks, marks_in, page, proofs_of

PROMISES = ["P1", "P2", "P3", "P4", "P5"]
DECISIONS = [
    "Rows that hold no names",
    "Accepted means written",
    "The paid call",
    "Products are never stale",
    "Save, then start",
    "One outcome, one publisher",
    "The machine knows nobody",
    "Waiting is not failing",
    "One rate limiter",
    "Live before bulk",
    "Polls are planned, not ticked",
    "Results are copied",
    "Photos",
    "Variants",
    "Erasure",
    "One retention",
    "Nothing leaks",
    "One engine under it",
]
CLAIMS = [(section.name, claim) for section in SECTIONS for claim in section.claims]


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


def test_each_promise_and_each_decision_has_a_claim() -> None:
    assert [section.name for section in SECTIONS if section.is_promise] == PROMISES
    assert [section.name for section in SECTIONS if not section.is_promise] == DECISIONS
    assert [section.name for section in SECTIONS if not section.claims] == []


def test_each_claim_has_an_id_of_its_own() -> None:
    names = [(section, claim.id) for section, claim in CLAIMS]
    assert [name for name in names if names.count(name) > 1] == []


def test_a_test_proves_each_claim() -> None:
    assert [(s, claim.id) for s, claim in CLAIMS if not proofs_of(s, claim.id)] == []


def test_each_marker_names_a_claim() -> None:
    known = {(section, claim.id) for section, claim in CLAIMS}
    assert [mark for mark in marks() if (mark.section, mark.claim) not in known] == []


def test_each_marker_stands_on_a_test() -> None:
    assert [mark for mark in marks() if not mark.test] == []


def test_a_file_that_is_there_keeps_each_claim() -> None:
    assert [claim.id for _, claim in CLAIMS if not claim.kept_in] == []
    kept_in = {file for _, claim in CLAIMS for file in claim.kept_in}
    assert sorted(file for file in kept_in if not (ROOT / file).is_file()) == []


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("{mark}\ndef test_it(): ...", "tests/test_some.py::test_it"),
        ("{mark}\n{mark}\ndef test_it(): ...", "tests/test_some.py::test_it"),
        (
            "class TestIt:\n    {mark}\n    def test_a(self): ...",
            "tests/test_some.py::TestIt::test_a",
        ),
        ("{mark}\ndef helper(): ...", ""),
        ("class Other:\n    {mark}\n    def test_a(self): ...", ""),
        ("pytestmark = [{mark_alone}]", ""),
        ("def test_it():\n    {mark}\n    def test_inner(): ...", ""),
    ],
)
def test_a_marker_is_read_with_the_test_that_it_stands_on(text: str, test: str) -> None:
    alone = "pytest.mark.promise('P1', 'some')"
    source = text.format(mark=f"@{alone}", mark_alone=alone)
    found = list(marks_in("tests/test_some.py", source))
    assert len(found) == source.count(alone)
    assert {(one.section, one.claim, one.test) for one in found} == {("P1", "some", test)}


def test_pytest_finds_the_same_markers() -> None:
    """On functions, in classes, and on rules of the template, which are one test's parameters."""
    files = ["tests/template/test_rules.py", "tests/shared/tryons/test_review.py"]
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-m", "promise", *files]
    done = subprocess.run(collect, cwd=ROOT, capture_output=True, text=True, check=True)
    collected = set(re.findall(r"^tests/\S+", done.stdout, re.MULTILINE))
    rule_or_name = {one if "keeps_the_rule" in one else one.partition("[")[0] for one in collected}
    assert rule_or_name == {mark.test for mark in marks() if mark.test.startswith(tuple(files))}


def test_each_file_that_the_page_names_is_there() -> None:
    files = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|json|md))`", page()))
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_each_test_and_command_that_the_frame_names_exists() -> None:
    named = set(re.findall(r"pytest '([^']+)'", page()))
    assert named
    assert named <= {mark.test for mark in marks()}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", page())) <= targets


def test_the_readme_leads_to_it() -> None:
    assert "`docs/PROMISES.md`" in (ROOT / "README.md").read_text()
