"""The file that tells others how to use the running system: `.local/stack.json`."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def _write(path: Path, text: str) -> None:
    """Write it whole or not at all: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(unfinished, path)


def _remove(path: Path, text: str) -> None:
    with suppress(FileNotFoundError):
        if path.read_text() == text:  # another run's file is that run's to remove
            path.unlink()


@contextmanager
def published(path: Path, description: Mapping[str, Any]) -> Iterator[None]:
    """Keep the file in place for the `with` block."""
    text = json.dumps(description, indent=2) + "\n"
    _write(path, text)
    try:
        yield
    finally:
        _remove(path, text)
