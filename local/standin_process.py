"""The Genlook stand-in seen from outside: start it, reach it, end it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.children import Child, require_free_port

START_SECONDS = 60.0  # its first start after an installation compiles a good deal


@dataclass(frozen=True)
class Genlook:
    """Where the Genlook API is, and the stand-in's process if it is one."""

    base_url: str
    api_key: str
    control_url: str | None = None
    child: Child | None = None


@contextmanager
def running_standin(home: Path, port: int = 0, options: Sequence[str] = ()) -> Iterator[Genlook]:
    """Run the stand-in, with its files below `home`, for the `with` block."""
    require_free_port(port, "Genlook stand-in")
    home.mkdir(parents=True, exist_ok=True)
    ready = home / "standin.json"
    ready.unlink(missing_ok=True)
    arguments = ["local.genlook", "--port", str(port), "--ready-file", str(ready), *options]
    child = Child(
        "Genlook stand-in",
        sys.executable,
        arguments,
        log=home / "standin.log",
        environment={"HOME": str(home), "TMPDIR": str(home)},
    )
    try:
        said = child.wait_ready(ready, START_SECONDS)
        yield Genlook(said["baseUrl"], said["apiKey"], said["controlUrl"], child)
    finally:
        child.stop()
