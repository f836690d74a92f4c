"""The third part: the whole shop is forgotten, by workers that die at each of their calls."""

import time
from collections.abc import Callable, Iterator, Sequence

from local.crash.rows import is_settled, kind
from local.crash.single import Case, Plan, steps_of
from local.crash.stage import Stage
from local.crash.watch import Kill, Step

# Each request has everybody erased anew: so few that they do not keep the one worker from all.
AT_ONCE = 6
_PATIENCE_SECONDS = 300.0
_SECONDS_BETWEEN_LINES = 15.0

_REQUESTS = {"ERASURE", "DATA_REQUEST", "REDACTION"}
# What only a shop's redaction calls: how one shopper is erased is the first part's.
_WALK = ("REDACTION", "Scan", "BatchGetItem ERASURE", "SendMessageBatch", "ShopErased")


class Forget:
    """Asks for the whole shop to be forgotten, again and again, each time with new shoppers."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._say = say
        self.shoppers: list[str] = []

    def everybody(self) -> list[Step]:
        """Forget all who came so far; return the calls by which that is done."""
        began = len(self._stage.watch.seen)
        self.side_by_side([Plan()])
        seen = steps_of(self._stage.watch.seen[began:])
        return [step for step in seen if any(word in step.label for word in _WALK)]

    def side_by_side(self, plans: Sequence[Plan]) -> list[Case]:
        """For each plan a new shopper and a request of its own, all at the same time."""
        shop, watch, start = self._stage.shop, self._stage.watch, time.monotonic()
        cases = [Case(plan, shop.new_shopper()) for plan in plans]
        for case in cases:
            self.shoppers.append(case.shopper)
            shop.drop_photo(case.shopper)
        ready = self._wait(cases, "PhotoReady", "externalUserId", str)
        for case in cases:
            case.kills = [watch.arm(Kill(step, when, None)) for step, when in case.plan.kills]
            shop.erase_all(_request(case.shopper))
        done = ready and self._wait(cases, "ShopErased", "requestId", _request)
        done = done and self._until(self._all_settled)
        for case in cases:
            case.result = "everybody erased" if done else f"STUCK: {_request(case.shopper)}"
            case.seconds = time.monotonic() - start
            case.reached = all(kill.done for kill in case.kills)
            for kill in case.kills:
                watch.disarm(kill)
        return cases

    def told_differently(self) -> Iterator[str]:
        """Say which request was not answered, or in more than one way."""
        of = self._stage.evidence.of
        for shopper in self.shoppers:
            answers = {str(event.detail) for event in of("ShopErased", requestId=_request(shopper))}
            if len(answers) != 1:
                yield f"{_request(shopper)}: answered as {answers}"

    def _wait(
        self, cases: Sequence[Case], what: str, name: str, value: Callable[[str], str]
    ) -> bool:
        said = self._stage.evidence.of
        return self._until(lambda: all(said(what, **{name: value(case.shopper)}) for case in cases))

    def _all_settled(self) -> bool:
        rows = self._stage.housekeeper.rows
        return all(is_settled(row) for row in rows if kind(row) in _REQUESTS)

    def _until(self, come: Callable[[], bool]) -> bool:
        told = start = time.monotonic()
        while not come():
            now = time.monotonic()
            if now - start > _PATIENCE_SECONDS:
                return False
            if now - told > _SECONDS_BETWEEN_LINES:
                told = now
                rows = self._stage.housekeeper.rows
                left = sum(kind(row) in _REQUESTS and not is_settled(row) for row in rows)
                self._say(f"{left} requests about shoppers to go")
            self._stage.system.check()
            time.sleep(0.2)
        return True


def _request(shopper: str) -> str:
    """Name a request, which is kept, by no shopper."""
    return shopper.replace("crash", "redact")
