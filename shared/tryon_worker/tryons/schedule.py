"""When to poll next: how long generations take, and the schedule that follows from it."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import erf, exp, log, sqrt

# Durations spread by ratio, not by difference: all smoothing is done on their logarithms.
# A kernel of 14 % keeps two peaks apart and still closes the gaps between some dozen durations.
_KERNEL = 0.14

# Nothing learned yet: Genlook's own word is 10 s, its sample took 12.5 s, users report up to 60 s.
_GUESS_SECONDS = 15.0
_GUESS_SPREAD = 0.7

# The guess weighs as much as so many learned durations, and is dropped when there are some more.
_GUESS_WEIGHT = 2.0
_ENOUGH_WEIGHT = 6.0

# Newer durations count for more: so many later ones halve a weight.
_HALF_LIFE = 24

# The part that may take far longer than anything that was ever seen. Without it the plan would
# take what outlives the longest duration to be impossible, just when the vendor becomes slow.
_SURPRISE = 0.015
_SURPRISE_SHIFT = 0.5
_SURPRISE_SPREAD = 0.7

# Fine steps where nearly all of it ends, ever longer ones beyond.
_FINE_STEPS = 56
_TAIL_FACTOR = 1.15
_TAIL_REACH = 6.0


@dataclass(frozen=True)
class Survival:
    """``alive`` is the part still running at each of ``ages``, ``lived`` its integral so far."""

    ages: tuple[float, ...]
    alive: tuple[float, ...]
    lived: tuple[float, ...]

    def at(self, age: float) -> float:
        """The part that still runs at ``age``."""
        return between(self.ages, self.alive, age)


def between(ages: tuple[float, ...], values: tuple[float, ...], age: float) -> float:
    """The value at ``age``, on the line between the two ages beside it."""
    right = min(max(1, bisect_right(ages, age)), len(ages) - 1)
    left = right - 1
    part = (age - ages[left]) / (ages[right] - ages[left])
    part = min(1.0, max(0.0, part))
    return values[left] + part * (values[right] - values[left])


def survival(durations: Iterable[float]) -> Survival:
    """What ``durations`` (the newest first, in seconds) say, smoothed; some is said by none."""
    logs = [log(seconds) for seconds in durations if seconds > 0]
    pieces = [(0.5 ** (place / _HALF_LIFE), middle, _KERNEL) for place, middle in enumerate(logs)]
    guess = log(_GUESS_SECONDS)
    learned = sum(weight for weight, _, _ in pieces)
    if learned < _ENOUGH_WEIGHT:
        pieces.append((_GUESS_WEIGHT, guess, _GUESS_SPREAD))
    total = sum(weight for weight, _, _ in pieces)
    centre = sum(weight * middle for weight, middle, _ in pieces) / total
    surprise = (_SURPRISE * total, centre + _SURPRISE_SHIFT, _SURPRISE_SPREAD)
    ages = _ages(pieces)
    return _survival(ages, [*pieces, surprise])


def _ages(pieces: list[tuple[float, float, float]]) -> tuple[float, ...]:
    least = exp(min(middle - 2 * width for _, middle, width in pieces))
    most = exp(max(middle + 2 * width for _, middle, width in pieces))
    step = max(1.0, (most - least) / _FINE_STEPS)
    ages = [0.0]
    age = least
    while age < most:
        ages.append(age)
        age += step
    while age < most * _TAIL_REACH:
        ages.append(age)
        age += max(step, age * (_TAIL_FACTOR - 1))
    return (*ages, age)


def _survival(ages: tuple[float, ...], pieces: list[tuple[float, float, float]]) -> Survival:
    total = sum(weight for weight, _, _ in pieces)
    scaled = [(weight / total / 2, middle, width * sqrt(2)) for weight, middle, width in pieces]
    alive = [1.0]
    for age in ages[1:]:
        here = log(age)
        ended = sum(half * (1 + erf((here - middle) / width)) for half, middle, width in scaled)
        alive.append(max(0.0, 1 - ended))
    lived = [0.0]
    for (a, b), (s, t) in zip(pairwise(ages), pairwise(alive), strict=True):
        lived.append(lived[-1] + (b - a) * (s + t) / 2)
    return Survival(ages, tuple(alive), tuple(lived))


SHORTEST_GAP_SECONDS = 1.8
"""On average from poll to poll; more often is never planned. The docs advise every two seconds;
in whole seconds this is a wait of one or two, as long as the poll itself took."""

LONGEST_WAIT_SECONDS = 180
"""No planned wait is longer, whatever was learned: so soon a plan that was wrong is put right."""

START_SECONDS = 0.3
"""From the end of a wait until the poll is at Genlook: Step Functions, Lambda, half a call."""

# Seconds of delay that a poll must save to be worth a request, if there are more than enough.
_LEAST_PRICE = 0.08
_HIGHEST_PRICE = 30_000.0
_ROUNDS = 14

# With so many times the polls that are worth a request, no poll is weighed any more: after the
# first one they come at the shortest gap.
_PLENTY = 2.0
_RARER_WITH_AGE = 0.02  # what hangs for minutes is not looked at 300 times


@dataclass(frozen=True)
class Schedule:
    """Says how long to wait for the next poll.

    ``costs`` is for each age of the survival what is still to come from a poll there that finds
    it running, less the integral so far: then the best next poll is the least of a simple sum.
    """

    survival: Survival
    price: float
    costs: tuple[float, ...]
    polls: float
    plenty: bool = False

    def wait(self, now: float, seen: float | None = None) -> int:
        """Whole seconds to wait at the age ``now``, if it still ran at the age ``seen``."""
        alive = 1.0 if seen is None else self.survival.at(seen)
        # To whole seconds, so that the gap is the shortest one on average.
        earliest = 0.0 if seen is None else seen + SHORTEST_GAP_SECONDS - START_SECONDS
        if self.plenty and seen is not None:
            poll_backoff = max(earliest, seen + _RARER_WITH_AGE * seen)
            return whole_wait(poll_backoff - START_SECONDS - now)
        best = 1 if seen is None else LONGEST_WAIT_SECONDS
        least = float("inf")
        for wait in range(1, LONGEST_WAIT_SECONDS + 1):
            poll = now + START_SECONDS + wait
            if poll < earliest:
                continue
            if poll > self.survival.ages[-1]:
                break
            cost = alive * poll + between(self.survival.ages, self.costs, poll)
            if cost < least:
                best, least = wait, cost
        return best


def schedule(survival: Survival, polls: float) -> Schedule:
    """The best schedule that needs at most ``polls`` polls a generation on average."""
    low, high = log(_LEAST_PRICE), log(_HIGHEST_PRICE)
    best = _for_price(survival, _LEAST_PRICE)
    if best.polls <= polls:
        return replace(best, plenty=_PLENTY * best.polls <= polls)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        tried = _for_price(survival, exp(middle))
        if tried.polls > polls:
            low = middle
        else:
            best, high = tried, middle
    return best if best.polls <= polls else _for_price(survival, _HIGHEST_PRICE)


def _for_price(survival: Survival, price: float) -> Schedule:
    ages, alive, lived = survival.ages, survival.alive, survival.lived
    last = len(ages) - 1
    costs = [0.0] * (last + 1)
    polls = [0.0] * (last + 1)
    # What outlives the last age is polled there and from then on at the longest wait.
    costs[last] = alive[last] * (price + LONGEST_WAIT_SECONDS) - lived[last]
    polls[last] = alive[last]
    first_after = last
    for here in range(last - 1, -1, -1):
        gap = SHORTEST_GAP_SECONDS if here else 0.0
        while first_after > here + 1 and ages[first_after - 1] >= ages[here] + gap:
            first_after -= 1
        running = alive[here]
        least, best = min(
            (running * ages[there] + costs[there], there) for there in range(first_after, last + 1)
        )
        costs[here] = running * (price - ages[here]) + least
        polls[here] = running + polls[best]
    return Schedule(survival, price, tuple(costs), polls[0])


MAX_WAIT_SECONDS = 60
"""No wait without a plan is longer: so soon is a trouble noticed to be over."""

_LEAST_SECONDS = 2
_PATIENCE_WITH_AGE = 0.05


def whole_wait(seconds: float) -> int:
    """A wait of at least ``seconds`` in the whole seconds that Step Functions can wait."""
    return int(min(MAX_WAIT_SECONDS, max(1, -int(-seconds // 1))))


def poll_backoff(age_seconds: float) -> int:
    """Seconds until a poll is tried again that said nothing: ever longer, as the trouble lasts."""
    return min(MAX_WAIT_SECONDS, max(_LEAST_SECONDS, round(age_seconds / 10)))


def wait_after_denial(retry_seconds: float, age_seconds: float) -> int:
    """Seconds until a poll asks for a permit again: the rate limiter's, and longer for an old one.

    Where more polls are due than the account has room for, asking each second only costs
    invocations; a little patience costs those little that have waited long.
    """
    return whole_wait(max(retry_seconds, _PATIENCE_WITH_AGE * age_seconds))
