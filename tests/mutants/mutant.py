"""What a removal is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """``text``, which is in ``file`` once, becomes something that does not keep the promise.

    ``tests`` are files, or single tests as pytest names them.
    """

    name: str
    file: str
    text: str
    becomes: str
    tests: tuple[str, ...]


def of(file: str, tests: str | tuple[str, ...], *changes: tuple[str, str, str]) -> list[Mutant]:
    """Removals in one file that the same tests must notice: name, text, what it becomes."""
    pinned = (tests,) if isinstance(tests, str) else tests
    return [Mutant(name, file, text, becomes, pinned) for name, text, becomes in changes]
