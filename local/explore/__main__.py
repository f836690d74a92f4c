"""The explorer: `python -m local.explore [--minutes M] [--seed N] [--replay SCHEDULE]`."""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from multiprocessing import get_context
from typing import TypeVar

# Before Powertools is imported: it reads them once.
os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")

from local.explore import report
from local.explore.explorer import Tally, Tried, drawn, pairs, simplified, systematic
from local.explore.run import Ran, run
from local.explore.schedule import Schedule

# A part of the time goes to the random walks, the rest to what is tried in its order.
_RANDOM_PART = 0.4

# So many violations are shown call by call, the others by what replays them.
_MOST_SHOWN = 5

_T = TypeVar("_T")


def main(arguments: list[str]) -> int:
    """Explore, or replay one schedule; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m local.explore", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--replay", type=Schedule.parse)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    given = parser.parse_args(arguments)
    if given.replay:
        return _replay(given.replay)
    return _explore(given.minutes * 60, given.seed, given.processes, given.only)


def _replay(schedule: Schedule) -> int:
    ran = _quiet(lambda: run(schedule))
    print("\n".join(report.violation(ran)))
    return 1 if ran.violations else 0


def _explore(seconds: float, seed: int, processes: int, only: str) -> int:
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with get_context("fork").Pool(processes) as pool:
        asked = [(number, processes, seed, seconds, only) for number in range(processes)]
        answers = pool.starmap(_work, asked)
    tally, found = Tally(), dict[str, Ran]()
    finished = True
    for tried, broken, whole in answers:
        tally.merge(tried)
        found |= {**broken, **found}
        finished &= whole
    for ran in list(found.values())[:_MOST_SHOWN]:
        print("\n".join(report.violation(ran)))
    for ran in list(found.values())[_MOST_SHOWN:]:
        print(f'{ran.violations[0]}\n  make explore REPLAY="{ran.schedule}"')
    print(report.tried(tally, time.monotonic() - began))
    if finished:
        print("every schedule of two processes with at most two switches was tried")
    print(f"{len(found)} kinds of violations" if found else "every promise was kept")
    return 1 if found else 0


def _work(
    number: int, of: int, seed: int, seconds: float, only: str
) -> tuple[Tally, dict[str, Ran], bool]:
    """What one worker does: its part of the pairs, and random walks of its own."""
    return _quiet(lambda: _search(number, of, seed, seconds, only))


def _search(
    number: int, of: int, seed: int, seconds: float, only: str
) -> tuple[Tally, dict[str, Ran], bool]:
    began = time.monotonic()
    tally, found = Tally(), dict[str, Ran]()
    mine = [pair for pair in pairs() if only in pair.scenario]
    random.Random(seed).shuffle(mine)
    ordered = _in_order(mine[number::of])
    walks = _walks(random.Random(f"{seed}/{number}"), only)
    whole = False
    walked = 0.0
    while (spent := time.monotonic() - began) < seconds:
        before = time.monotonic()
        if whole or walked < spent * _RANDOM_PART:
            tried = next(walks)
            walked += time.monotonic() - before
        elif (next_one := next(ordered, None)) is not None:
            tried = next_one
        else:
            whole = True
            continue
        tally.add(tried.kind, tried.ran)
        if tried.ran.violations and (kind := _kind(tried.ran)) not in found:
            found[kind] = simplified(tried.ran)
    return tally, found, whole


def _in_order(mine: list[Schedule]) -> Iterator[Tried]:
    """All pairs at the same time, so that a short run sees something of each."""
    going = [systematic(pair) for pair in mine]
    while going:
        for one in list(going):
            tried = next(one, None)
            if tried is None:
                going.remove(one)
            else:
                yield tried


def _walks(dice: random.Random, only: str) -> Iterator[Tried]:
    while True:
        schedule = drawn(dice)
        if only not in schedule.scenario:
            continue
        try:
            yield Tried(f"{len(schedule.deeds)} processes at random", run(schedule))
        except LookupError:
            continue  # what was to be done is not there to be done


def _kind(ran: Ran) -> str:
    """What is told once: the same promise broken by the same deeds."""
    return f"{sorted(set(ran.schedule.deeds))} {ran.violations[0][:30]}"


def _quiet(do: Callable[[], _T]) -> _T:
    """Run without the worker's own lines."""
    with redirect_stdout(StringIO()):
        return do()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
