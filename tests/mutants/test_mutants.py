"""The runner notices what a test notices, and reports what no test does."""

from pathlib import Path

import pytest

from tests.mutants.__main__ import is_noticed
from tests.mutants.operators import mutants

MODULE = """\
def allowed(age):
    if age < 18:
        return False
    return True
"""
TEST = """\
from module import allowed

def test_a_child_is_not_allowed():
    assert not allowed(5)
    assert allowed(30)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "test_module.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    engine\n    long\n")
    return tmp_path


def test_what_a_test_notices_and_what_none_does(root: Path) -> None:
    noticed = {
        mutant.new: is_noticed(root, "module.py", mutant.of(MODULE), ["test_module.py"])
        for mutant in mutants(MODULE)
    }
    # No test asks at the very border, so these two survive.
    assert noticed == {"(age <= 18)": False, "(19)": False}
    removed = MODULE.replace("if age < 18", "if False")
    assert is_noticed(root, "module.py", removed, ["test_module.py"])
    assert (root / "module.py").read_text() == MODULE


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("a and b", {"((b))", "((a))"}),
        ("not a", {"a"}),
        ("a is None", {"(a is not None)"}),
        ("close(row)", {"pass"}),
        ("logger.info(row)", set()),
        (
            '"#state = :open AND #until < :now"',
            {
                "'#state <> :open AND #until < :now'",
                "'#state = :open AND #until <= :now'",
                "'#state = :open'",
                "'#until < :now'",
            },
        ),
        ('"SET #state = :open"', set()),
    ],
)
def test_each_changes_one_thing(text: str, new: set[str]) -> None:
    assert {mutant.new for mutant in mutants(text)} == new
