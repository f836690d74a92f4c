"""The template with one thing wrong."""

from dataclasses import replace
from typing import Any

from tests.template.stack import Stack, load

GONE = object()

# The rule that sees it, where, and what is put there. A place begins with a section of the
# template or with `machine`; or it is `text`, where "old -> new" is replaced.
Wrong = tuple[str, str, object]


def spoil(wrong: Wrong) -> Stack:
    """Return the template with this one thing wrong."""
    _, place, value = wrong
    stack = load()
    if place == "text":
        old, new = str(value).split(" -> ")
        assert old in stack.text
        return replace(stack, text=stack.text.replace(old, new))
    root: Any = {**stack.template, "machine": stack.machine}
    *way, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in way:
        root = root[step]
    if value is GONE:
        del root[last]
    else:
        root[last] = value
    return stack
