"""The removals from what spares the account: its rate, the plan of looks, its credits."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import TESTS, USE

REMOVALS: list[Mutant] = [
    *of(
        "shared/tryon_worker/budget.py",
        "tests/shared/test_budget.py",
        ("book what is not near", "tat - self._rate.furthest_ms(now, call),", "0,"),
        ("go on in a pause", "_paused_ms(row, now),\n            tat", "0,\n            tat"),
        ("miss a pause that comes meanwhile", '("tat", "pausedUntil")', '("tat",)'),
        ("book another's slot", '("tat", "pausedUntil")', '("pausedUntil",)'),
        ("believe a wrong clock's pause", "left if left <= _ABSURD_PAUSE_MS else 0", "left"),
    ),
    *of(
        "shared/tryon_worker/shares.py",
        "tests/shared/test_shares.py",
        ("leave no room for looks", "LOOKS_RESERVED = 1.15", "LOOKS_RESERVED = 0.0"),
        ("leave nothing before bulk", "LOOKS_BEFORE_BULK = 3.0", "LOOKS_BEFORE_BULK = 0.0"),
        ("keep no share", "ahead = min(ahead, own)", "pass"),
        ("let bulk go first", "lane = _BULK if call is CallClass.BULK else _WORK", "lane = _WORK"),
    ),
    *of(
        "shared/tryon_worker/settings.py",
        "tests/template/test_parameters_reach.py",
        (
            "leave nothing to others of the account",
            "self.requests_per_minute - self.requests_headroom",
            "self.requests_per_minute",
        ),
        (
            "give uploads the share of submits",
            "CallClass.UPLOAD: self.upload",
            "CallClass.UPLOAD: self.submit",
        ),
    ),
    *of(
        "template.yaml",
        "tests/template/test_parameters_reach.py",
        (
            "cross two parameters",
            "UPLOAD_SHARE_PERCENT: !Ref Upload",
            "UPLOAD_SHARE_PERCENT: !Ref Submit",
        ),
    ),
    *of(
        "shared/tryon_worker/gcra.py",
        "tests/shared/test_gcra.py",
        ("allow for no latency", "SPREAD_MS = 1_750", "SPREAD_MS = 0"),
        ("forget the burst", "(self.limit - self.burst + 1)", "self.limit"),
    ),
    *of(
        f"{USE}/park.py",
        (f"{TESTS}/test_short_waits.py",),
        (
            "look for a sent step's loss at once",
            "lost_at = int(self.clock()) + delay + NUDGE_SECONDS",
            "lost_at = int(self.clock()) + delay",
        ),
        (
            "send another worker's step",
            "if self._write(entry, attempt, WaitingFor.BUDGET, lost_at, in_line=False):",
            "if self._write(entry, attempt, WaitingFor.BUDGET, lost_at, in_line=False) or True:",
        ),
    ),
    *of(
        f"{USE}/look.py",
        (f"{TESTS}/test_plan_looks.py",),
        (
            "learn from no picture",
            "            self.copy_result.remove_unless_kept(entry, result)\n"
            "        self.plan.learn(generation)",
            "            self.copy_result.remove_unless_kept(entry, result)",
        ),
    ),
    *of(
        f"{USE}/look.py",
        (f"{TESTS}/test_look_deadline.py",),
        ("look at the deadline when it suits", "min(left, self.plan", "max(0, self.plan"),
    ),
    *of(
        f"{USE}/after_submit.py",
        (f"{TESTS}/test_look_deadline.py",),
        ("look first when it is too late", "min(first, left)", "first"),
    ),
    *of(
        f"{USE}/plan_looks.py",
        (f"{TESTS}/test_plan_looks.py",),
        (
            "plan as if nobody else wanted anything",
            "looks(seen, self._budget.per_minute, bulk=bulk)",
            "95.0",
        ),
        (
            "look at bulk as often as at live",
            ", bulk=bulk)\n            plan =",
            ")\n            plan =",
        ),
        ("plan without what was learned", "self._durations.recent()", "[]"),
    ),
    *of(
        "shared/tryon_worker/polling/schedule.py",
        ("tests/shared/polling/test_schedule.py",),
        ("look as often as one likes", "if tried.looks > looks:", "if tried.looks < 0:"),
        ("look at any pace", "SHORTEST_GAP_SECONDS = 1.8", "SHORTEST_GAP_SECONDS = 0.1"),
    ),
    *of(
        "shared/tryon_worker/polling/survival.py",
        ("tests/shared/polling/test_survival.py",),
        ("expect no surprise", "_SURPRISE = 0.015", "_SURPRISE = 0.0"),
        ("count the oldest as the newest", "_HALF_LIFE = 24", "_HALF_LIFE = 24_000"),
    ),
    *of(
        f"{USE}/watch_credits.py",
        (f"{TESTS}/test_credits.py",),
        ("say each time that credits are few", 'if low and not row.get("low"):', "if low:"),
        (
            "say nothing of a second fall",
            "low=low,",
            'low=low or bool(row.get("low")),',
        ),
        ("look at the credits of idle accounts alone", ">= LATE_SECONDS", "< 0"),
        (
            "let two look at the credits at once",
            'condition="attribute_not_exists(#nextAt) OR #nextAt <= :now",\n',
            "\n",
        ),
    ),
]
