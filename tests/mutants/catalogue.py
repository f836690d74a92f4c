"""The removals: what each promise stands on, and the tests that must notice when it is gone."""

from tests.mutants import (
    account,
    arriving,
    before,
    bulk,
    conditions,
    endings,
    erasure,
    ledger_conditions,
    outcomes,
    paid_call,
    questions,
    tombstone,
)
from tests.mutants.mutant import Mutant

MUTANTS: list[Mutant] = [
    *ledger_conditions.REMOVALS,
    *conditions.REMOVALS,
    *arriving.REMOVALS,
    *before.REMOVALS,
    *paid_call.REMOVALS,
    *outcomes.REMOVALS,
    *endings.REMOVALS,
    *bulk.REMOVALS,
    *account.REMOVALS,
    *tombstone.REMOVALS,
    *erasure.REMOVALS,
    *questions.REMOVALS,
]
