"""Who may know what: only the client knows HTTP, and the client knows no AWS and no use case."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tryon_worker

PACKAGE = Path(tryon_worker.__file__).parent
CLIENT = PACKAGE / "genlook"
HTTP = {"httpx", "httpcore", "h11", "urllib3", "requests", "http"}
ALLOWED = {"httpx", "httpcore", "pydantic", "tryon_worker"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_only_the_client_knows_http(path: Path) -> None:
    if CLIENT not in path.parents:
        assert not {name.partition(".")[0] for name in _imports(path)} & HTTP


@pytest.mark.parametrize("path", sorted(CLIENT.glob("*.py")), ids=lambda p: p.name)
def test_the_client_stands_alone(path: Path) -> None:
    for name in _imports(path):
        top = name.partition(".")[0]
        assert top in ALLOWED or top in sys.stdlib_module_names, name
        assert top != "tryon_worker" or name.startswith("tryon_worker.genlook"), name


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
