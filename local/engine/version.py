"""The one version of the engine that our patches and contract tests were written against."""

from importlib.metadata import PackageNotFoundError, version

PINNED_VERSION = "1.5.33"


def require_pinned_version() -> None:
    """Refuse to start on any other version: its internals change weekly, a bump is a decision."""
    try:
        found = version("ministack")
    except PackageNotFoundError as error:
        raise RuntimeError("ministack is not installed in this interpreter") from error
    if found != PINNED_VERSION:
        raise RuntimeError(f"ministack {PINNED_VERSION} is needed, found {found}")
