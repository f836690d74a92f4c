"""The launcher's command line: `python -m local demo` and `python -m local up`."""

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.demo.run import demo
from local.failures import LocalSystemError
from local.parameters import parameters
from local.paths import OUT, STACK_FILE
from local.standin_process import Genlook
from local.system import LaunchOptions
from local.up import up

# Product pictures of whatever shop somebody makes up: there may be no network to fetch them from.
_PICTURES = ("--draw",)

_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo_command = commands.add_parser("demo", help="show one try-on")
    demo_command.add_argument("--out", type=Path, default=OUT, help="folder for the picture")
    up_command = commands.add_parser("up", help="stay up until Ctrl-C")
    up_command.add_argument("--params", default="", help='stack parameters: "Name=value ..."')
    up_command.add_argument("--stack-file", type=Path, default=STACK_FILE)
    for command in (demo_command, up_command):
        command.add_argument("--port", type=int, default=0, help="the engine's (0: any free one)")
        command.add_argument("--genlook-port", type=int, default=0, help="the stand-in's")
    return parser


def given_genlook(environment: Mapping[str, str]) -> Genlook | None:
    """Return the API that the environment names, to be used in place of the stand-in."""
    url, key = environment.get("GENLOOK_BASE_URL"), environment.get("GENLOOK_API_KEY")
    if bool(url) != bool(key):
        raise LocalSystemError("GENLOOK_BASE_URL and GENLOOK_API_KEY go together: set both")
    return Genlook(url.rstrip("/"), key) if url and key else None


def _run(args: argparse.Namespace, console: Console) -> None:
    if args.command == "demo":
        demo(console, args.out, engine_port=args.port, genlook_port=args.genlook_port)
        return
    launch = LaunchOptions(
        engine_port=args.port,
        genlook_port=args.genlook_port,
        genlook=given_genlook(os.environ),
        parameters=parameters(args.params),
        standin_options=_PICTURES,
    )
    up(console, launch, args.stack_file.resolve())


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run a command; whatever ends it, all that it started has ended too."""
    args = _parser().parse_args()
    console = Console()
    # SIGINT too: a shell without job control starts what it puts behind with SIGINT ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        _run(args, console)
    except KeyboardInterrupt:
        console.say("\nstopped")
        return _INTERRUPTED
    except (LocalSystemError, BotoCoreError, ClientError) as error:
        console.say(f"\n{args.command} failed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
