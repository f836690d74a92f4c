"""What comes in and how long it takes: the same for every policy, drawn once from the seed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

MINUTES = 30
ARRIVALS = (1, 5, 10, 20, 30, 40, 45, 60)
MEDIANS = (12.5, 40.0)
SIGMA = 0.35

Draw = Callable[[Random, float], float]
"""A duration in seconds, for a generation that begins at a part (0 to 1) of the whole time."""


@dataclass(frozen=True)
class TryOnInput:
    """One request: when it comes, in seconds from the start, and how long its generation takes."""

    arrives_at: float
    seconds: float


@dataclass(frozen=True)
class Case:
    """One load: arrivals a minute and a law of durations."""

    name: str
    arrivals_per_minute: int
    draw: Draw
    median_seconds: float
    minutes: float = MINUTES

    def try_ons(self, seed: int) -> list[TryOnInput]:
        """Arrivals by chance, as many as there are to be, each with its duration."""
        random = Random(f"{seed} {self.name} {self.arrivals_per_minute}")
        number = round(self.arrivals_per_minute * self.minutes)
        parts = sorted(random.random() for _ in range(number))
        return [TryOnInput(part * self.minutes * 60, self.draw(random, part)) for part in parts]


def lognormal(middle: float, sigma: float = SIGMA) -> Draw:
    """What Genlook's generations look like."""
    return lambda random, _part: middle * math.exp(random.gauss(0, sigma))


def doubling(middle: float) -> Draw:
    """The median doubles half-way."""
    return lambda random, part: lognormal(middle * (1 if part < 0.5 else 2))(random, part)


def two_peaks(first: float, second: float) -> Draw:
    """Three in five are quick, the others slow, with little in between."""

    def draw(random: Random, part: float) -> float:
        return lognormal(first if random.random() < 0.6 else second, 0.15)(random, part)

    return draw


def cases(minutes: float = MINUTES) -> list[Case]:
    """All loads, in the order of the table."""
    plain = [
        Case(f"median {middle:g} s", arrivals, lognormal(middle), middle, minutes)
        for middle in MEDIANS
        for arrivals in ARRIVALS
    ]
    return [
        *plain,
        Case("median doubles from 12.5 s", 30, doubling(12.5), 17.7, minutes),
        Case("two peaks, 8 s and 32 s", 30, two_peaks(8, 32), 9.3, minutes),
    ]
