"""The removals from the ledger's conditional writes: each clause of each."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import STORE, TESTS

_LEDGER = ("tests/shared/store/test_ledger_moves.py", "tests/shared/store/test_ledger_rows.py")
_REVIEW = f"{TESTS}/test_review_announced.py"

_PARKING = (
    'condition="#state = :claimed AND #attempt = :attempt",\n        waiting=State.WAITING',
    "waiting=State.WAITING",
)
_BACK = (
    'condition="#attempt = :attempt AND #state IN (:submitting, :unknown)",\n'
    "                claimed=",
    "claimed=",
)
_REVIEW_ANSWERED = "#state = :unknown AND #attempt = :name"


def _only(whole: tuple[str, str], condition: str) -> tuple[str, str]:
    """A condition, found by what follows it, with one of its clauses alone."""
    text, rest = whole
    return text, text[: text.index('"')] + f'"{condition}",\n' + " " * 8 + rest


REMOVALS: list[Mutant] = [
    *of(
        f"{STORE}/moves.py",
        _LEDGER,
        (
            "accept a known try-on again",
            'item, condition="attribute_not_exists(#pk)")',
            "item)",
        ),
        (
            "submit without the claim",
            'condition="#state = :claimed AND #attempt = :attempt",\n        submitting',
            'condition="#attempt = :attempt",\n        submitting',
        ),
        (
            "submit for another attempt",
            'condition="#state = :claimed AND #attempt = :attempt",\n        submitting',
            'condition="#state = :claimed",\n        submitting',
        ),
        (
            "save another attempt's generation",
            'condition="#attempt = :attempt AND #state IN (:submitting, :unknown)"',
            'condition="#state IN (:submitting, :unknown)"',
        ),
        (
            "decide what is decided",
            "condition = f\"#state IN ({', '.join(f':{name}' for name in states)})\"",
            'condition = "attribute_exists(#pk)"',
        ),
    ),
    *of(
        f"{STORE}/ledger.py",
        _LEDGER,
        (
            "claim whatever the state",
            'condition="#state IN (:accepted, :waiting) "\n'
            '                "OR (#state = :claimed AND #leaseUntil < :now)"',
            'condition="attribute_exists(#pk)"',
        ),
        (
            "claim before the lease is over",
            "(#state = :claimed AND #leaseUntil < :now)",
            "(#state = :claimed)",
        ),
        (
            "never claim again from a worker that died",
            ' "\n                "OR (#state = :claimed AND #leaseUntil < :now)',
            "",
        ),
        (
            "take the answer of a lost write for a refusal",
            "if found and attempt and found.state is to and found.attempt == attempt:",
            "if found is None:",
        ),
        (
            "count a person's order twice",
            "#state = :unknown AND #attempt = :name",
            "attribute_exists(#pk)",
        ),
    ),
    *of(
        f"{STORE}/moves.py",
        _LEDGER,
        ("park what is another's", *_only(_PARKING, "#state = :claimed")),
        (
            "adopt for what is not under review",
            'condition="#state = :unknown AND #attempt = :review",',
            'condition="#attempt = :review",',
        ),
        (
            "adopt for another review than was looked into",
            'condition="#state = :unknown AND #attempt = :review",',
            'condition="#state = :unknown",',
        ),
        (
            "give a generation to two try-ons",
            'condition="attribute_not_exists(#pk) OR #tryOnId = :tryOnId",',
            'condition="attribute_not_exists(#pk) OR attribute_exists(#pk)",',
        ),
        ("park what is under way", *_only(_PARKING, "#attempt = :attempt")),
        (
            "save a generation whatever the state",
            "#attempt = :attempt AND #state IN (:submitting, :unknown)",
            "#attempt = :attempt",
        ),
        (
            "decide for another attempt",
            '        condition += " AND #attempt = :attempt"',
            "        pass",
        ),
        (
            "mark as published what is not decided",
            "#state = :decided AND attribute_not_exists(#publishedAt)",
            "attribute_not_exists(#publishedAt)",
        ),
        (
            "mark as published twice",
            "#state = :decided AND attribute_not_exists(#publishedAt)",
            "#state = :decided",
        ),
    ),
    *of(
        f"{STORE}/ledger.py",
        _LEDGER,
        ("take back another attempt's call", *_only(_BACK, "#state IN (:submitting, :unknown)")),
        ("take back what has a generation", *_only(_BACK, "#attempt = :attempt")),
        (
            "lose sight of a call that has ended",
            "#state = :submitting AND #attempt = :attempt",
            "#attempt = :attempt",
        ),
        (
            "lose sight of another attempt's call",
            "#state = :submitting AND #attempt = :attempt",
            "#state = :submitting",
        ),
        ("retry what is not under review", _REVIEW_ANSWERED, "#attempt = :name"),
        ("retry twice for one order", _REVIEW_ANSWERED, "#state = :unknown"),
        (
            "put off what moved on",
            "#state = :state AND #dueAt = :seen",
            "#dueAt = :seen",
        ),
        (
            "put off what was put off",
            "#state = :state AND #dueAt = :seen",
            "#state = :state",
        ),
    ),
    *of(
        f"{STORE}/ledger.py",
        (*_LEDGER, _REVIEW, f"{TESTS}/test_review.py"),
        (
            "announce a review that was answered",
            "#state = :unknown AND #attempt = :attempt",
            "#attempt = :attempt",
        ),
        (
            "announce the next attempt's review",
            "#state = :unknown AND #attempt = :attempt",
            "#state = :unknown",
        ),
    ),
]
