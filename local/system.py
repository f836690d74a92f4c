"""The whole local system: stand-in, engine and the deployed stack, started and ended as one."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.artefact import built_template
from local.deployment import Stack, deploy, put_api_key
from local.engine_process import Engine, running_engine
from local.paths import LOGS, STATE, function_python
from local.standin_process import Genlook, running_standin

Report = Callable[[str], None]


@dataclass(frozen=True)
class LaunchOptions:
    """What a caller asks of the local system."""

    engine_port: int = 0
    genlook_port: int = 0
    genlook: Genlook | None = None  # an API to use in place of the stand-in
    parameters: Mapping[str, str] = field(default_factory=dict)
    standin_options: Sequence[str] = ()


@dataclass(frozen=True)
class System:
    """A running local system."""

    engine: Engine
    genlook: Genlook
    stack: Stack
    home: Path

    def check(self) -> None:
        """Raise if a part of it ended."""
        self.engine.child.check()
        if self.genlook.child is not None:
            self.genlook.child.check()

    def description(self) -> dict[str, Any]:
        """Say how to use it: the content of the stack file."""
        return {
            "endpointUrl": self.engine.endpoint_url,
            "region": self.engine.region,
            "genlookBaseUrl": self.genlook.base_url,
            "genlookApiKey": self.genlook.api_key,
            "outputs": dict(self.stack.outputs),
        }


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sweep(parent: Path) -> None:
    """Remove what runs left behind that were killed."""
    for old in parent.glob("*-*"):
        pid = old.name.split("-", 1)[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def run_folder() -> Iterator[Path]:
    """Make a folder for one run: nothing of two runs side by side lies in the same place."""
    parent = STATE / "run"
    parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        _keep_logs(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _keep_logs(folder: Path) -> None:
    """Keep the last run's logs in one place, for whoever wants to know why."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copyfile(log, LOGS / log.name)


def _parameters(genlook: Genlook, launch: LaunchOptions) -> dict[str, str]:
    # Plain HTTP is all that loopback speaks here; the policies that deny it are for AWS.
    own = {"GenlookBaseUrl": genlook.base_url, "RequireTls": "false"}
    return {**own, **launch.parameters}


@contextmanager
def running_system(home: Path, launch: LaunchOptions, report: Report) -> Iterator[System]:
    """Start everything, deploy the stack, and end everything with the `with` block."""
    with ExitStack() as parts:
        genlook = launch.genlook
        if genlook is None:
            genlook = parts.enter_context(
                running_standin(home, launch.genlook_port, launch.standin_options)
            )
            report(f"Genlook stand-in listens on {genlook.base_url}")
        engine = parts.enter_context(
            running_engine(
                home, port=launch.engine_port, auth=True, function_python=function_python()
            )
        )
        report(f"embedded AWS engine listens on {engine.endpoint_url}")
        template = built_template()
        report("template.yaml is built")
        stack = deploy(engine, template, _parameters(genlook, launch), home / "deploy.log")
        put_api_key(engine, stack, genlook.api_key)
        report(f"stack {stack.name} is deployed: {len(stack.outputs)} outputs")
        yield System(engine, genlook, stack, home)
