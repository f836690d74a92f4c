"""The removals from what ends a try-on: one outcome, in time, said once."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import TESTS, USE

REMOVALS: list[Mutant] = [
    *of(
        f"{USE}/door.py",
        (f"{TESTS}/test_door.py",),
        (
            "mark before it is published",
            "        self.publisher.publish(detail_type, detail, occurred_at=entry.decided_at)\n"
            "        now = int(self.clock())\n",
            "        now = int(self.clock())\n"
            "        self.table.write(self.ledger.publication(try_on_id, now=now))\n"
            "        self.publisher.publish(detail_type, detail, occurred_at=entry.decided_at)\n",
        ),
        (
            "never mark as published",
            "            self.table.write(self.ledger.publication(try_on_id, now=now))",
            "            pass",
        ),
        (
            "publish what is published",
            "entry.verdict is None or entry.published_at is not None:",
            "entry.verdict is None:",
        ),
    ),
    *of(
        f"{USE}/look.py",
        (f"{TESTS}/test_look_deadline.py",),
        (
            "let a deadline stand still for ever",
            "stood_still = min(max(0, stood_still), self.standstill_seconds)",
            "stood_still = max(0, stood_still)",
        ),
        (
            "let a refused key keep a try-on for ever",
            "            return self._unasked(entry, MAX_WAIT_SECONDS)",
            "            return Running(MAX_WAIT_SECONDS)",
        ),
        (
            "let a busy account keep a try-on for ever",
            "return self._unasked(entry, sent_away(slot.retry_seconds, self._age(entry)))",
            "return Running(sent_away(slot.retry_seconds, self._age(entry)))",
        ),
        (
            "time out what may be ready",
            "grace=UNANSWERED_SECONDS):\n            return self._timed_out(entry)\n"
            "        return Running(rarer",
            "):\n            return self._timed_out(entry)\n        return Running(rarer",
        ),
    ),
    *of(
        f"{USE}/look.py",
        (f"{TESTS}/test_look_pictures.py",),
        (
            "give up a picture that could not be asked for",
            "grace = UNANSWERED_SECONDS if no_result.unasked else 0",
            "grace = 0",
        ),
    ),
    *of(
        f"{USE}/copy_result.py",
        (f"{TESTS}/test_look_races.py",),
        (
            "remove the winner's picture",
            "if not owned or self.shoppers",
            "if True or self.shoppers",
        ),
        ("leave the picture of an erased shopper", "self.results.remove(result.key)", "pass"),
    ),
    *of(
        f"{USE}/move_on.py",
        (
            f"{TESTS}/test_move_on.py",
            f"{TESTS}/test_move_on_submitted.py",
            f"{TESTS}/test_review.py",
        ),
        (
            "leave a lost call in SUBMITTING",
            "if now <= entry.lease_until:\n            self.ledger"
            ".look_again_at(entry, entry.lease_until + 1)\n            return\n        unknown",
            "if True:\n            self.ledger"
            ".look_again_at(entry, entry.lease_until + 1)\n            return\n        unknown",
        ),
        (
            "end a submit whose lease still runs",
            "if now <= entry.lease_until:\n            self.ledger.look_again_at(entry, "
            "entry.lease_until + 1)\n            return\n        unknown",
            "if False:\n            self.ledger.look_again_at(entry, "
            "entry.lease_until + 1)\n            return\n        unknown",
        ),
        (
            "never start what was not started",
            "            self.begin(entry)\n",
            "            pass\n",
        ),
        ("leave a review open for ever", "self.review.close(entry)", "pass"),
        (
            "wait for a photo for ever",
            "        verdict = Verdict(Outcome.FAILED, Reason.PHOTO_MISSING)\n",
            "        return\n        verdict = Verdict(Outcome.FAILED, Reason.PHOTO_MISSING)\n",
        ),
    ),
    *of(
        f"{USE}/review.py",
        (f"{TESTS}/test_review.py",),
        (
            "take any order for the one that was carried out",
            "if not done[reviewed.action]:",
            "if not any(done.values()):",
        ),
        (
            "let an order answer a review that was opened after it",
            "return ordered_at > (entry.unknown_at or 0)",
            "return True",
        ),
        (
            "let an order answer a review of the same second",
            "return ordered_at > (entry.unknown_at or 0)",
            "return ordered_at >= (entry.unknown_at or 0)",
        ),
        (
            "let a named order answer any review",
            "return reviewed.review_id == entry.attempt",
            "return True",
        ),
        (
            "adopt without asking when it was made",
            "        self._check_date(entry, generation_id)\n",
            "",
        ),
    ),
]
