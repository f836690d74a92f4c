"""Removes what keeps a promise, one place at a time, and fails if the tests stay green without it.

    make mutants                  all of them
    make mutants ONLY=lease       those whose name contains "lease"

Each mutant is a copy of the tree with one text replaced. The tests that are to notice it run first
on the tree as it is: a test that is red anyway would prove nothing. As many run at a time as there
are processors, each in a copy of its own.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

REPOSITORY = Path(__file__).resolve().parents[2]
_COPIED = ("shared", "functions", "local", "tests", "events", "template.yaml", "pyproject.toml")
_SECONDS = 300  # a mutant that makes a test wait for ever is noticed too
_SECONDS_OF_ALL = 1800


@dataclass(frozen=True)
class Ending:
    """How the tests ended; ``told`` is the first thing that was red."""

    red: bool
    told: str


def main(arguments: list[str]) -> int:
    """Tries all mutants whose name contains the word given; 0 if each was noticed."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="part of a mutant's name")
    only = parser.parse_args(arguments).only
    chosen = [m for m in MUTANTS if only in m.name]
    if not chosen:
        return _say(f'no mutant\'s name contains "{only}"', 2)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [Path(folder) / f"tree-{number}" for number in range(os.cpu_count() or 1)]
        for tree in trees:
            _copy(tree)
        if red := _unfit(trees[0], chosen):
            return _say(f"red without any mutant: {red}", 2)
        print(f"the tests are green; {len(chosen)} mutants", flush=True)
        unnoticed = list(_unnoticed(trees, chosen))
    noticed = len(chosen) - len(unnoticed)
    print(f"{noticed} of {len(chosen)} mutants were noticed")
    return _say(f"not noticed: {', '.join(unnoticed)}", 1) if unnoticed else 0


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _copy(tree: Path) -> None:
    tree.mkdir()
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tree / name)


def _unfit(tree: Path, mutants: list[Mutant]) -> str | None:
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    ending = _run(tree, tests, _SECONDS_OF_ALL) if tests else Ending(red=False, told="")
    return ending.told if ending.red else None


def _unnoticed(trees: list[Path], mutants: list[Mutant]) -> Iterator[str]:
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def noticed(mutant: Mutant) -> bool:
        tree = free.get()
        try:
            return _noticed(tree, mutant)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        for mutant, seen in zip(mutants, pool.map(noticed, mutants), strict=True):
            if not seen:
                yield mutant.name


def _noticed(tree: Path, mutant: Mutant) -> bool:
    started = time.monotonic()
    path = tree / mutant.file
    whole = path.read_text()
    if (places := whole.count(mutant.text)) != 1:
        print(f"  ?     {mutant.name}: its text is there {places} times in {mutant.file}")
        return False
    path.write_text(whole.replace(mutant.text, mutant.becomes))
    try:
        ending = _run(tree, list(mutant.tests))
    finally:
        path.write_text(whole)
    mark = "red  " if ending.red else "GREEN"
    print(f"  {mark} {time.monotonic() - started:5.1f} s  {mutant.name}  {ending.told}", flush=True)
    return ending.red


def _run(tree: Path, tests: list[str], seconds: int = _SECONDS) -> Ending:
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    # The environments are the repository's: only the sources are copied.
    engine = os.environ.get(
        "TRYON_ENGINE_PYTHON", str(REPOSITORY / ".local" / "engine-venv" / "bin" / "python")
    )
    environment = {**os.environ, "TRYON_ENGINE_PYTHON": engine}
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ending(red=True, told=f"no end within {seconds} s")
    # 1 is pytest's word for red tests; anything else (no such test, a broken file) is no proof.
    if done.returncode not in (0, 1):
        raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}")
    red = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return Ending(red=done.returncode == 1, told=red[0].split(" - ")[0][:120] if red else "")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
