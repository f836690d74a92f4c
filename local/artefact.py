"""Build what is deployed locally: the template's functions and layer, for this very machine.

A build is kept by the hash of all that goes into it, and so are the layer's wheels: from the
second run on nothing is built and no package index is asked.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from local.failures import LocalSystemError
from local.paths import REPOSITORY, STATE, sam

_SOURCES = ("template.yaml", "samconfig.toml", "functions", "shared")
_LOCK = REPOSITORY / "shared" / "requirements.txt"
_KEPT_BUILDS = 3
_OLD_SECONDS = 3600  # younger ones may be in use by a run beside ours
_SECONDS = 600  # a slow line may take minutes for the wheels


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _fingerprint(*roots: Path) -> str:
    """Hash names and contents, and the Python that the artefact is for."""
    digest = hashlib.sha256(sys.implementation.cache_tag.encode())
    for root in roots:
        for path in _files(root):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(REPOSITORY)} {content}\n".encode())
    return digest.hexdigest()[:16]


def _run(command: list[str], environment: dict[str, str], purpose: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise LocalSystemError(f"{purpose}: {command[0]} is missing") from error
    if done.returncode:
        words = (done.stdout + done.stderr).strip().splitlines()[-8:]
        raise LocalSystemError(f"{purpose} failed:\n  " + "\n  ".join(words))


def _publish(made: Path, final: Path) -> None:
    """Move a finished folder into place; whoever made the same one first has won."""
    try:
        made.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(made, ignore_errors=True)


def _scratch(parent: Path) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="unfinished-", dir=parent))


def _wheels() -> Path:
    """Fetch the layer's dependencies once; pip reads the user's own index settings."""
    final = STATE / "wheels" / _fingerprint(_LOCK)
    if not final.is_dir():
        scratch = _scratch(final.parent)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes"]
        command += ["--dest", str(scratch), "--requirement", str(_LOCK)]
        _run(command, dict(os.environ), "fetching the layer's dependencies")
        _publish(scratch, final)
    return final


def _build_environment(wheels: Path) -> dict[str, str]:
    return {
        **os.environ,
        "LAYER_TARGET": "host",
        "PYTHON": sys.executable,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels.as_uri(),
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(STATE / "sam"),
        # `sam build` starts `make`; a make above us must not tell it anything.
        "MAKEFLAGS": "",
        "MAKELEVEL": "0",
    }


def _forget_old(parent: Path) -> None:
    """Remove all but the newest builds, and what a killed one left unfinished an hour ago."""
    newest_first = sorted(parent.glob("*/"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest_first[_KEPT_BUILDS:]:
        if time.time() - old.stat().st_mtime > _OLD_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def built_template() -> Path:
    """Return the template of a build of the present sources, building it if there is none."""
    final = STATE / "build" / _fingerprint(*(REPOSITORY / name for name in _SOURCES))
    if not final.is_dir():
        wheels = _wheels()
        # Beside the final folder: the built template points to sources by relative paths.
        scratch = _scratch(final.parent)
        command = [str(sam()), "build", "--template-file", "template.yaml", "--no-cached"]
        command += ["--build-dir", str(scratch), "--cache-dir", str(STATE / "sam" / "cache")]
        _run(command, _build_environment(wheels), "sam build")
        _publish(scratch, final)
        _forget_old(final.parent)
    return final / "template.yaml"
