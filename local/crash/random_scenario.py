"""The second part: many try-ons with faults, repeated and late messages, and random kills."""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from local.crash.again import Again
from local.crash.mishaps import arm_faults
from local.crash.rows import is_settled, kind
from local.crash.stage import Stage
from local.crash.watch import Step, When

# A try-on takes some 60 calls: about one try-on in five loses a worker.
_KILL_SHARE = 0.003
_ERASED_SHARE = 0.05
_SENT_TWICE_SHARE = 0.2
_ORDERS_OF_A_SHOPPER = 3
# A single row may rightly wait for half a minute: for a photo, or for its deadline.
_PATIENCE_SECONDS = 300.0
_SECONDS_BETWEEN_LINES = 15.0


@dataclass
class Mixed:
    """What was done."""

    wished: dict[str, int] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    kills: int = 0
    again: int = 0
    faults: int = 0
    finished: bool = False


class Mixture:
    """Plays the mixture; what is random comes from one seed."""

    def __init__(self, stage: Stage, seed: int, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._random = random.Random(seed)
        self._dice = random.Random(seed + 1)
        self._lock = threading.Lock()
        self._say = say
        self.done = Mixed()

    def play(self, try_ons: int) -> Mixed:
        """Make so many requests, and wait until all of them have come to their end."""
        shoppers = self._shoppers(try_ons)
        self.done.faults = arm_faults(self._stage.control, self._random, try_ons)
        for shopper in shoppers:
            self._stage.shop.put_product(shopper)
        self._stage.watch.chance = self._chance
        with Again(self._stage, self._random.getrandbits(32)) as again:
            for shopper in shoppers:
                self._visit(shopper)
            self.done.finished = self._wait()
            self._stage.watch.chance = None
            self._stage.control.disarm()
            self.done.again = again.sent
        return self.done

    def _shoppers(self, try_ons: int) -> list[str]:
        wished = self.done.wished
        while (left := try_ons - sum(wished.values())) > 0:
            orders = min(left, self._random.randint(1, _ORDERS_OF_A_SHOPPER))
            wished[self._stage.shop.new_shopper()] = orders
        return list(wished)

    def _visit(self, shopper: str) -> None:
        """Do all that a shopper does, in an order of its own: the photo may come last."""
        shop = self._stage.shop
        orders = [str(number) for number in range(self.done.wished[shopper])]
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
            if self._dice.random() >= _KILL_SHARE:
                return None
            self.done.kills += 1
            return self._dice.choice(list(When))

    def _wait(self) -> bool:
        """Wait for the end of everything, as long as there is any progress; whether it came."""
        moved = told = time.monotonic()
        before: dict[str, int] = {}
        while left := self._left():
            self._stage.system.check()
            now = time.monotonic()
            if left != before:
                before, moved = left, now
            if now - moved > _PATIENCE_SECONDS:
                return False
            if now - told > _SECONDS_BETWEEN_LINES:
                told = now
                self._say(f"{json.dumps(left)} to go")
            time.sleep(1)
        return True

    def _left(self) -> dict[str, int]:
        rows = self._stage.housekeeper.rows
        requests = sum(n for s, n in self.done.wished.items() if s not in self.done.erased)
        left = {"not accepted": max(0, requests - sum(kind(row) == "LEDGER" for row in rows))}
        for row in rows:
            if not is_settled(row):
                name = f"{kind(row)} {row.get('state', '')}".strip()
                left[name] = left.get(name, 0) + 1
        closed = sum(kind(row) == "ERASURE" for row in rows)
        left["erasures"] = max(0, len(self.done.erased) - closed)
        return {name: count for name, count in left.items() if count}
