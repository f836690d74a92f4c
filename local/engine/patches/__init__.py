"""Where the engine differs from AWS in what we rely on: one module a gap, applied in one place."""

from typing import Any

import ministack.app


def apply(function_python: str | None) -> Any:
    """Close the engine's gaps and return its ASGI application."""
    return ministack.app.app
