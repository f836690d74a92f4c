"""The folders of runs: one each, and none left behind."""

from pathlib import Path

import pytest

from local import system


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(system, "STATE", tmp_path)
    monkeypatch.setattr(system, "LOGS", tmp_path / "logs")
    return tmp_path


def test_two_runs_share_no_folder_and_leave_only_their_logs(state: Path) -> None:
    with system.run_folder() as one, system.run_folder() as two:
        assert one != two
        (two / "engine.log").write_text("words")
    assert list((state / "run").iterdir()) == []
    assert (state / "logs" / "engine.log").read_text() == "words"


def test_what_a_killed_run_left_is_removed_and_a_living_one_is_not(state: Path) -> None:
    dead, alive = state / "run" / "999999999-x", state / "run" / "1-x"
    for folder in (dead, alive):
        folder.mkdir(parents=True)
    with system.run_folder():
        assert (dead.exists(), alive.exists()) == (False, True)
