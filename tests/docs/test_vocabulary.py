"""The words of docs/ARCHITECTURE.md have no synonyms: those that are gone do not come back."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GONE = {
    "request": r"wish(es|ed)?",
    "resend": r"nudges?d?",
    "defer": r"parked|parking",
    "resume": r"woken|wakes?",
    "published": r"announc\w*",
    "permit": r"slots?",
    "class clock": r"lanes?",
    "rate limiter": r"budgets?",
    "open circuit": r"shut",
    "resolved product": r"dressed",
    "in flight": r"quiet_?at",
    "kill switch": r"scythe",
    "concurrent world": r"interloper",
}
"""The word to use, and those that are gone."""

_WHERE = [
    *(ROOT / "shared" / "tryon_worker").rglob("*.py"),
    *(ROOT / "functions").rglob("*.py"),
    *(ROOT / "functions").rglob("*.json"),
    *(ROOT / "local" / "explore").rglob("*.py"),
    *(ROOT / "local" / "crash").rglob("*.py"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / name for name in ("template.yaml", "README.md", "CONTRIBUTING.md")),
]
# It names tests, whose names may say how it was.
PAGES = [path for path in _WHERE if path.name != "PROMISES.md"]


@pytest.mark.parametrize("word", GONE)
def test_a_word_that_is_gone_does_not_come_back(word: str) -> None:
    gone = re.compile(rf"(?<![a-zA-Z])({GONE[word]})(?![a-z])", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in PAGES
        for match in gone.finditer(path.read_text())
    ]
    assert found == [], f"say {word}"
