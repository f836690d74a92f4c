"""Measures on the deployed stack what the bench takes for granted of its surroundings.

    make overheads                five minutes at six try-ons a minute

What Lambda, Step Functions and the tables add, from the engine's own record of each execution and
the stand-in's of each call, beside the figures of ``overheads.py``. It is not AWS that is measured:
the engine's functions run in processes of their own, on this machine. ``out/overheads.json``.
"""

import argparse
import json
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bench import overheads
from bench.load import Load, loaded_system
from bench.surroundings import Call, Execution, facts
from local.console import Console
from local.failures import LocalSystemError
from local.paths import OUT
from local.system import System

_PER_MINUTE = 6


def state_machine(system: System, journal: list[dict[str, Any]]) -> list[Execution]:
    """Every wait of the stack, each with the calls about its generation."""
    client = system.engine.client("stepfunctions")
    arn = system.stack.outputs["StateMachineArn"]
    found = []
    for page in client.get_paginator("list_executions").paginate(stateMachineArn=arn):
        for execution in page["executions"]:
            which = {"executionArn": execution["executionArn"]}
            events = client.get_paginator("get_execution_history").paginate(**which)
            history = [event for page in events for event in page["events"]]
            about = json.loads(client.describe_execution(**which)["input"])["generationId"]
            calls = [
                _call(call) for call in journal if about in (call["generationId"] or call["path"])
            ]
            if calls:
                found.append(Execution.of(history, calls))
    return found


def _call(call: dict[str, Any]) -> Call:
    return Call(call["operation"], call["time"], call["time"] + call["seconds"])


def main(arguments: list[str]) -> int:
    """Runs it and tells the figures; it has nothing to reach."""
    parser = argparse.ArgumentParser(prog="overheads", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    console = Console()
    try:
        with loaded_system(console) as (system, control):
            load = Load(system, console)
            load.prepare()
            control.clear_journal()
            load.send(args.minutes, _PER_MINUTE, args.seed)
            found = facts(state_machine(system, control.calls()))
    except KeyboardInterrupt:
        console.say("\nstopped")
        return 130
    except (LocalSystemError, BotoCoreError, ClientError, TimeoutError) as error:
        console.say(f"\noverheads failed: {error}")
        return 1
    for name, fact in found.items():
        fact["takenForGrantedSeconds"] = getattr(overheads, name)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "overheads.json").write_text(json.dumps(found, indent=1) + "\n")
    console.say(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
