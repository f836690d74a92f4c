"""The removals from reports, and from the redactions that a shop platform asks for."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import STORE, TESTS, USE

_REPORT = (
    f"{TESTS}/test_report.py",
    f"{TESTS}/test_report_repeats.py",
    f"{TESTS}/test_report_erasures.py",
)
_SHOPIFY = (f"{TESTS}/test_shopify.py", f"{TESTS}/test_redact_shop.py")

REMOVALS: list[Mutant] = [
    *of(
        f"{STORE}/reports.py",
        _REPORT,
        (
            "report: answer a question from before the erasure",
            """made_at=question.asked_at)
        try:
            self._table.transact([write, guard])""",
            """made_at=2**40)
        try:
            self._table.transact([write, guard])""",
        ),
        (
            "report: write while an erasure is open",
            "guard = self._shoppers.may_leave_traces(question.shopper_key, made_at=question",
            "guard = self._shoppers.not_erased(question.shopper_key, made_at=question",
        ),
        (
            "report: take a question that another worker has",
            "taking(question.key, _OPEN, now=now, lease_until=lease_until)",
            "taking(question.key, _OPEN, now=2**40, lease_until=lease_until)",
        ),
        (
            "report: write a question down twice",
            "attribute_not_exists(#pk)",
            "attribute_not_exists(#x)",
        ),
        (
            "report: keep the shopper's name",
            "REMOVE #externalUserId, #leaseUntil",
            "REMOVE #leaseUntil",
        ),
    ),
    *of(
        f"{USE}/report.py",
        _REPORT,
        (
            "report: leave one that an erasure overtook",
            "self.results.remove(_key(question))",
            "pass",
        ),
        ("report: leave the question", "self.reports.remove(question)", "pass"),
        (
            "report: drop a question without a word",
            "self.refusals(_event(question), *_ERASED)",
            "pass",
        ),
        (
            "report: keep it longer than the stack keeps anything",
            "min(KEEP_FOR_DAYS, self.keep_for_days)",
            "KEEP_FOR_DAYS",
        ),
        (
            "report: refuse what may have been answered",
            "question.reported_at is None:\n                self.ref",
            "not question.announced:\n                self.ref",
        ),
        (
            "report: drop an answer that nobody may know",
            "elif not question.announced:",
            "elif question is None:",
        ),
        ("report: forget that it was announced", "self.reports.announced(question)", "pass"),
    ),
    *of(
        f"{USE}/sweep.py",
        _REPORT,
        ("report: let a sweep leave the questions", "self.end_reports(erasure", "print(erasure"),
    ),
    *of(
        f"{USE}/take_privacy_request.py",
        _SHOPIFY,
        (
            "take what shoppers ask from anybody",
            "check_source(event, self.trusted_sources)",
            "pass",
        ),
        (
            "erase for another shop",
            "if self.shop_domain and shop_domain.casefold()",
            "if not shop_domain and shop_domain.casefold()",
        ),
        (
            "redact a shop that a partner bus does not name",
            "event.source.startswith(PARTNER_BUS)",
            "not event.source",
        ),
    ),
    *of(
        f"{USE}/redact_shop.py",
        _SHOPIFY,
        (
            "redact a shop before what lay in queues had its time",
            "walk.began_at > redaction.asked_at + self.late_seconds",
            "walk.began_at",
        ),
        (
            "take a walk that began too early for the last",
            "walk.began_at > redaction.asked_at + self.late_seconds",
            "self.clock() > redaction.asked_at + self.late_seconds",
        ),
        (
            "redact a shop and leave open erasures alone",
            'if "announced" not in row:',
            "if not row:",
        ),
        (
            "redact a shop while another request erases one of it",
            'if "announced" not in row:',
            'if "announced" not in row and row["requestKey"] == redaction.request_key:',
        ),
        ("redact whoever comes later", "left_at <= redaction.asked_at", "left_at <= 2**40"),
        ("redact a shop without who only asked", '"PHOTO", "REPORT"', '"PHOTO"'),
        (
            "redact a shop without its unseen photos",
            "yield shopper_of_key(key)",
            "shopper_of_key(key)",
        ),
        (
            "redact a shop and leave its orphans",
            "[one for one in batch if one.modified_at <= redaction.asked_at]\n            )",
            "[]\n            )",
        ),
        ("redact by opening the same erasures for ever", "if place not in rows", "if place"),
        (
            "walk over a shop until the process is killed",
            "walk.stage in steps and time_left() < STEP_SECONDS",
            "walk.stage in steps and time_left() < 0",
        ),
        (
            "forget where a walk stands",
            "rounds=redaction.rounds, due_at=now, walk=walk",
            "rounds=redaction.rounds, due_at=now",
        ),
    ),
    *of(
        f"{USE}/housekeep.py",
        _REPORT,
        ("tell nobody of what is overdue", "count(overdue)", "pass"),
    ),
]
