"""Serve the patched engine on a socket that is already ours, and say when it is ready."""

import asyncio
import json
import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from local.engine.environment import ACCOUNT_ID, HOST


def _raise_file_limit() -> None:
    # Each warm function holds three pipes; the usual soft limit of 1024 is soon used up.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS calls its own hard limit too high
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _publish(ready_file: Path, port: int, region: str) -> None:
    content = {"endpointUrl": f"http://{HOST}:{port}", "region": region, "accountId": ACCOUNT_ID}
    unfinished = ready_file.with_suffix(".tmp")
    unfinished.write_text(json.dumps(content))
    os.replace(unfinished, ready_file)


async def _answers(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


async def serve(
    listener: socket.socket,
    application: Any,
    ready_file: Path,
    region: str,
    at_end: Callable[[], None],
) -> None:
    """Serve until SIGTERM, then call `at_end` while the loop still runs."""
    _raise_file_limit()
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2  # clients' idle connections are nothing to wait for
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = asyncio.ensure_future(hypercorn_serve(application, config, shutdown_trigger=stop.wait))
    port = listener.getsockname()[1]
    probe = asyncio.ensure_future(_answers(port))
    await asyncio.wait({server, probe}, return_when=asyncio.FIRST_COMPLETED)
    if probe.done():
        _publish(ready_file, port, region)
    await server
    at_end()
