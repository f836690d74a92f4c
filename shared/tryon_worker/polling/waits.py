"""The whole seconds that Step Functions waits, and waits that no plan is needed for."""

MAX_WAIT_SECONDS = 60
"""No wait without a plan is longer: so soon is a trouble noticed to be over."""

_LEAST_SECONDS = 2
_PATIENCE_WITH_AGE = 0.05


def whole_wait(seconds: float) -> int:
    """A wait of at least ``seconds`` in the whole seconds that Step Functions can wait."""
    return int(min(MAX_WAIT_SECONDS, max(1, -int(-seconds // 1))))


def rarer(age_seconds: float) -> int:
    """Seconds until a look is tried again that said nothing: ever longer, as the trouble lasts."""
    return min(MAX_WAIT_SECONDS, max(_LEAST_SECONDS, round(age_seconds / 10)))


def sent_away(retry_seconds: float, age_seconds: float) -> int:
    """Seconds until a look asks for a slot again: told by the budget, and longer for an old one.

    Where more looks are due than the account has room for, asking each second only costs
    invocations; a little patience costs those little that have waited long.
    """
    return whole_wait(max(retry_seconds, _PATIENCE_WITH_AGE * age_seconds))
