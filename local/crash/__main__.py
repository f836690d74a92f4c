"""The crash test: `python -m local.crash [--seed N] [--try-ons N] [--cases N]`.

It deploys the stack into the embedded engine, kills the functions' processes at each of their
calls, and checks that no try-on is paid for twice, that each has one outcome, that nothing is left
that nobody picks up, and, once all of it is to be forgotten, that nothing of it stays.
"""

import argparse
import random
import signal
import sys
from pathlib import Path
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.crash import report
from local.crash.parts import Outcome, Size, mixture, single_kills, whole_shop
from local.crash.stage import stage
from local.failures import LocalSystemError
from local.paths import OUT
from local.system import run_folder

_INTERRUPTED = 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.crash", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the random choices of a run")
    parser.add_argument("--try-ons", type=int, default=300, help="of the second part")
    parser.add_argument("--cases", type=int, help="of the first part, by chance (default: all)")
    parser.add_argument("--out", type=Path, default=OUT / "crash.json")
    return parser


def crash(console: Console, size: Size, seed: int, out: Path) -> bool:
    """Run all parts; whether every promise was kept."""
    console.say(f"seed {seed}\n")
    with run_folder() as home, stage(home, console.step) as set_up:
        one = single_kills(set_up, size, random.Random(seed), console.step)
        _tell(console, f"part one: {len(one.cases)} cases", one)
        two = mixture(set_up, size, seed, one, console.step)
        _tell(console, f"part two: {size.try_ons} try-ons", two)
        states = report.states(set_up)
        three = whole_shop(set_up, size, random.Random(seed), console.step)
        _tell(console, f"part three: {len(three.cases)} cases", three)
        facts = report.summary(seed, one, two, three, states, set_up)
    report.write(facts, out)
    ends = ", ".join(f"{count} {end}" for end, count in facts["ends"].items())
    verdict = "every promise was kept" if facts["good"] else "PROMISES WERE BROKEN"
    console.say(
        f"\n{verdict}: {facts['kills']} kills in {facts['calls']} calls "
        f"({facts['callsNotReached']} planned kills not reached), "
        f"{facts['creditsSpent']} credits, {ends} (seed {seed}; {out})"
    )
    return bool(facts["good"])


def _tell(console: Console, what: str, outcome: Outcome) -> None:
    for line in report.table(outcome.cases):
        console.say(line)
    console.step(f"{what}, {outcome.seconds:.0f} s, {len(outcome.violations)} violations")
    for violation in outcome.violations:
        console.say(f"  VIOLATION {violation}")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run, and end all that was started however it ends."""
    args = _parser().parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if args.seed is None else args.seed
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    try:
        return 0 if crash(console, Size(args.try_ons, args.cases), seed, args.out) else 1
    except KeyboardInterrupt:
        console.say("\nstopped")
        return _INTERRUPTED
    except (LocalSystemError, BotoCoreError, ClientError) as error:
        console.say(f"\ncrash failed: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
