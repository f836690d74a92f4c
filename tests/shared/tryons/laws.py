"""Made-up vendors: durations drawn from a law, and what a schedule does with them."""

import math
from random import Random
from statistics import mean

from tryon_worker.tryons.schedule import START_SECONDS, Schedule


def lognormal(middle: float, number: int, *, sigma: float = 0.35, seed: int = 1) -> list[float]:
    """Durations as Genlook's are."""
    random = Random(seed)
    return [middle * math.exp(random.gauss(0, sigma)) for _ in range(number)]


def two_peaks() -> list[float]:
    """Half of them quick, half of them slow, as they come."""
    quick, slow = (lognormal(middle, 32, sigma=0.15) for middle in (8, 32))
    return [seconds for pair in zip(quick, slow, strict=True) for seconds in pair]


def looks_at(schedule: Schedule, *, until: float = 3_600.0) -> list[float]:
    """The ages at which a generation is looked at that never ends."""
    ages = [schedule.wait(0.0) + START_SECONDS]
    while ages[-1] < until:
        ages.append(ages[-1] + schedule.wait(ages[-1], ages[-1]) + START_SECONDS)
    return ages


def outcome(schedule: Schedule, durations: list[float]) -> tuple[float, float]:
    """Mean looks and mean delay of generations that take so long."""
    ages = looks_at(schedule)
    seen = [next((n, age) for n, age in enumerate(ages, 1) if age >= took) for took in durations]
    delays = [age - took for (_, age), took in zip(seen, durations, strict=True)]
    return mean(n for n, _ in seen), mean(delays)
