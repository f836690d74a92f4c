"""A build is kept by the hash of what goes into it."""

from pathlib import Path

import pytest

from local import artefact
from local.failures import LocalSystemError


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(artefact, "REPOSITORY", tmp_path)
    package = tmp_path / "functions" / "upload"
    package.mkdir(parents=True)
    (package / "handler.py").write_text("one")
    return tmp_path / "functions"


def test_a_changed_a_new_and_a_renamed_file_change_it(sources: Path) -> None:
    handler = sources / "upload" / "handler.py"
    seen = {artefact._fingerprint(sources)}
    handler.write_text("two")
    seen.add(artefact._fingerprint(sources))
    (sources / "upload" / "more.py").write_text("")
    seen.add(artefact._fingerprint(sources))
    handler.rename(handler.with_name("handle.py"))
    seen.add(artefact._fingerprint(sources))
    assert len(seen) == 4


def test_what_python_leaves_beside_its_sources_does_not(sources: Path) -> None:
    before = artefact._fingerprint(sources)
    cache = sources / "upload" / "__pycache__"
    cache.mkdir()
    (cache / "handler.cpython-311.pyc").write_bytes(b"x")
    assert artefact._fingerprint(sources) == before


def test_who_builds_the_same_at_the_same_time_takes_the_first(tmp_path: Path) -> None:
    first, second, final = (tmp_path / name for name in ("first", "second", "final"))
    for made in (first, second):
        made.mkdir()
        (made / "template.yaml").write_text(made.name)
        artefact._publish(made, final)
    assert (final / "template.yaml").read_text() == "first"
    assert not second.exists()


def test_a_failed_command_tells_its_last_lines() -> None:
    with pytest.raises(LocalSystemError, match="trying failed:\n  it broke"):
        artefact._run(["/bin/sh", "-c", "echo it broke >&2; exit 3"], {}, "trying")


def test_a_missing_tool_is_named() -> None:
    with pytest.raises(LocalSystemError, match="/nowhere/sam is missing"):
        artefact._run(["/nowhere/sam"], {}, "trying")
