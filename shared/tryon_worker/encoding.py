"""Compact JSON, and digests of text."""

import hashlib
import json
from typing import Any


def to_json(value: Any) -> str:
    """``value`` as compact JSON, with its keys in their order."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """A hash without a secret: only for text that is neither personal nor worth guessing."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]
