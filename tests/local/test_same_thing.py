"""What runs on this machine is what would be deployed: template, handlers, package (promise P5)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import artefact
from local.paths import REPOSITORY
from local.standin_process import Genlook
from local.system import LaunchOptions, _parameters
from tests.template.stack import load, read

PACKAGE = REPOSITORY / "shared" / "tryon_worker"
OURS = sorted([*PACKAGE.rglob("*.py"), *(REPOSITORY / "functions").rglob("*.py")])


@pytest.fixture(scope="module")
def built() -> Path:
    return artefact.built_template()


def sources(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.suffix == ".py")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.promise("P5", "same-template")
@pytest.mark.promise("One engine under it", "local-engine-runs-the-template")
def test_the_template_is_the_same_but_for_where_the_code_lies(built: Path) -> None:
    ours, theirs = load().template, read(built.read_text())
    for template in (ours, theirs):
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)  # sam notes there that it has built it
            for place in ("CodeUri", "ContentUri", "DefinitionUri"):
                resource.get("Properties", {}).pop(place, None)
        template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    assert theirs == ours


@pytest.mark.promise("P5", "same-handlers-and-package")
def test_each_function_is_its_handler_and_nothing_else(built: Path) -> None:
    for name, properties in load().of_type("AWS::Serverless::Function").items():
        folder = REPOSITORY / properties["CodeUri"]
        assert sources(built.parent / name) == {"handler.py": (folder / "handler.py").read_bytes()}


@pytest.mark.promise("P5", "same-handlers-and-package")
def test_the_layer_carries_the_package_as_it_is(built: Path) -> None:
    assert sources(built.parent / "SharedLayer" / "python" / "tryon_worker") == sources(PACKAGE)


@pytest.mark.promise("P5", "same-template")
@pytest.mark.promise("One engine under it", "no-code-asks-where-it-runs")
def test_only_endpoint_and_loopback_differ() -> None:
    """Where Genlook is, and that nothing on loopback speaks TLS; all the rest is the template's."""
    genlook = Genlook("http://127.0.0.1:9/tryon/v1", "gk_any")
    assert set(_parameters(genlook, LaunchOptions())) == {"GenlookBaseUrl", "RequireTls"}


@pytest.mark.promise("P5", "no-network-from-the-second-run")
def test_a_second_run_builds_and_fetches_nothing(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], _environment: dict[str, str], _purpose: str) -> None:
        raise AssertionError(command)

    monkeypatch.setattr(artefact, "_run", run)
    assert artefact.built_template() == built


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                yield node.module or ""
            case ast.Attribute():
                yield node.attr
            case ast.Name():
                yield node.id
            case ast.keyword():
                yield node.arg or ""


@pytest.mark.promise("One engine under it", "no-code-asks-where-it-runs")
@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_code_asks_where_it_runs(path: Path) -> None:
    """Settings alone read the environment, and the SDK finds its endpoint by itself."""
    found = {name.partition(".")[0] for name in names(path)}
    assert not found & {"local", "environ", "getenv", "platform", "endpoint_url", "gethostname"}
    assert "127.0.0.1" not in path.read_text()
