"""The removals from the other rows' conditional writes: each clause that no other part has."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import PHOTOS, STORE, TESTS

_BREAKER = "tests/shared/test_breaker.py"
_BUDGET = "tests/shared/test_budget.py"
_PRODUCTS = "tests/shared/store/test_products.py"
_ERASURES = "tests/shared/store/test_erasures.py"

_OTHER_ROWS = (
    of(
        f"{STORE}/table.py",
        ("tests/shared/store/test_table.py", f"{TESTS}/test_housekeep.py"),
        (
            "let two rounds have the same row",
            'condition="#dueAt = :seen", until=until, seen=seen',
            'condition="attribute_exists(#dueAt)", until=until, seen=seen',
        ),
    )
    + of(
        f"{STORE}/caps.py",
        f"{TESTS}/test_submit_caps.py",
        ("grant without a limit", "#granted < :limit OR", "#granted >= :none OR"),
        (
            "grant one on a day without any",
            "(attribute_not_exists(#granted) AND :limit > :none)",
            "attribute_not_exists(#granted)",
        ),
    )
    + of(
        f"{STORE}/photos.py",
        PHOTOS,
        (
            "hold an older object in place of a newer",
            "attribute_not_exists(#pk) OR #sequencer <= :sequencer",
            "attribute_not_exists(#pk) OR attribute_exists(#pk)",
        ),
        (
            "hold a photo of before the erasure",
            "guard = self._shoppers.not_erased(photo.shopper_key, made_at=photo.taken_at)",
            "guard = self._shoppers.not_erased(photo.shopper_key, made_at=2**40)",
        ),
        (
            "give back another's claim of a photo",
            'condition="#attempt = :attempt",\n'
            "            attempt=photo.attempt,\n            over=0",
            "attempt=photo.attempt,\n            over=0",
        ),
        (
            "settle another's upload",
            'condition="#attempt = :attempt",\n            attempt=photo.attempt,\n        )',
            "attempt=photo.attempt,\n        )",
        ),
        (
            "let a photo hide the one that it replaced",
            'once="firstTakenAt"',
            'once="dueShard"',
        ),
        (
            "sweep the row of a photo of after",
            'delete(place, condition="#takenAt <= :erased", erased=erased_at)',
            "delete(place)",
        ),
        (
            "leave the date of a photo that was erased",
            'condition="#firstTakenAt <= :erased"',
            'condition="#firstTakenAt < :erased"',
        ),
        (
            "mark as told what another attempt left",
            "#attempt = :attempt AND #state = :state",
            "#state = :state",
        ),
        (
            "mark as told what came after",
            "#attempt = :attempt AND #state = :state",
            "#attempt = :attempt",
        ),
        (
            "doubt a photo that was brought again",
            'condition="#imageId = :image"',
            'condition="attribute_exists(#pk)"',
        ),
    )
    + of(
        f"{STORE}/products.py",
        _PRODUCTS,
        (
            "keep older news of a product",
            '"REMOVE #deletedAt, #tries, #dueAt, #dueShard, #ttl",\n'
            '                    condition="attribute_not_exists(#updatedAt) OR '
            '#updatedAt <= :at",',
            '"REMOVE #deletedAt, #tries, #dueAt, #dueShard, #ttl",',
        ),
        (
            "delete a product that was said anew",
            'gone,\n                    condition="attribute_not_exists(#updatedAt) OR '
            '#updatedAt <= :at",',
            "gone,",
        ),
        (
            "forget a product that is back",
            'condition="#deletedAt = :deleted"',
            'condition="attribute_exists(#pk)"',
        ),
    )
)

_PRODUCT_ON_ITS_WAY = of(
    f"{STORE}/products.py",
    f"{TESTS}/test_submit_products.py",
    (
        "bring a product while another call brings it",
        'condition="attribute_not_exists(#offeredBy) OR #offeredBy = :seen "\n'
        '            "OR (#offeredHash = :hash AND #contestedUntil = :contested)"',
        'condition="attribute_not_exists(#nothing)"',
    ),
    (
        "note what another call may have replaced",
        "#offeredHash = :hash AND #contestedUntil < :at",
        "#offeredHash = :hash",
    ),
    (
        "note what was not offered last",
        "#offeredHash = :hash AND #contestedUntil < :at",
        "#contestedUntil < :at",
    ),
)

_ACCOUNT_ROW = of(
    "shared/tryon_worker/breaker.py",
    _BREAKER,
    (
        "let many through in a trial",
        '"(attribute_not_exists(#trialBy) OR #trialBy = :attempt OR #trialUntil < :now)"',
        '"(attribute_not_exists(#trialBy) OR attribute_exists(#trialBy))"',
    ),
    (
        "leave a trial to the dead",
        " OR #trialUntil < :now)",
        ")",
    ),
    (
        "let through while it is shut",
        "(attribute_not_exists(#gate) OR #gate = :trial) AND ",
        "",
    ),
    (
        "give back another's turn",
        'condition="#trialBy = :attempt", attempt=attempt',
        'condition="attribute_exists(#trialBy)", attempt=attempt',
    ),
    (
        "try as often as there are rounds",
        '"AND (attribute_not_exists(#trialAfter) OR #trialAfter <= :now)"',
        '""',
    ),
    (
        "open by any known end",
        'condition="#gate = :trial AND #trialBy = :attempt"',
        'condition="#gate = :trial"',
    ),
    (
        "count unknown ends one at a time for ever",
        "if state.gate is Gate.TRIAL or state.strikes >= UNKNOWN_ENDS_IN_A_ROW:",
        "if state.gate is Gate.TRIAL:",
    ),
    (
        "let a guess outweigh the account's word",
        'else " OR #shutBy = :guess"',
        'else " OR #shutBy = :nobody"',
    ),
) + of(
    "shared/tryon_worker/budget.py",
    _BUDGET,
    (
        "cut a longer pause",
        'condition="attribute_not_exists(#pausedUntil) OR #pausedUntil < :until "',
        'condition="attribute_not_exists(#nothing) "',
    ),
    (
        "let a wrong clock's pause hide a real one",
        ' "\n                    "OR #pausedUntil > :absurd"',
        '"',
    ),
)

_ERASURE_ROW = of(
    f"{STORE}/erasures.py",
    _ERASURES,
    (
        "announce what is not closed",
        'condition="attribute_exists(#closedAt)"',
        'condition="attribute_exists(#pk)"',
    ),
    (
        "take what is closed for open",
        '_OPEN = "attribute_exists(#pk) AND attribute_not_exists(#closedAt)"',
        '_OPEN = "attribute_exists(#pk)"',
    ),
)

REMOVALS: list[Mutant] = [
    *_OTHER_ROWS,
    *_PRODUCT_ON_ITS_WAY,
    *_ACCOUNT_ROW,
    *_ERASURE_ROW,
]
