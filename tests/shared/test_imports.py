"""Imports go one way: functions, use cases, then what they stand on; and no second memory."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tryon_worker

PACKAGE = Path(tryon_worker.__file__).parent
FUNCTIONS = PACKAGE.parents[1] / "functions"
USE_CASES = sorted((PACKAGE / "usecases").glob("*.py"))
ABOVE = {PACKAGE / "usecases", PACKAGE / "container"}
BELOW = sorted(path for path in PACKAGE.rglob("*.py") if not ABOVE & set(path.parents))
OURS = sorted([*PACKAGE.rglob("*.py"), *FUNCTIONS.rglob("*.py")])


def imports(path: Path) -> Iterator[str]:
    """What a file imports, with the names that it takes from modules."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE.parents[1]))


@pytest.mark.parametrize("path", BELOW, ids=name)
def test_what_use_cases_stand_on_knows_none_of_them(path: Path) -> None:
    above = ("tryon_worker.usecases", "tryon_worker.wiring")
    assert not [module for module in imports(path) if module.startswith(above)]


@pytest.mark.parametrize("path", USE_CASES, ids=name)
def test_a_use_case_knows_no_lambda_and_no_client_of_aws(path: Path) -> None:
    foreign = ("aws_lambda_powertools", "boto", "tryon_worker.wiring", "tryon_worker.batch")
    assert not [module for module in imports(path) if module.startswith(foreign)]


@pytest.mark.promise("The paid call", "ledger-and-photo-row-are-the-records")
@pytest.mark.parametrize("path", OURS, ids=name)
def test_nothing_remembers_beside_the_rows(path: Path) -> None:
    """Powertools' idempotency keeps records that neither the ledger nor an erasure knows."""
    assert not [module for module in imports(path) if "idempotency" in module.lower()]
