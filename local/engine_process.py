"""The embedded engine seen from outside: start it, reach it, end it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.children import Child, require_free_port
from local.engine.environment import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local.paths import engine_python

START_SECONDS = 60.0


@dataclass(frozen=True)
class Engine:
    """A running engine and the way to reach it."""

    endpoint_url: str
    region: str
    child: Child

    @cached_property
    def session(self) -> boto3.Session:
        """A session with the engine's own root credentials."""
        return boto3.Session(
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            region_name=self.region,
        )

    def client(self, name: str, **options: Any) -> Any:
        """Make a boto3 client of the service `name`, pointed at the engine.

        Typed as `Any`: boto3 builds its clients at run time, from the name.
        """
        options.setdefault("config", _CONFIG)
        make: Callable[..., Any] = self.session.client
        return make(name, endpoint_url=self.endpoint_url, **options)

    def resource(self, name: str, **options: Any) -> Any:
        """Make a boto3 resource of the service `name`, pointed at the engine."""
        options.setdefault("config", _CONFIG)
        make: Callable[..., Any] = self.session.resource
        return make(name, endpoint_url=self.endpoint_url, **options)


# No proxy is between us and loopback, whatever the user's shell says.
_CONFIG = Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 2})


@contextmanager
def running_engine(
    home: Path,
    *,
    port: int = 0,
    region: str = "eu-west-1",
    auth: bool = False,
    function_python: Path | None = None,
    leave_open: str | None = None,
) -> Iterator[Engine]:
    """Run an engine with an empty state, and all its files below `home`, for the `with` block."""
    require_free_port(port, "engine")
    home.mkdir(parents=True, exist_ok=True)
    ready = home / "engine.json"
    ready.unlink(missing_ok=True)
    arguments = ["--port", str(port), "--ready-file", str(ready), "--home", str(home)]
    arguments += ["--region", region]
    arguments += ["--auth"] if auth else []
    arguments += ["--function-python", str(function_python)] if function_python else []
    arguments += ["--leave-open", leave_open] if leave_open else []
    child = Child(
        "engine",
        str(engine_python()),
        ["local.engine", *arguments],
        log=home / "engine.log",
        environment={},
    )
    try:
        said = child.wait_ready(ready, START_SECONDS)
        yield Engine(said["endpointUrl"], said["region"], child)
    finally:
        child.stop()
