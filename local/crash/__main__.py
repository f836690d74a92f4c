"""The crash test: `python -m local.crash [--seed N] [--try-ons N] [--kills SHARE]`.

It deploys the stack into the embedded engine, kills the functions' processes at random calls, and
checks that no try-on is paid for twice, that each has one outcome, that nothing is left that
nothing picks up, and, once the whole shop is erased, that nothing of it stays. The explorer of
schedules stops processes at every call; here the processes, the engine and the sockets are real.
"""

import argparse
import json
import random
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.crash.harness import Harness, harness
from local.crash.random_scenario import Done, RandomScenario, Size
from local.failures import LocalSystemError
from local.paths import OUT
from local.system import run_folder

_INTERRUPTED = 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.crash", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the random choices of a run")
    parser.add_argument("--try-ons", type=int, default=300)
    parser.add_argument("--kills", type=float, default=0.004, help="share of calls that kill")
    parser.add_argument("--out", type=Path, default=OUT / "crash.json")
    return parser


def crash(console: Console, size: Size, seed: int, out: Path) -> bool:
    """Play the scenario; whether every promise was kept."""
    console.say(f"seed {seed}\n")
    with run_folder() as home, harness(home, console.step) as started:
        done = RandomScenario(started, size, seed, console.step).play()
        facts = _facts(seed, done, started)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(facts, indent=2) + "\n")
    for violation in done.violations:
        console.say(f"  VIOLATION {violation}")
    verdict = "PROMISES WERE BROKEN" if done.violations else "every promise was kept"
    console.say(
        f"\n{verdict}: {facts['tryOns']} try-ons, {done.kills} kills in {facts['calls']} calls, "
        f"{done.faults} faults, {done.delivered_again} messages delivered again, "
        f"{facts['creditsSpent']} credits (seed {seed}; {out})"
    )
    return not done.violations


def _facts(seed: int, done: Done, started: Harness) -> dict[str, Any]:
    return {
        **asdict(done),
        "erased": sorted(done.erased),
        "seed": seed,
        "tryOns": sum(done.requested.values()),
        "calls": len(started.watch.seen),
        "creditsSpent": started.control.charges(),
    }


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run, and end all that was started however it ends."""
    args = _parser().parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if args.seed is None else args.seed
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    try:
        return 0 if crash(console, Size(args.try_ons, args.kills), seed, args.out) else 1
    except KeyboardInterrupt:
        console.say("\nstopped")
        return _INTERRUPTED
    except (LocalSystemError, BotoCoreError, ClientError) as error:
        console.say(f"\ncrash failed: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
