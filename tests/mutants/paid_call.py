"""The removals from the paid call: before it, at each of its ends, and after it."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import CLAIMS, TESTS, USE

_ACCOUNT = (
    f"{TESTS}/test_paid_call_account.py",
    f"{TESTS}/test_paid_call_outages.py",
    f"{TESTS}/test_paid_call_trial.py",
)
_KINDS = (f"{TESTS}/test_paid_call_kinds.py",)
_REMEDIES = (f"{TESTS}/test_paid_call_remedies.py",)

REMOVALS: list[Mutant] = [
    *of(
        f"{USE}/pay.py",
        CLAIMS,
        (
            "pay although the mark was refused",
            "            self._not_granted(ready, refused, now)\n            return False",
            "            self._not_granted(ready, refused, now)\n            return True",
        ),
        (
            "pay though the worker's time runs out",
            "if time_left() < self.call_seconds + SAVE_SECONDS:",
            "if time_left() < 0:",
        ),
    ),
    *of(
        f"{USE}/pay.py",
        _ACCOUNT,
        (
            "pay past the breaker",
            "if not self.breaker.admits(attempt):",
            "if False:",
        ),
        (
            "pay past the caps",
            "writes.update(self.caps.grants(entry.shopper_key, now=now, bulk=entry.bulk))",
            "pass",
        ),
    ),
    *of(
        f"{USE}/submit_ends.py",
        _KINDS,
        ("repeat an unknown end", "self._unknown(error, paid)\n", "self.not_made(paid)\n"),
        (
            "ask a person about what was not sent",
            "self.not_made(paid)\n            elif",
            "self._unknown(error, paid)\n            elif",
        ),
        (
            "ask a person about a refusal",
            "self._refused(error, paid)\n            else",
            "self._unknown(error, paid)\n            else",
        ),
    ),
    *of(
        f"{USE}/submit_ends.py",
        (f"{TESTS}/test_answer_kept.py",),
        (
            "read between the answer and its save",
            "shut_before=paid.shut_before",
            "shut_before=self.breaker.state().shut_seconds(now)",
        ),
    ),
    *of(
        f"{USE}/pay.py",
        (f"{TESTS}/test_look_deadline.py",),
        (
            "count what was shut before the call",
            "breaker.shut_seconds(now), time_left",
            "0, time_left",
        ),
    ),
    *of(
        f"{USE}/submit_ends.py",
        _REMEDIES,
        (
            "try a remedy for ever",
            "return None if remedy in paid.entry.remedies else remedy",
            "return remedy",
        ),
        (
            "keep believing in a photo that Genlook does not know",
            "self.photos.doubt(paid.found.photo)",
            "pass",
        ),
    ),
    *of(
        f"{USE}/submit_ends.py",
        _ACCOUNT,
        ("go on after a 429", "self.budget.pause(error.retry_after)", "5.0"),
        (
            "go on after a 402",
            "newly_shut = self.breaker.shut(ShutBy.INSUFFICIENT_CREDITS)",
            "newly_shut = False",
        ),
        ("never read a new key", "if self.api_key.reread():", "if False:"),
        (
            "shut the breaker before a refusal is written down",
            "        self._take_back(paid)\n        newly_shut = self.breaker"
            ".shut(ShutBy.INSUFFICIENT_CREDITS)\n",
            "        newly_shut = self.breaker"
            ".shut(ShutBy.INSUFFICIENT_CREDITS)\n        self._take_back(paid)\n",
        ),
    ),
    *of(
        f"{USE}/submit.py",
        ("tests/functions/test_tryon.py",),
        (
            "keep the claim of a step that failed",
            "            self.park.until_redelivery(claimed, attempt)\n",
            "",
        ),
    ),
    *of(
        f"{USE}/park.py",
        (f"{TESTS}/test_submit_caps.py",),
        (
            "publish a reached cap for each try-on",
            "if not self.caps.was_published(cap, entry.shopper_key, now=now):",
            "if True:",
        ),
    ),
]
