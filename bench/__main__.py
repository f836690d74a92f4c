"""Runs every policy under every load in virtual time: a table, JSON and a plot.

    make bench             30 simulated minutes of each
    make bench SEED=7      other arrivals, durations and latencies

Exit 1 if a row of the worker misses what it has to reach (``bench/bar.py``).
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

from bench.bar import missed
from bench.cases import Case, cases
from bench.plot import plot
from bench.policies import Fixed2s, Fixed5s, Fixed10s, LowerBound
from bench.report import table, write_json
from bench.results import Result, result_of
from bench.run import Run
from bench.worker import WorkerRun

OUT = Path("out")
POLICIES: tuple[type[Run], ...] = (WorkerRun, Fixed2s, Fixed5s, Fixed10s, LowerBound)


def main(arguments: list[str]) -> int:
    """Runs it; 0 if all that has to be reached was."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args(arguments).seed
    began = time.monotonic()
    results = run_all(seed)
    print(table(results))
    write_json(results, OUT / "bench.json")
    plot(results, OUT / "bench.png")
    print(f"\n{time.monotonic() - began:.0f} s; {OUT}/bench.json, {OUT}/bench.png (seed {seed})")
    if below := missed(results):
        print("\nnot reached:\n  " + "\n  ".join(below), file=sys.stderr)
        return 1
    print("every row of the bar was reached")
    return 0


def run_all(seed: int) -> list[Result]:
    """All policies under all loads, in the order of the table."""
    grid = list(product(range(len(cases())), range(len(POLICIES))))
    with ProcessPoolExecutor() as pool:
        return list(pool.map(_one, *zip(*((c, p, seed) for c, p in grid), strict=True)))


def _one(case: int, policy: int, seed: int) -> Result:
    """By their places: a law of durations is a function, which no other process can be sent."""
    return run_one(cases()[case], POLICIES[policy], seed)


def run_one(case: Case, policy: type[Run], seed: int) -> Result:
    """One policy under one load."""
    return result_of(policy(case, seed)())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
