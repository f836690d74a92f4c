"""What `make` says before it can do anything."""

import os
import subprocess
from pathlib import Path

import pytest

from local.paths import REPOSITORY

OLD = '[ "$1" = -V ] && { echo "Python 3.9.2"; exit 0; }; exit 1'
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1;; esac; exit 0'
CANDIDATES = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


def _make(target: str, **environment: str) -> tuple[int, list[str]]:
    # Started by `make test` itself, this make must not take it for its parent.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    inherited.pop("PYTHON", None)
    done = subprocess.run(
        ["/usr/bin/env", "make", target],
        cwd=REPOSITORY,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip().splitlines()


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (OLD, "Python 3.11 or newer is needed; python3 is Python 3.9.2. Name another: "),
        (WITHOUT_VENV, "/python3 lacks its venv module. Install it (Debian, Ubuntu: "),
    ],
)
def test_a_python_that_will_not_do_is_one_clear_line(
    tmp_path: Path, behaviour: str, expected: str
) -> None:
    for name in CANDIDATES:
        (tmp_path / name).write_text(f"#!/bin/sh\n{behaviour}\n")
        (tmp_path / name).chmod(0o755)
    code, lines = _make("python", PATH=f"{tmp_path}:{os.defpath}")
    assert code != 0
    assert expected in lines[0]
    assert [line for line in lines[1:] if not line.startswith("make")] == []


def test_help_lists_what_there_is() -> None:
    code, lines = _make("help")
    assert code == 0
    listed = {line.split()[1] for line in lines}
    assert {"demo", "up", "unit", "test", "lint", "deploy", "help"} <= listed
