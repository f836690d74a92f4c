"""The stack file: whole, and gone with the system that it describes."""

import json
from pathlib import Path

from local.stack_file import published


def test_it_is_there_as_long_as_the_system(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "stack.json"
    with published(path, {"region": "x"}):
        assert json.loads(path.read_text()) == {"region": "x"}
        assert [entry.name for entry in path.parent.iterdir()] == ["stack.json"]
    assert not path.exists()


def test_the_file_of_another_run_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    with published(path, {"run": 1}):
        path.write_text("of another run")
    assert path.read_text() == "of another run"


def test_a_file_that_is_gone_already_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    with published(path, {}):
        path.unlink()
