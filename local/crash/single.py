"""The first part: one try-on a kill, for every call that a clean run made."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local.crash.rows import Row, is_settled, kind
from local.crash.stage import Stage
from local.crash.watch import Kill, Seen, Step, When

# Cases side by side: most of a case is waiting. But whoever kills a worker that has messages of
# several shoppers keeps it from all of them: so few that it gets on between two deaths.
_AT_ONCE = 14
_OF_SHARED_AT_ONCE = 4
_SHARED = {"erasure", "housekeeping"}
_CASES_A_LINE = 20
# A way with several deaths takes a few receives of a message, and each up to the long visibility.
_PATIENCE_SECONDS = 300.0
_ROUND_PATIENCE_SECONDS = 30.0


class Stuck(Exception):
    """What was waited for did not come."""


@dataclass(frozen=True)
class Plan:
    """Where a case's workers are to die."""

    kills: tuple[tuple[Step, When], ...] = ()

    @property
    def last(self) -> tuple[Step, When]:
        """The kill that the case is about; those before it only lead there."""
        return self.kills[-1]

    @property
    def of_shared(self) -> bool:
        """Whether a worker dies that works for several shoppers at a time."""
        return any(step.handler in _SHARED for step, _ in self.kills)


@dataclass
class Case:
    """One shopper's way through the system, and what became of it."""

    plan: Plan
    shopper: str
    result: str = ""
    seconds: float = 0.0
    reached: bool = True
    kills: list[Kill] = field(default_factory=list)


def rare(step: Step) -> bool:
    """Whether only a new process makes the call: then any case may be the one that is hit."""
    return step.label.startswith("secrets ")


class Single:
    """Plays cases."""

    def __init__(self, stage: Stage, say: Callable[[str], None] = lambda _: None) -> None:
        self._stage = stage
        self._say = say
        self.wished: dict[str, int] = {}
        self.erased: set[str] = set()

    def play(self, plans: Sequence[Plan]) -> list[Case]:
        """Play cases, several at a time."""
        shared = [plan for plan in plans if plan.of_shared]
        own = [plan for plan in plans if not plan.of_shared]
        return [*self._side_by_side(own, _AT_ONCE), *self._side_by_side(shared, _OF_SHARED_AT_ONCE)]

    def _side_by_side(self, plans: Sequence[Plan], at_once: int) -> list[Case]:
        cases = []
        with ThreadPoolExecutor(at_once) as pool:
            for case in pool.map(self._play, plans):
                cases.append(case)
                if len(cases) % _CASES_A_LINE == 0 or case.result.startswith("STUCK"):
                    self._say(f"{len(cases)} of {len(plans)} cases; the last: {case.result}")
        return cases

    def _play(self, plan: Plan) -> Case:
        case = Case(plan, self._stage.shop.new_shopper())
        start = time.monotonic()
        for step, when in plan.kills:
            kill = Kill(step, when, None if rare(step) else case.shopper)
            case.kills.append(self._stage.watch.arm(kill))
        try:
            case.result = self._story(case)
            self._wait_for_a_round(case)
        except Stuck as stuck:
            case.result = f"STUCK: {stuck}"
        case.seconds = time.monotonic() - start
        case.reached = all(kill.done for kill in case.kills)
        for kill in case.kills:
            self._stage.watch.disarm(kill)
        return case

    def _story(self, case: Case) -> str:
        shop, shopper = self._stage.shop, case.shopper
        shop.put_product(shopper)
        self._wait(case, "the product", lambda: self._rows("PRODUCT", f"PRODUCT#{shopper}-shirt"))
        shop.drop_photo(shopper)
        self._wait(case, "the photo", lambda: self._settled(shopper, "PHOTO"))
        self.wished[shopper] = 1
        shop.order(shopper)
        self._wait(case, "the outcome", lambda: self._settled(shopper, "LEDGER"))
        (row,) = self._of(shopper, "LEDGER")
        result = str(row.get("reason") or row.get("outcome") or f"review: {row['reviewReason']}")
        if not any(step.handler == "erasure" for step, _ in case.plan.kills) and case.plan.kills:
            return result
        shop.ask(shopper)
        self._wait(case, "the report", lambda: self._settled(shopper, "DATA_REQUEST"))
        self.erased.add(shopper)
        shop.erase(shopper)
        self._wait(case, "the erasure", lambda: self._settled(shopper, "ERASURE"))
        return f"{result}, erased"

    def _wait_for_a_round(self, case: Case) -> None:
        """What housekeeping does in each round, about nobody, it does also after the story."""
        deadline = time.monotonic() + _ROUND_PATIENCE_SECONDS
        alone = len(case.kills) == 1 and case.plan.last[0].handler == "housekeeping"
        while alone and not case.kills[0].done:
            if time.monotonic() > deadline:
                return
            time.sleep(0.2)

    def _wait(self, case: Case, what: str, come: Callable[[], Sequence[Row]]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not come():
            if time.monotonic() > deadline:
                raise Stuck(f"{what} of {case.shopper}")
            self._stage.system.check()
            time.sleep(0.2)

    def _settled(self, shopper: str, what: str) -> list[Row]:
        rows = self._of(shopper, what)
        return rows if all(is_settled(row) for row in rows) else []

    def _of(self, shopper: str, what: str) -> list[Row]:
        names = self._stage.names
        return [
            row
            for row in self._stage.housekeeper.rows
            if kind(row) == what and names.same(row["shopperKey"], shopper)
        ]

    def _rows(self, what: str, pk: str) -> list[Row]:
        rows = self._stage.housekeeper.rows
        return [row for row in rows if kind(row) == what and row["pk"] == pk]


def steps_of(seen: Iterable[Seen]) -> list[Step]:
    """Return the distinct steps, in the order in which each was first made."""
    return list(dict.fromkeys(each.step for each in seen))


def plans_for(steps: Iterable[Step], before: Plan | None = None) -> list[Plan]:
    """One plan for each step and each of before and after; `before` is what leads there."""
    first = before.kills if before else ()
    return [Plan((*first, (step, when))) for step in steps for when in When]
