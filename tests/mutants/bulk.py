"""The removals from what lets live wishes go before bulk."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import STORE, TESTS, USE

_BULK = (f"{TESTS}/test_bulk.py",)

REMOVALS: list[Mutant] = [
    *of(
        f"{STORE}/moves.py",
        _BULK,
        (
            "queue bulk up before what is due",
            "keys.due_shard(entry.try_on_id, in_line=entry.bulk)",
            "keys.due_shard(entry.try_on_id)",
        ),
    ),
    *of(
        f"{STORE}/ledger.py",
        _BULK,
        (
            "leave a claimed try-on in line",
            '"#dueAt = :lease, #dueShard = :shard, ',
            '"#dueAt = :lease, ',
        ),
    ),
    *of(
        f"{STORE}/caps.py",
        _BULK,
        (
            "let bulk use up the day",
            "self.per_day - self.per_day // _KEPT_FOR_LIVE",
            "self.per_day",
        ),
    ),
    *of(
        f"{USE}/pay.py",
        _BULK,
        (
            "submit bulk as if it were live",
            "CallClass.BULK if entry.bulk else CallClass.SUBMIT",
            "CallClass.SUBMIT",
        ),
    ),
    *of(
        f"{USE}/accept.py",
        _BULK,
        ("send all of a large order at once", "try_on_ids[:FIRST_OF_BULK]", "try_on_ids"),
    ),
    *of(
        f"{USE}/park.py",
        _BULK,
        (
            "lose the place in the line",
            "min(int(self.clock()), self._since(entry))",
            "int(self.clock())",
        ),
    ),
    *of(
        f"{USE}/release.py",
        _BULK,
        (
            "let all of the bulk go",
            "self._let_go(now, now, self._room(now), time_left)",
            "self._let_go(now, now, 10**6, time_left)",
        ),
        (
            "let bulk go behind a shut breaker",
            "if self.breaker.state().turns_away(now):",
            "if False:",
        ),
        ("let bulk go on without try-ons left", ", self.caps.left_for_bulk(now))", ")"),
        ("let bulk go in one burst", "apart = ROUND_SECONDS / max(most, 1)", "apart = 0"),
        (
            "never end bulk that waits too long",
            "now - self.wait_seconds, now, MOST",
            "0, now, MOST",
        ),
        ("let the same go again each round", "until=now + LOST_SECONDS", "until=now"),
    ),
]
