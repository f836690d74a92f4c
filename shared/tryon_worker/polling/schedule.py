"""The looks with the least expected delay for what the budget allows: an inspection problem.

A look costs a price, a delay costs its seconds. For a price the best schedule follows backwards
from the end (dynamic programming); the price is the one at which a generation needs as many looks
as there are. Barlow, Hunter and Proschan (1963) have it as "optimum checking procedures".
"""

from dataclasses import dataclass, replace
from math import exp, log

from tryon_worker.polling.survival import Survival, between
from tryon_worker.polling.waits import whole_wait

SHORTEST_GAP_SECONDS = 1.8
"""On average from look to look; more often is never planned. The docs advise every two seconds;
in whole seconds this is a wait of one or two, as long as the look itself took."""

LONGEST_WAIT_SECONDS = 180
"""No planned wait is longer, whatever was learned: so soon a plan that was wrong is put right."""

START_SECONDS = 0.3
"""From the end of a wait until the look is at Genlook: Step Functions, Lambda, half a call."""

# Seconds of delay that a look must save to be worth a request, if there are more than enough.
_LEAST_PRICE = 0.08
_HIGHEST_PRICE = 30_000.0
_ROUNDS = 14

# With so many times the looks that are worth a request, no look is weighed any more: after the
# first one they come at the shortest gap.
_PLENTY = 2.0
_RARER_WITH_AGE = 0.02  # what hangs for minutes is not looked at 300 times


@dataclass(frozen=True)
class Schedule:
    """Says how long to wait for the next look.

    ``costs`` is for each age of the survival what is still to come from a look there that finds
    it running, less the integral so far: then the best next look is the least of a simple sum.
    """

    survival: Survival
    price: float
    costs: tuple[float, ...]
    looks: float
    plenty: bool = False

    def wait(self, now: float, seen: float | None = None) -> int:
        """Whole seconds to wait at the age ``now``, if it still ran at the age ``seen``."""
        alive = 1.0 if seen is None else self.survival.at(seen)
        # To whole seconds, so that the gap is the shortest one on average.
        earliest = 0.0 if seen is None else seen + SHORTEST_GAP_SECONDS - START_SECONDS
        if self.plenty and seen is not None:
            rarer = max(earliest, seen + _RARER_WITH_AGE * seen)
            return whole_wait(rarer - START_SECONDS - now)
        best = 1 if seen is None else LONGEST_WAIT_SECONDS
        least = float("inf")
        for wait in range(1, LONGEST_WAIT_SECONDS + 1):
            look = now + START_SECONDS + wait
            if look < earliest:
                continue
            if look > self.survival.ages[-1]:
                break
            cost = alive * look + between(self.survival.ages, self.costs, look)
            if cost < least:
                best, least = wait, cost
        return best


def schedule(survival: Survival, looks: float) -> Schedule:
    """The best schedule that needs at most ``looks`` looks a generation on average."""
    low, high = log(_LEAST_PRICE), log(_HIGHEST_PRICE)
    best = _for_price(survival, _LEAST_PRICE)
    if best.looks <= looks:
        return replace(best, plenty=_PLENTY * best.looks <= looks)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        tried = _for_price(survival, exp(middle))
        if tried.looks > looks:
            low = middle
        else:
            best, high = tried, middle
    return best if best.looks <= looks else _for_price(survival, _HIGHEST_PRICE)


def _for_price(survival: Survival, price: float) -> Schedule:
    ages, alive, lived = survival.ages, survival.alive, survival.lived
    last = len(ages) - 1
    costs = [0.0] * (last + 1)
    looks = [0.0] * (last + 1)
    # What outlives the last age is looked at there and from then on at the longest wait.
    costs[last] = alive[last] * (price + LONGEST_WAIT_SECONDS) - lived[last]
    looks[last] = alive[last]
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
        looks[here] = running + looks[best]
    return Schedule(survival, price, tuple(costs), looks[0])
