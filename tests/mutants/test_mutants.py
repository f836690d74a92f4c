"""The runner notices what a test notices, and reports what no test does."""

from pathlib import Path

import pytest

from tests.mutants.__main__ import Traced, is_noticed
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
    # No test asks at the very border, so the first two survive.
    assert noticed == {"(age <= 18)": False, "(19)": False, "return None": True}
    removed = MODULE.replace("if age < 18", "if False")
    assert is_noticed(root, "module.py", removed, ["test_module.py"])
    assert (root / "module.py").read_text() == MODULE


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("a and b", {"((b))", "((a))"}),
        ("not a", {"a"}),
        ("if not a: b = 1", {"a", "(2)"}),
        ("if a: ...", {"(not (a))"}),
        ("if TYPE_CHECKING: ...", set()),
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
        (
            '"(#a = :x OR #b = :y) AND #c = :z"',
            {
                "'(#a <> :x OR #b = :y) AND #c = :z'",
                "'(#a = :x OR #b <> :y) AND #c = :z'",
                "'(#a = :x OR #b = :y) AND #c <> :z'",
                "'(#b = :y) AND #c = :z'",
                "'(#a = :x) AND #c = :z'",
                "'#c = :z'",
                "'(#a = :x OR #b = :y)'",
            },
        ),
        (
            '"#a = :a AND #b IN (:c, :d)"',
            {"'#a <> :a AND #b IN (:c, :d)'", "'#a = :a'", "'#b IN (:c, :d)'"},
        ),
        ('" AND #a = :a"', {"' AND #a <> :a'", "''"}),
        (
            """f"{is_open} AND #a < :now\"""",
            {"""f"{is_open} AND #a <= :now\"""", """f"{is_open}\"""", """f"#a < :now\""""},
        ),
        ('"SET #state = :open"', set()),
        ('put(row, condition="#a = :a")', {"'#a <> :a'", '""', "pass"}),
        ("def f():\n    return g()", {"return None"}),
        ("def f():\n    return False", set()),
        ("def f(a=1, *, b=2): ...", set()),
    ],
)
def test_each_changes_one_thing(text: str, new: set[str]) -> None:
    assert {mutant.new for mutant in mutants(text)} == new


def test_a_line_that_runs_at_import_is_tried_by_the_tests_of_what_uses_it() -> None:
    source = "LIMIT = 3\n\n\ndef a():\n    return 1\n\n\ndef b():\n    return LIMIT\n"
    module = Path("/module.py")
    traced = Traced(
        {
            "quick.py": {"seconds": 1, "lines": {str(module): [5]}},
            "slow.py": {"seconds": 2, "lines": {str(module): [9]}},
        }
    )
    assert traced.of(module, 1, source) == ["slow.py", "quick.py"]
    assert traced.of(module, 5, source) == ["quick.py"]


def test_files_named_after_the_module_come_first_and_then_the_quickest() -> None:
    source = "def a():\n    return 1\n"
    module = Path("/module.py")
    seen = {
        file: {"seconds": seconds, "lines": {str(module): [2]}}
        for file, seconds in {"slow.py": 3, "quick.py": 1, "test_module_b.py": 4}.items()
    }
    traced = Traced(seen)
    assert traced.of(module, 2, source) == ["test_module_b.py", "quick.py", "slow.py"]


def test_what_the_first_files_do_not_notice_goes_through_all_others(root: Path) -> None:
    names = [f"test_{place}.py" for place in range(11)]
    for name in names:
        (root / name).write_text("def test_nothing():\n    pass\n")
    removed = MODULE.replace("if age < 18", "if False")
    assert not is_noticed(root, "module.py", removed, names)
    assert is_noticed(root, "module.py", removed, [*names, "test_module.py"])


def test_a_line_that_no_test_executes_has_none() -> None:
    source = "def a():\n    return 1\n"
    assert Traced({"a.py": {"seconds": 1, "lines": {}}}).of(Path("/module.py"), 2, source) == []
