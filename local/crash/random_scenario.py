"""A random scenario: try-ons with faults and repeated messages, then the redaction of the shop.

Function processes are killed at random calls all the while. What is random comes from one seed.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from local.crash.duplicate_delivery import DuplicateDelivery
from local.crash.faults import arm_faults
from local.crash.harness import Harness
from local.crash.rows import is_settled, kind
from local.crash.watch import Step, When

_ERASED_SHARE = 0.05
_SENT_TWICE_SHARE = 0.2
_ORDERS_OF_A_SHOPPER = 3
# A single row may rightly wait for half a minute: for a photo, or for its deadline.
_PATIENCE_SECONDS = 300.0
_SECONDS_BETWEEN_LINES = 15.0
_REDACTION = "redact-the-shop"


@dataclass(frozen=True)
class Size:
    """How many try-ons there are, and at what share of the calls a process is killed."""

    try_ons: int
    kill_share: float


@dataclass
class Done:
    """What was done, and what is broken."""

    requested: dict[str, int] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    kills: int = 0
    faults: int = 0
    delivered_again: int = 0
    violations: list[str] = field(default_factory=list)


class RandomScenario:
    """Plays the scenario."""

    def __init__(self, harness: Harness, size: Size, seed: int, say: Callable[[str], None]) -> None:
        self._harness = harness
        self._size = size
        self._random = random.Random(seed)
        self._kills = random.Random(seed + 1)
        self._lock = threading.Lock()
        self._say = say
        self.done = Done()

    def play(self) -> Done:
        """Make the requests, erase the shop, and check what is promised after each."""
        self._harness.watch.chance = self._chance
        self._try_ons()
        self._check(self._harness.invariants.violations(self.done.requested, self.done.erased))
        self._harness.watch.chance = self._chance
        self._redaction()
        self._check(self._harness.invariants.forgotten(list(self.done.requested)))
        return self.done

    def _check(self, violations: Iterable[str]) -> None:
        self._harness.watch.chance = None
        self.done.violations += [*self._harness.invariants.wait_until_quiet(), *violations]

    def _try_ons(self) -> None:
        shoppers = self._shoppers()
        self.done.faults = arm_faults(self._harness.control, self._random, self._size.try_ons)
        for shopper in shoppers:
            self._harness.shop.put_product(shopper)
        seed = self._random.getrandbits(32)
        with DuplicateDelivery(self._harness, seed) as duplicates:
            for shopper in shoppers:
                self._visit(shopper)
            self._wait(self._open_try_ons)
            self._harness.control.disarm()
            self.done.delivered_again = duplicates.sent

    def _redaction(self) -> None:
        self._harness.shop.erase_all(_REDACTION)
        self._wait(self._open_redaction)
        said = self._harness.event_log.of("ShopErased", requestId=_REDACTION)
        if len({str(event.detail) for event in said}) != 1:
            self.done.violations.append(f"the redaction was answered by {said}")

    def _shoppers(self) -> list[str]:
        requested = self.done.requested
        while (left := self._size.try_ons - sum(requested.values())) > 0:
            orders = min(left, self._random.randint(1, _ORDERS_OF_A_SHOPPER))
            requested[self._harness.shop.new_shopper()] = orders
        return list(requested)

    def _visit(self, shopper: str) -> None:
        """Do all that a shopper does, in an order of its own: the photo may come last."""
        shop = self._harness.shop
        orders = [str(number) for number in range(self.done.requested[shopper])]
        twice = [order for order in orders if self._random.random() < _SENT_TWICE_SHARE]
        acts: list[Callable[[], None]] = [partial(shop.drop_photo, shopper)]
        acts += [partial(shop.order, shopper, order) for order in orders + twice]
        self._random.shuffle(acts)
        for act in acts:
            act()
        if self._random.random() < _ERASED_SHARE:
            self.done.erased.add(shopper)
            threading.Timer(self._random.uniform(0, 30), shop.erase, (shopper,)).start()

    def _chance(self, _step: Step) -> When | None:
        with self._lock:
            if self._kills.random() >= self._size.kill_share:
                return None
            self.done.kills += 1
            return self._kills.choice(list(When))

    def _wait(self, still_open: Callable[[], dict[str, int]]) -> None:
        """Wait for the end of everything, as long as there is any progress."""
        moved = told = time.monotonic()
        before: dict[str, int] = {}
        while left := still_open():
            self._harness.system.check()
            now = time.monotonic()
            if left != before:
                before, moved = left, now
            if now - moved > _PATIENCE_SECONDS:
                self.done.violations.append(f"it came to no end: {json.dumps(left)}")
                return
            if now - told > _SECONDS_BETWEEN_LINES:
                told = now
                self._say(f"{json.dumps(left)} to go")
            time.sleep(0.5)

    def _open_try_ons(self) -> dict[str, int]:
        rows = self._harness.housekeeper.rows
        requests = sum(n for s, n in self.done.requested.items() if s not in self.done.erased)
        left = {"not accepted": max(0, requests - sum(kind(row) == "LEDGER" for row in rows))}
        for row in rows:
            if not is_settled(row):
                name = f"{kind(row)} {row.get('state', '')}".strip()
                left[name] = left.get(name, 0) + 1
        closed = sum(kind(row) == "ERASURE" for row in rows)
        left["erasures"] = max(0, len(self.done.erased) - closed)
        return {name: count for name, count in left.items() if count}

    def _open_redaction(self) -> dict[str, int]:
        rows = self._harness.housekeeper.rows
        requests = [row for row in rows if kind(row) in {"ERASURE", "DATA_REQUEST", "REDACTION"}]
        left = sum(not is_settled(row) for row in requests)
        if not left and self._harness.event_log.of("ShopErased", requestId=_REDACTION):
            return {}
        return {"requests about shoppers": left}
