"""Plays the three parts on one stage and judges each."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local.crash.forget import AT_ONCE, Forget
from local.crash.mixture import Mixed, Mixture
from local.crash.single import Case, Plan, Single, plans_for, steps_of
from local.crash.stage import Stage
from local.crash.taps import LONG_VISIBILITY_SECONDS, VISIBILITY_SECONDS, set_visibility
from local.crash.watch import Step, When

Say = Callable[[str], None]

_CLEAN_CASES = 3
# By so many ways a call of housekeeping is tried to be reached.
_WAYS = 3


@dataclass(frozen=True)
class Size:
    """How much is played; `cases` None: a kill before and after every call."""

    try_ons: int
    cases: int | None = None


@dataclass
class Outcome:
    """What came of a part."""

    seconds: float
    violations: list[str]
    cases: list[Case] = field(default_factory=list)
    mixed: Mixed | None = None

    @property
    def good(self) -> bool:
        """Whether every promise was kept and every case was played to its end."""
        stuck = any(case.result.startswith("STUCK") for case in self.cases)
        return not self.violations and not stuck


def single_kills(stage: Stage, size: Size, chance: random.Random, say: Say) -> Outcome:
    """Part one: learn the calls from clean runs, then kill at each."""
    start = time.monotonic()
    single = Single(stage, say)
    cases = single.play([Plan()] * (_CLEAN_CASES if size.cases is None else 1))
    steps = [step for step in steps_of(stage.watch.seen) if step.handler != "housekeeping"]
    say(f"{len(steps)} calls of {len({step.handler for step in steps})} handlers on a clean way")
    cases += _play(single, _some(plans_for(steps), size, chance), say)
    if size.cases is None:
        set_visibility(stage.system, LONG_VISIBILITY_SECONDS)
        cases += _play_ways(single, _housekeeping(stage, cases), say)
        set_visibility(stage.system, VISIBILITY_SECONDS)
    left = stage.judge.wait_until_quiet()
    violations = [*left, *stage.judge.violations(single.wished, single.erased)]
    return Outcome(time.monotonic() - start, violations, cases)


def _some(plans: list[Plan], size: Size, chance: random.Random) -> list[Plan]:
    return plans if size.cases is None else chance.sample(plans, min(size.cases, len(plans)))


def _play(single: Single, plans: Sequence[Plan], say: Say) -> list[Case]:
    """Play; what was not reached, for a way differs a little each time, once more."""
    cases = single.play(plans)
    missed = [case.plan for case in cases if not case.reached]
    if missed:
        say(f"{len(missed)} of {len(plans)} not reached, once more")
        cases = [case for case in cases if case.reached] + single.play(missed)
    return cases


def _play_ways(single: Single, ways: dict[Step, list[Plan]], say: Say) -> list[Case]:
    """Kill housekeeping at each of its calls; what one way does not lead to, the next may."""
    say(f"{len(ways)} calls of housekeeping where it has something to do")
    left = [(step, when) for step in ways for when in When]
    cases: list[Case] = []
    for turn in range(_WAYS):
        missed = [case for case in cases if not case.reached]
        cases = [case for case in cases if case.reached]
        if turn:
            left = [case.plan.last for case in missed]
            say(f"{len(left)} not reached, by another way")
        plans = [
            Plan((*ways[step][turn % len(ways[step])].kills, (step, when))) for step, when in left
        ]
        cases += single.play(plans)
    return cases


def _housekeeping(stage: Stage, cases: Sequence[Case]) -> dict[Step, list[Plan]]:
    """Each call that housekeeping made, with the cases that led to it: first those with a kill.

    What it did where nobody was killed was a matter of chance.
    """
    found: dict[Step, dict[Plan, None]] = {}
    for step, shopper in dict.fromkeys((seen.step, seen.shopper) for seen in stage.watch.seen):
        if step.handler != "housekeeping":
            continue
        plans = found.setdefault(step, {})
        if shopper is None:
            plans[Plan()] = None
        for case in cases:
            if stage.names.same(case.shopper, shopper):
                plans[case.plan] = None
    return {step: sorted(plans, key=_is_clean) for step, plans in found.items() if plans}


def _is_clean(plan: Plan) -> bool:
    return not plan.kills


def mixture(stage: Stage, size: Size, seed: int, before: Outcome, say: Say) -> Outcome:
    """Part two; the stage is the first part's, whose try-ons must stay as they were."""
    start = time.monotonic()
    mixed = Mixture(stage, seed, say).play(size.try_ons)
    left = stage.judge.wait_until_quiet()
    wished = {**_wished(before), **mixed.wished}
    erased = {*_erased(before), *mixed.erased}
    violations = [*left, *stage.judge.violations(wished, erased)]
    if not mixed.finished:
        violations.append("not everything came to its end in time")
    return Outcome(time.monotonic() - start, violations, mixed=mixed)


def whole_shop(stage: Stage, size: Size, chance: random.Random, say: Say) -> Outcome:
    """Part three: everybody of the parts before is forgotten, then whoever still comes."""
    start = time.monotonic()
    came = stage.shop.shoppers
    forget = Forget(stage, say)
    steps = forget.everybody()
    if size.cases is None:
        steps = forget.everybody()  # of a shop as small as those of the cases
    plans = _some(plans_for(steps), size, chance)
    cases: list[Case] = []
    for first in range(0, len(plans), AT_ONCE):
        cases += forget.side_by_side(plans[first : first + AT_ONCE])
        say(f"{len(cases)} of {len(plans)} cases; the last: {cases[-1].result}")
    left = stage.judge.wait_until_quiet()
    violations = [*left, *forget.told_differently(), *stage.judge.forgotten(came)]
    return Outcome(time.monotonic() - start, violations, cases)


def _wished(before: Outcome) -> dict[str, int]:
    return {case.shopper: 1 for case in before.cases}


def _erased(before: Outcome) -> set[str]:
    return {case.shopper for case in before.cases if case.result.endswith("erased")}
