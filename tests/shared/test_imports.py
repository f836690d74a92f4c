"""Imports go one way, and each thing from outside is known in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tryon_worker

PACKAGE = Path(tryon_worker.__file__).parent
FUNCTIONS = PACKAGE.parents[1] / "functions"
MODULES = sorted(PACKAGE.rglob("*.py"))
OURS = sorted([*MODULES, *FUNCTIONS.rglob("*.py")])
SUBJECTS = ("photos", "tryons", "catalogue", "erasure")

LAYERS: list[tuple[str, ...]] = [
    ("clock", "encoding", "observability", "messages"),
    ("genlook",),
    ("identity", "images"),
    ("aws",),
    ("batch", "events", "shoppers"),
    ("account",),
    (*SUBJECTS, "settings"),
    ("intake", "privacy", "housekeeping"),
    ("container",),
]
"""From what knows nothing of ours to what puts everything together."""

ALONE_KNOWN_BY = {
    "boto3": ("aws", "container"),
    "botocore": ("aws", "batch", "container", "observability"),
    "httpx": ("genlook",),
    "httpcore": ("genlook",),
    "aws_lambda_powertools": ("observability", "batch"),
}


def dotted(path: Path) -> str:
    """A module's name within the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


NAMES = {dotted(path) for path in MODULES}


def imports(path: Path, *, types_too: bool = True) -> Iterator[str]:
    """What a file imports, with the names that it takes from modules."""
    tree = ast.parse(path.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types and not types_too:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of_ours(path: Path, *, types_too: bool = True) -> set[str]:
    """The modules of the package that a file imports."""
    found = set()
    for name in imports(path, types_too=types_too):
        if name.startswith("tryon_worker."):
            inner = name.removeprefix("tryon_worker.")
            module = inner if inner in NAMES else inner.rpartition(".")[0]
            found.add(module if module in NAMES else f"{module}.__init__")
    return found


def layer(module: str) -> int:
    """The place of a module among the layers."""
    part = module.partition(".")[0]
    (place,) = [place for place, parts in enumerate(LAYERS) if part in parts]
    return place


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_imports_nothing_from_above(path: Path) -> None:
    if path.parent == PACKAGE and path.stem == "__init__":
        return
    here = layer(dotted(path))
    assert [module for module in of_ours(path) if layer(module) > here] == []


def test_there_is_no_cycle() -> None:
    imported = {dotted(path): of_ours(path, types_too=False) for path in MODULES}
    while imported:
        leaves = {module for module, others in imported.items() if not others & imported.keys()}
        assert leaves, f"a cycle among {sorted(imported)}"
        imported = {module: imported[module] for module in imported.keys() - leaves}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_subject_takes_anothers_store(path: Path) -> None:
    """What it needs of another's rows is given to it; types may say what that is."""
    own = dotted(path).partition(".")[0]
    if own not in SUBJECTS:
        return
    stores = {f"{subject}.{name}" for subject in SUBJECTS for name in ("store", "ledger")}
    others = {store for store in stores if not store.startswith(f"{own}.")}
    assert of_ours(path, types_too=False) & others == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_the_client_of_genlook_knows_nothing_of_ours(path: Path) -> None:
    if dotted(path).startswith("genlook."):
        assert {module.partition(".")[0] for module in of_ours(path)} <= {"genlook"}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_each_thing_from_outside_is_known_in_one_place(path: Path) -> None:
    part = dotted(path).partition(".")[0]
    for name in imports(path, types_too=False):
        knowing = ALONE_KNOWN_BY.get(name.partition(".")[0])
        assert knowing is None or part in knowing, name


@pytest.mark.promise("The paid call", "ledger-and-photo-row-are-the-records")
@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(PACKAGE.parents[1])))
def test_nothing_remembers_beside_the_rows(path: Path) -> None:
    """Powertools' idempotency keeps records that neither the ledger nor an erasure knows."""
    assert not [module for module in imports(path) if "idempotency" in module.lower()]
