"""A ledger row in any state, and the moves that are tried on it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.support.tables import Stores
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed
from tryon_worker.tryons import ledger
from tryon_worker.tryons.ledger import Ledger, StaleState
from tryon_worker.tryons.model import State, TryOn

NOW = 1_800_000_000
MINE, OTHER = "attempt-mine", "attempt-other"


class Case:
    """A ledger row in any state, and the moves that may be tried on it."""

    def __init__(self, stores: Stores) -> None:
        self.table = stores.table
        self.ledger = Ledger(stores.table)

    def at(self, state: State, attempt: str | None = MINE, **row: Any) -> TryOn:
        try_on = TryOn("t-1", "s-1", State.ACCEPTED, "hash", NOW, NOW, due_at=NOW)
        write = ledger.acceptance(try_on)
        item = {**(write.item or {}), "state": state, "attempt": attempt, **row}
        kept = {name: value for name, value in item.items() if value is not None}
        self.table.write(replace(write, item=kept, condition=""))
        return self.try_on()

    def try_on(self) -> TryOn:
        found = self.ledger.get("t-1")
        assert found is not None
        return found

    def tries(self, move: Callable[[], object]) -> bool:
        """Whether a move was made; one that was refused changed nothing."""
        before = self.table.get(keys.ledger("t-1"))
        try:
            move()
        except (StaleState, ConditionFailed):
            assert self.table.get(keys.ledger("t-1")) == before
            return False
        return True
