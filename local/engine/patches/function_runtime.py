"""Functions run in an interpreter of their own with what Lambda sets, and nothing else.

The engine runs them on its own Python, with its packages and its environment. A dependency that is
missing from the artefact, or a variable that only the developer's shell has, would go unnoticed.
"""

import os
import subprocess
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime

from local.engine.patches.wrapping import Function, wrap

# What AWS sets beside the names that the engine already sets itself.
_SET_BY_LAMBDA = {
    "PATH": os.defpath,
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
}


class _CleanSubprocess:
    """The `subprocess` module, but children don't inherit the engine's environment."""

    def __init__(self) -> None:
        self._inherited = {**os.environ}

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    def Popen(self, *args: Any, env: dict[str, str], **kwargs: Any) -> Any:  # noqa: N802  subprocess's
        # A function's own variables that look inherited come back: the worker sets them at start.
        own = {k: v for k, v in env.items() if self._inherited.get(k) != v}
        kept = {"TMPDIR": self._inherited["TMPDIR"]}
        kept |= {k: env[k] for k in ("AWS_REGION", "AWS_DEFAULT_REGION")}
        kept |= {k: env[k] for k in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        start: Callable[..., Any] = subprocess.Popen
        return start(*args, env={**_SET_BY_LAMBDA, **kept, **own}, **kwargs)


def _using(python: str) -> Any:
    def make(original: Function) -> Function:
        def detect(runtime: str) -> Any:
            binary, script = original(runtime)
            return (python if runtime.startswith("python") else binary), script

        return detect

    return make


def apply(function_python: str | None) -> None:
    """Close the gap; without an interpreter given, the engine's own is used."""
    lambda_runtime.subprocess = _CleanSubprocess()
    if function_python:
        wrap(lambda_runtime, "_detect_runtime_binary", _using(function_python))
