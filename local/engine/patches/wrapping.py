"""How a patch takes the place of one of the engine's functions."""

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def wrap(owner: Any, name: str, make: Callable[[Function], Function]) -> None:
    """Replace `owner.name` by `make(original)`.

    Fails loudly if the engine has no such function any more: a patch that silently does nothing
    is worse than none.
    """
    setattr(owner, name, make(getattr(owner, name)))
