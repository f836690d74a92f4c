"""Runs the deployed system in real time against the stand-in at its real limit.

    make soak                ten minutes at 40 try-ons a minute, photos ready
    make soak MINUTES=3

It ends with exit 1 if an answer was 429, a try-on did not complete, or the median delay of the
outcome's event is over four seconds above that of the bench. The facts are in ``out/soak.json``.
"""

import argparse
import json
import signal
import sys
from pathlib import Path
from types import FrameType

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from bench.cases import Case, lognormal
from bench.load import MEDIAN_SECONDS, TERMINAL, Load, loaded_system
from bench.soak_facts import Facts, Told, missed
from bench.worker import WorkerRun
from local.console import Console
from local.demo.observer import Event
from local.failures import LocalSystemError
from local.genlook.control import Control
from local.paths import OUT
from local.system import System
from tryon_worker.clock import from_iso

ARRIVALS_PER_MINUTE = 40


def told(system: System, control: Control, heard: list[Event]) -> list[Told]:
    """The outcomes with Genlook's own time of their end, asked for when the run is over."""
    control.set_account(requestsPerMinute=1_000_000)
    headers = {"x-api-key": system.genlook.api_key}
    outcomes = {event.detail["tryOnId"]: event for event in heard if event.detail_type in TERMINAL}
    with httpx.Client(base_url=system.genlook.base_url, headers=headers) as genlook:
        return [
            Told(
                event.detail_type == "TryOnCompleted",
                from_iso(event.detail["occurredAt"])
                - from_iso(
                    genlook.get(f"generations/{event.detail['generationId']}").json()["updatedAt"]
                ),
            )
            for event in outcomes.values()
            if "generationId" in event.detail
        ]


def run(console: Console, minutes: float, seed: int) -> Facts:
    """Sets all up, works, measures, ends all."""
    with loaded_system(console) as (system, control):
        load = Load(system, console)
        load.prepare()
        control.clear_journal()
        sent = load.send(minutes, ARRIVALS_PER_MINUTE, seed)
        calls = [call for call in control.calls() if call["apiKeySent"]]
        outcomes = told(system, control, load.heard)
    case = Case("soak", ARRIVALS_PER_MINUTE, lognormal(MEDIAN_SECONDS), MEDIAN_SECONDS, minutes)
    bench = WorkerRun(case, seed)()
    return Facts.of(minutes, sent, outcomes, calls, bench.seen.delays)


def main(arguments: list[str]) -> int:
    """Runs it; 0 if all that has to be reached was."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT / "soak.json")
    args = parser.parse_args(arguments)
    if args.minutes <= 0:
        parser.error("--minutes must be more than 0")
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    try:
        facts = run(console, args.minutes, args.seed)
    except KeyboardInterrupt:
        console.say("\nstopped")
        return 130
    except (LocalSystemError, BotoCoreError, ClientError, TimeoutError) as error:
        console.say(f"\nsoak failed: {error}")
        return 1
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(facts.to_json(), indent=1) + "\n")
    console.say(json.dumps(facts.to_json(), indent=1))
    for what in missed(facts):
        console.say(f"NOT REACHED: {what}")
    return 1 if missed(facts) else 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
