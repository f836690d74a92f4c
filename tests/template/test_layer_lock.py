"""What the layer installs is locked, complete, and leaves out what the runtime ships."""

import re
import tomllib
from importlib.metadata import distribution
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.template.stack import REPOSITORY

SHIPPED_WITH_LAMBDA = {
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "six",
    "urllib3",
}


def _locked() -> dict[str, str]:
    text = (REPOSITORY / "shared/requirements.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def _declared() -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    return [Requirement(text) for text in project["project"]["dependencies"]]


@pytest.mark.parametrize("requirement", _declared(), ids=str)
def test_what_the_project_needs_is_locked(requirement: Requirement) -> None:
    assert requirement.specifier.contains(_locked()[canonicalize_name(requirement.name)])


def test_everything_locked_has_its_hashes() -> None:
    text = (REPOSITORY / "shared/requirements.txt").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if re.match(r"[a-z]", line)]
    assert [line for line in lines if "--hash=sha256:" not in line] == []


def test_the_runtime_s_own_packages_are_left_out() -> None:
    assert not SHIPPED_WITH_LAMBDA & set(_locked())


def _needs(name: str, extras: frozenset[str]) -> set[str]:
    needed = [Requirement(text) for text in distribution(name).requires or []]
    environments = [{"extra": extra} for extra in extras or {""}]
    return {
        canonicalize_name(need.name)
        for need in needed
        if need.marker is None or any(need.marker.evaluate(e) for e in environments)
    }


def test_the_lock_is_complete() -> None:
    """Nothing that a locked package needs is missing: pip is told not to look for it."""
    extras = {canonicalize_name(r.name): frozenset(r.extras) for r in _declared()}
    for name in _locked():
        missing = _needs(name, extras.get(canonicalize_name(name), frozenset()))
        assert missing - set(_locked()) - SHIPPED_WITH_LAMBDA == set(), name
