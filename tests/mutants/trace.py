"""A plugin of pytest: which lines of which modules each test file executes, and how long it takes.

``MUTANTS_TRACE`` names the file that it writes.
"""

import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

_PACKAGE = str(Path(__file__).parents[2] / "shared" / "tryon_worker")
_lines: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
_failed: set[str] = set()
_seconds: dict[str, float] = defaultdict(float)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Traces one test."""
    file = str(item.path)
    lines = _lines[file]

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(_PACKAGE):
            return None
        if event == "line":
            lines[name].add(frame.f_lineno)
        return trace

    began = time.monotonic()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)
        _seconds[file] += time.monotonic() - began


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A file that fails without any mutant, if only for being traced, says nothing about one."""
    if report.failed:
        _failed.add(report.nodeid.partition("::")[0])


def pytest_sessionfinish() -> None:
    """Writes what was seen."""
    seen = {
        file: {"seconds": _seconds[file], "lines": {m: sorted(n) for m, n in lines.items()}}
        for file, lines in _lines.items()
        if not file.endswith(tuple(_failed))
    }
    Path(os.environ["MUTANTS_TRACE"]).write_text(json.dumps(seen))
