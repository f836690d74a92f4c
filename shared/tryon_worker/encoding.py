"""Canonical JSON and its digest: the same value always has the same text."""

import hashlib
import json
from typing import Any


def to_json(value: Any) -> str:
    """``value`` as compact JSON in its own order."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """A plain hash, for what is neither personal nor guessable for gain."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]
