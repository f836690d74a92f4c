"""Runs the stand-in as a process: `python -m local.genlook`."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from local.genlook.clock import Clock
from local.genlook.openapi import url
from local.genlook.server import HOST, listen, make_server
from local.genlook.settings import Quirks, Settings
from local.genlook.store import State

BUSY = 2


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        bound = listen(options.port)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        print(f"genlook stand-in: cannot use {HOST}:{options.port}: {why}", file=sys.stderr)
        return BUSY
    state = State(_settings(options), Clock())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # the server has handled it; the exit is no error
    with bound:
        make_server(state, bound, lambda: _publish(state, options.ready_file)).run([bound])
    return 0


def _publish(state: State, ready_file: Path | None) -> None:
    """Say where it listens: on the terminal, and in a file that appears whole or not at all."""
    facts = {
        "baseUrl": url(state.origin),
        "controlUrl": f"{state.origin}/_control",
        "apiKey": state.settings.api_keys[0],
        "pid": os.getpid(),
    }
    print(f"genlook stand-in: {facts['baseUrl']} (docs at {state.origin}/docs)", flush=True)
    if ready_file:
        draft = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
        draft.write_text(json.dumps(facts))
        draft.replace(ready_file)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        api_keys=tuple(options.api_key or Settings.api_keys),
        credits=options.credits,
        requests_per_minute=options.requests_per_minute,
        median_seconds=options.median_seconds,
        sigma=options.sigma,
        seed=options.seed,
        keep_for_days=options.keep_for_days,
        link_seconds=options.link_seconds,
        logo=options.logo,
        resolve=dict(options.resolve),
        network=options.network,
        draw=options.draw,
        quirks=options.quirks,
    )


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser("python -m local.genlook", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0: a free one")
    add("--ready-file", type=Path, help="written once it listens: baseUrl, controlUrl, apiKey")
    add("--api-key", action="append", help="may be repeated; each opens an account of its own")
    add("--credits", type=int, default=default.credits, help="of each account")
    add("--requests-per-minute", type=int, default=default.requests_per_minute)
    add("--median-seconds", type=float, default=default.median_seconds, help="of a generation")
    add("--sigma", type=float, default=default.sigma, help="of its lognormal duration")
    add("--seed", type=int, default=default.seed)
    add("--keep-for-days", type=int, choices=(1, 3, 7), default=default.keep_for_days)
    add("--link-seconds", type=float, default=default.link_seconds, help="life of a link")
    add("--logo", type=_file, help="watermark of the account")
    add("--resolve", action="append", type=_resolve, default=[], metavar="URL_PREFIX=DIR",
        help="answer picture URLs that begin so from the files of a folder")  # fmt: skip
    add("--network", action=argparse.BooleanOptionalAction, default=default.network,
        help="really download pictures at other URLs")  # fmt: skip
    add("--draw", action=argparse.BooleanOptionalAction, default=default.draw,
        help="draw what cannot be downloaded, but for .invalid hosts")  # fmt: skip
    add("--quirks", type=Quirks.model_validate_json, default=default.quirks, metavar="JSON",
        help='undocumented behaviours, e.g. {"retryAfter": "seconds"}')  # fmt: skip
    return parser


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return Path(text)


def _resolve(text: str) -> tuple[str, Path]:
    prefix, found, folder = text.rpartition("=")
    if not found or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError("give URL_PREFIX=DIR with an existing folder")
    return prefix, Path(folder)


if __name__ == "__main__":
    sys.exit(main())
