"""A layer is unpacked once, and its files are shared by all workers: on AWS it is mounted.

The engine unpacks it for each worker anew, some 1,500 files, and holds all other starts meanwhile.
"""

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

_FOLDER = "layer_"  # how the engine calls the folder of a layer, and the archive beside it


def _unpacked(archive: "_Archive") -> Path:
    """Unpack a layer, unless it is there already: the folder is named after its content."""
    content = Path(str(archive.filename)).read_bytes()
    whole = Path(tempfile.gettempdir()) / f"layer-{hashlib.sha256(content).hexdigest()[:16]}"
    if not whole.is_dir():
        scratch = tempfile.mkdtemp(prefix="unfinished-", dir=whole.parent)
        zipfile.ZipFile.extractall(archive, scratch)
        try:
            Path(scratch).rename(whole)
        except OSError:  # another start was faster
            if not whole.is_dir():
                raise
    return whole


class _Archive(zipfile.ZipFile):
    """An archive of the engine's; a layer's is linked to."""

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        if not os.path.basename(path or "").startswith(_FOLDER):
            super().extractall(path, members, pwd)
            return
        for part in _unpacked(self).iterdir():
            (Path(path) / part.name).symlink_to(part)


class _Zipfile:
    """The `zipfile` module with archives that know layers."""

    ZipFile = _Archive

    def __getattr__(self, name: str) -> Any:
        return getattr(zipfile, name)


def apply() -> None:
    """Let workers share layers."""
    if lambda_runtime.zipfile is not zipfile:
        raise RuntimeError("the engine unpacks layers in another way")
    lambda_runtime.zipfile = _Zipfile()
