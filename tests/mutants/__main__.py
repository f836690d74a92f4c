"""Mutants: `python -m tests.mutants [--sample N] [--seed N] [module ...]`.

Each mutant changes one thing in a module that keeps a promise: an operator, a condition of
DynamoDB, a statement, a constant. The tests that execute the changed line must fail. What survives
is printed, to be looked at: an equivalent change, or a test that is missing.
"""

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.mutants.operators import Mutant, mutants

REPOSITORY = Path(__file__).parents[2]
_PACKAGE = Path("shared/tryon_worker")
KEEP_PROMISES = (
    *(f"tryons/{name}.py" for name in ("step", "submit", "submit_result", "outcome", "ledger")),
    *(f"tryons/{name}.py" for name in ("polling", "review", "recover", "defer", "result")),
    *(f"erasure/{name}.py" for name in ("erase", "in_flight", "sweep", "shop", "store")),
    *(f"photos/{name}.py" for name in ("receive", "store")),
    *("shoppers.py", "account/circuit_breaker.py", "account/rate_limiter.py"),
)
"""The modules that keep the promises."""

_TESTS = ("tests/shared", "tests/functions")
_QUICK = ("-m", "not engine and not long", "-q", "-p", "no:cacheprovider")
_ENVIRONMENT = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # half the time
# As many test files as one run of pytest gets. Most mutants are noticed by the first such run; what
# survives goes through all others that execute the line.
_AT_ONCE = 10
_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Found:
    """What became of the mutants of a module."""

    source: str
    tried: int
    survivors: list[Mutant]
    seconds: float

    def __str__(self) -> str:
        noticed = self.tried - len(self.survivors)
        share = 100 * noticed / max(1, self.tried)
        return f"{noticed} of {self.tried} noticed, {share:.1f}%, in {self.seconds:.0f} s"


class Traced:
    """Which test files execute a line of a module."""

    def __init__(self, seen: dict[str, dict[str, Any]]) -> None:
        self._seen = seen

    @classmethod
    def run(cls, root: Path, tests: Sequence[str]) -> "Traced":
        """Runs all tests once and notes what they execute."""
        out = root / "trace.json"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.mutants.trace", *_QUICK, *tests],
            cwd=root,
            env={**_ENVIRONMENT, "MUTANTS_TRACE": str(out)},
            check=False,
            capture_output=True,
            text=True,
        )
        if not out.exists():
            raise SystemExit(f"the tests cannot be run:\n{done.stdout[-2000:]}")
        if done.returncode:
            print(f"no mutant is tried with what fails already:\n{done.stdout[-2000:]}")
        return cls(json.loads(out.read_text()))

    def of(self, module: Path, line: int, source: str) -> list[str]:
        """The files that execute a line: those named after the module, then the quickest.

        What is executed at import, when nothing is traced, is left to the files that execute a line
        which uses the name that it binds, then to all that execute anything of the module.
        """
        if not _is_run_at_import(source, line):
            return self._that_execute(module, {line})
        users = self._that_execute(module, _users(source, line))
        others = self._that_execute(module, range(1, source.count("\n") + 2))
        return list(dict.fromkeys(users + others))

    def _that_execute(self, module: Path, lines: Iterable[int]) -> list[str]:
        wanted = set(lines)
        found = [
            (f"test_{module.stem}" not in file, float(seen["seconds"]), file)
            for file, seen in self._seen.items()
            if not wanted.isdisjoint(seen["lines"].get(str(module), ()))
        ]
        return [file for *_, file in sorted(found)]


def _is_run_at_import(source: str, line: int) -> bool:
    return not any(
        isinstance(node, ast.FunctionDef) and node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(ast.parse(source))
    )


def _users(source: str, line: int) -> set[int]:
    """The lines that use a name which the statement at ``line`` binds."""
    names, used = set(), defaultdict(set)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or 0):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id].add(node.lineno)
    return {use for name in names for use in used[name]}


@contextmanager
def copies(number: int) -> Iterator[list[Path]]:
    """So many working copies of the tree."""
    with tempfile.TemporaryDirectory() as folder:
        listed = subprocess.run(
            [
                shutil.which("git") or "git",
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\n")
        roots = [Path(folder) / str(place) for place in range(number)]
        for root in roots:
            for name in filter(None, listed):
                if (REPOSITORY / name).is_file():
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(REPOSITORY / name, root / name)
        yield roots


def is_noticed(root: Path, module: str, source: str, files: Sequence[str]) -> bool:
    """Whether any of the test files fails with the module's ``source``; to hang is to fail."""
    path = root / module
    before = path.read_text()
    path.write_text(source)
    try:
        runs = range(0, len(files), _AT_ONCE)
        return any(_fails(root, files[first : first + _AT_ONCE]) for first in runs)
    finally:
        path.write_text(before)


def _fails(root: Path, files: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-x", *_QUICK, *files],
            env=_ENVIRONMENT,
            cwd=root,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def search(
    modules: Sequence[str],
    *,
    tests: Sequence[str] = _TESTS,
    sample: int = 0,
    seed: int = 0,
    workers: int = 2,
) -> Iterator[tuple[str, Found]]:
    """Tries the mutants of each module in turn; ``sample`` so many of each, 0 all."""
    with copies(workers) as roots, ThreadPoolExecutor(workers) as pool:
        traced = Traced.run(roots[0], tests)
        free: SimpleQueue[Path] = SimpleQueue()
        for root in roots:
            free.put(root)

        def notice(module: str, mutant: Mutant, source: str) -> bool:
            files = traced.of(roots[0] / module, mutant.line, source)
            names = [str(Path(file).relative_to(roots[0])) for file in files]
            root = free.get()
            try:
                return is_noticed(root, module, mutant.of(source), names)
            finally:
                free.put(root)

        for module in modules:
            began = time.monotonic()
            source = (roots[0] / module).read_text()
            tried = mutants(source)
            if sample and len(tried) > sample:
                tried = random.Random(seed).sample(tried, sample)
            noticed = list(pool.map(lambda one, m=module, s=source: notice(m, one, s), tried))
            survivors = [one for one, was in zip(tried, noticed, strict=True) if not was]
            yield module, Found(source, len(tried), survivors, time.monotonic() - began)


def shown(module: str, source: str, mutant: Mutant) -> str:
    """A survivor as a diff."""
    lines = difflib.unified_diff(
        source.splitlines(), mutant.of(source).splitlines(), n=1, lineterm=""
    )
    return "\n".join(["", f"{module}:{mutant.line}", *list(lines)[2:]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="paths from the repository's root")
    parser.add_argument("--sample", type=int, default=0, help="so many of each module, by chance")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    modules = args.modules or [str(_PACKAGE / name) for name in KEEP_PROMISES]
    summary = []
    for module, found in search(modules, sample=args.sample, seed=args.seed):
        for mutant in found.survivors:
            print(shown(module, found.source, mutant), flush=True)
        summary.append(f"{module}: {found}")
        print(f"\n{summary[-1]}", flush=True)
    print("", *summary, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
