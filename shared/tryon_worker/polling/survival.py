"""How long generations take, as a curve: which part of them still runs at each age."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
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
