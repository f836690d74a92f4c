"""When to look at a generation: planned from how long they take, not ticked. Pure functions."""

# Genlook's own word is 10 s to a result; its sample took 12.5 s.
FIRST_LOOK_SECONDS = 8

# What the docs advise between looks; never more often than that.
NEXT_LOOK_SECONDS = 2

# Step Functions waits whole seconds, and a look that finds the budget empty comes back soon.
MAX_WAIT_SECONDS = 60


def first_look() -> int:
    """Seconds from the submit to the first look."""
    return FIRST_LOOK_SECONDS


def next_look(age_seconds: float) -> int:
    """Seconds to the next look at a generation that is ``age_seconds`` old and still runs.

    The later, the rarer: what was not ready after a minute will not be ready in two seconds.
    """
    return min(MAX_WAIT_SECONDS, max(NEXT_LOOK_SECONDS, round(age_seconds / 10)))


def wait_for(seconds: float) -> int:
    """A wait of at least ``seconds`` in the whole seconds that Step Functions can wait."""
    return int(min(MAX_WAIT_SECONDS, max(1, -int(-seconds // 1))))
