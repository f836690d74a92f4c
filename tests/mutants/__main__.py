"""Mutants: `python -m tests.mutants [--sample N] [--seed N] [module ...]`.

Each mutant changes one thing in a module that keeps a promise: an operator, a condition of
DynamoDB, a statement, a constant. The tests that execute the changed line must fail. What survives
is printed, to be looked at: an equivalent change, or a test that is missing.
"""

import argparse
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.operators import Mutant, mutants

REPOSITORY = Path(__file__).parents[2]
_PACKAGE = Path("shared/tryon_worker")
_GIT = shutil.which("git") or "git"
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
# The quickest that execute the line; whatever these do not notice, hardly any other would.
_TEST_FILES = 10
_TIMEOUT_SECONDS = 180


@dataclass
class Found:
    """What became of the mutants of a module."""

    source: str = ""
    noticed: int = 0
    survivors: list[Mutant] = field(default_factory=list)

    def share(self) -> float:
        """How many of a hundred were noticed."""
        return 100 * self.noticed / max(1, self.noticed + len(self.survivors))


class Tests:
    """Which test files execute a line of a module."""

    def __init__(self, seen: dict[str, dict[str, object]]) -> None:
        self._seen = seen

    @classmethod
    def traced(cls, root: Path, tests: Sequence[str]) -> "Tests":
        """Runs all tests once and notes what they execute."""
        out = root / "trace.json"
        command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.trace", *_QUICK, *tests]
        done = subprocess.run(
            command,
            cwd=root,
            env={**os.environ, "MUTANTS_TRACE": str(out)},
            check=False,
            capture_output=True,
            text=True,
        )
        if not out.exists():
            raise SystemExit(f"the tests cannot be run:\n{done.stdout[-2000:]}")
        return cls(json.loads(out.read_text()))

    def of(self, module: Path, line: int) -> list[str]:
        """The files that execute a line, the quickest first."""
        found = []
        for file, seen in self._seen.items():
            lines = seen["lines"]
            assert isinstance(lines, dict)
            if line in lines.get(str(module), ()):
                found.append((float(str(seen["seconds"])), file))
        return [file for _, file in sorted(found)[:_TEST_FILES]]


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
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-x", *_QUICK, *files],
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # half the time
            cwd=root,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(before)
    return done.returncode != 0


def search(
    modules: Sequence[str],
    *,
    tests: Sequence[str] = _TESTS,
    sample: int = 0,
    seed: int = 0,
    workers: int = 2,
) -> dict[str, Found]:
    """Tries the mutants of the modules; ``sample`` so many of each, 0 all."""
    found: dict[str, Found] = {module: Found() for module in modules}
    with copies(workers) as roots, ThreadPoolExecutor(workers) as pool:
        traced = Tests.traced(roots[0], tests)
        free: SimpleQueue[Path] = SimpleQueue()
        for root in roots:
            free.put(root)

        def attempt(module: str, mutant: Mutant, source: str) -> None:
            files = traced.of(roots[0] / module, mutant.line)
            names = [str(Path(file).relative_to(roots[0])) for file in files]
            root = free.get()
            try:
                noticed = bool(names) and is_noticed(root, module, mutant.of(source), names)
            finally:
                free.put(root)
            if noticed:
                found[module].noticed += 1
            else:
                found[module].survivors.append(mutant)

        waiting = []
        for module in modules:
            source = found[module].source = (roots[0] / module).read_text()
            all_of_it = mutants(source)
            if sample and len(all_of_it) > sample:
                all_of_it = random.Random(seed).sample(all_of_it, sample)
            waiting += [pool.submit(attempt, module, mutant, source) for mutant in all_of_it]
        for one in waiting:
            one.result()
    return found


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
    found = search(modules, sample=args.sample, seed=args.seed)
    for module, one in found.items():
        for mutant in one.survivors:
            print(shown(module, one.source, mutant))
    print()
    for module, one in found.items():
        number = one.noticed + len(one.survivors)
        print(f"{one.share():5.1f}% of {number:4} noticed  {module}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
