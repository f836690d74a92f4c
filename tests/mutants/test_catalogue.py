"""Each removal still has its place in the code, and the tests that are to notice it exist."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import REPOSITORY, main
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_removal_fits_the_code(mutant: Mutant) -> None:
    assert (REPOSITORY / mutant.file).read_text().count(mutant.text) == 1
    assert mutant.becomes != mutant.text
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert name.rpartition("::")[2] in (REPOSITORY / file).read_text()


def test_each_has_a_name_of_its_own() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)


def test_a_name_that_none_has_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no such thing"]) != 0
    assert "no such thing" in capsys.readouterr().err


def test_no_removal_is_red_for_a_name_that_is_not_there(tmp_path: Path) -> None:
    """Code that cannot run fails every test, and so proves nothing of any of them."""
    for place, mutant in enumerate(MUTANTS):
        if mutant.file.endswith(".py"):
            whole = (REPOSITORY / mutant.file).read_text()
            (tmp_path / f"m{place}.py").write_text(whole.replace(mutant.text, mutant.becomes))
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    done = subprocess.run(
        [*command, "--select", "F821", "--output-format", "concise", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "All checks passed!", done.stdout
